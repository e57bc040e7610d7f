"""`kerasast check --fix` and its relatives: what they write, what they say, and how they end."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import kerasast
from kerasast.cli import cli, repairing
from kerasast.fixes.loop import repair

RATE = "import keras\n\noptimizer = keras.optimizers.Adam(lr=0.1)\n"
REPAIRED = RATE.replace("lr", "learning_rate")
COUNT = """import keras
import tensorflow as tf


class Count(keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.count = tf.Variable(0.0)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign_add(1.0)

    def result(self):
        return self.count

    def reset_states(self):
        self.count.assign(0.0)
"""
BROKEN = "import keras\n\nkeras.Sequential([keras.layers.Dense(1)]).save('m.keras')\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, in which no outer setting or variable counts."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text.encode())
    return Path(path)


def read(path: str) -> str:
    return Path(path).read_bytes().decode()


def run(*args: str, **kwargs: Any) -> Result:
    return CliRunner().invoke(cli, ["check", *args], prog_name="kerasast", **kwargs)


def test_fix_repairs_and_says_so() -> None:
    write("a.py", RATE)
    result = run("--fix")
    assert (result.exit_code, read("a.py")) == (0, REPAIRED)
    assert result.stdout.startswith("Fixed 1 problem. All checks passed: 1 file")
    again = run("--fix")
    assert (again.exit_code, read("a.py")) == (0, REPAIRED)
    assert "Fixed" not in again.stdout


def test_what_cannot_be_repaired_is_reported() -> None:
    write("a.py", BROKEN + RATE)
    result = run("--fix", "--output-format", "concise")
    assert result.exit_code == 1
    assert read("a.py") == BROKEN + REPAIRED
    assert "[save-before-build]" in result.stdout
    assert "Fixed 1 problem. Found 1 problem (1 error)" in result.stdout


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    write("a.py", COUNT + RATE)
    result = run("--output-format", "concise")
    assert (
        "[*] 1 fixable with the `--fix` option (1 hidden fix can be enabled with the `--unsafe-fixes` option)"
        in (result.stdout)
    )
    assert result.stdout.count("[*]") == 2
    assert "hidden" not in run("--no-unsafe-fixes").stdout
    assert run("--fix").exit_code == 1
    assert read("a.py") == COUNT + REPAIRED
    assert "No fixes available (1 hidden fix can be enabled" in run().stdout
    assert run("--fix", "--unsafe-fixes").exit_code == 0
    assert "def reset_state(self)" in read("a.py")


def test_diff_writes_nothing() -> None:
    write("a.py", RATE)
    result = run("--diff", "--fix")
    assert (result.exit_code, read("a.py")) == (1, RATE)
    assert result.stdout == (
        "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n import keras\n \n"
        "-optimizer = keras.optimizers.Adam(lr=0.1)\n+optimizer = keras.optimizers.Adam(learning_rate=0.1)\n"
    )
    assert result.stderr == "Would fix 1 problem\n"
    assert run("--diff", "--exit-zero").exit_code == 0


def test_a_diff_can_be_applied() -> None:
    write("a.py", RATE.rstrip("\n"))
    diff = run("--diff").stdout
    assert "\\ No newline at end of file" in diff
    applied = subprocess.run(["git", "apply", "-p0", "-"], input=diff, text=True, capture_output=True)
    assert applied.returncode == 0, applied.stderr
    assert read("a.py") == REPAIRED.rstrip("\n")


def test_diff_of_what_cannot_be_repaired_is_empty() -> None:
    write("a.py", BROKEN)
    result = run("--diff")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_fix_only_does_not_report() -> None:
    write("a.py", BROKEN + RATE + COUNT)
    result = run("--fix-only")
    assert result.exit_code == 0
    assert result.stdout == "Fixed 1 problem (1 additional fix available with `--unsafe-fixes`)\n"
    assert run("--fix-only", "--exit-non-zero-on-fix").exit_code == 0
    write("a.py", RATE)
    assert run("--fix-only", "--exit-non-zero-on-fix").exit_code == 1


def test_exit_non_zero_on_fix() -> None:
    write("a.py", RATE)
    assert run("--fix", "--exit-non-zero-on-fix").exit_code == 1
    assert run("--fix", "--exit-non-zero-on-fix").exit_code == 0


def test_show_fixes_lists_them_by_file_and_rule() -> None:
    write("a.py", RATE + RATE)
    write("b.py", RATE)
    result = run("--fix", "--show-fixes")
    assert result.stdout.endswith(
        "Fixed 3 problems:\n- a.py:\n    2 × legacy-optimizer-argument\n- b.py:\n    1 × legacy-optimizer-argument\n"
    )


def test_reports_for_programs_stay_alone_on_stdout() -> None:
    write("a.py", RATE + BROKEN)
    result = run("--fix", "--show-fixes", "--output-format", "json")
    assert [item["code"] for item in json.loads(result.stdout)] == ["save-before-build"]
    assert "Fixed 1 problem" in result.stderr


def test_settings() -> None:
    write("kerasast.toml", "fix = true\nshow-fixes = true\nunfixable = ['legacy-optimizer-argument']\n")
    write("a.py", COUNT + RATE)
    result = run()
    assert read("a.py") == COUNT + RATE
    assert "[*]" not in result.stdout
    write("kerasast.toml", "fix = true\nunsafe-fixes = true\nfixable = ['migration', 'training']\n")
    assert run("--no-fix").exit_code == 1
    assert run().exit_code == 0
    assert "reset_state(" in read("a.py")


def test_an_unknown_rule_cannot_be_fixable() -> None:
    write("a.py", RATE)
    result = run("--fix", "--fixable", "legacy-optimiser-argument")
    assert result.exit_code == 2
    assert "did you mean 'legacy-optimizer-argument'?" in result.stderr


def test_suppressed_problems_are_not_repaired() -> None:
    text = RATE.replace(")\n", ")  # kerasast: ignore[legacy-optimizer-argument]\n")
    write("a.py", text)
    assert run("--fix").exit_code == 0
    assert read("a.py") == text


def test_stdin_is_repaired_on_stdout() -> None:
    for args in (["--fix"], ["--fix-only"]):
        result = run(*args, "-", input=RATE)
        assert (result.exit_code, result.stdout) == (0, REPAIRED)
        assert "Fixed 1 problem" in result.stderr
    unchanged = run("--fix", "-", input=BROKEN)
    assert (unchanged.exit_code, unchanged.stdout) == (1, BROKEN)
    assert "save-before-build" in unchanged.stderr
    diff = run("--diff", "--stdin-filename", "b.py", "-", input=RATE)
    assert (diff.exit_code, diff.stdout.splitlines()[0]) == (1, "--- b.py")


def test_stdin_that_is_broken_comes_back_as_it_is() -> None:
    result = run("--fix", "-", input="import keras\ndef (\n")
    assert result.stdout == "import keras\ndef (\n"
    assert "syntax-error" in result.stderr


@pytest.mark.parametrize(
    "data",
    [
        RATE.encode().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + RATE.encode(),
        b"# -*- coding: latin-1 -*-\n# \xe4\xf6\n" + RATE.encode(),
        RATE.encode().replace(b"\n\n", b"\r\n\r").replace(b"0.1", "f('ß', 'é')".encode()),
        b"\tif_ = 1\n".strip(b"\t") + RATE.encode().rstrip(b"\n") + b"  # \xc3\xa4 \t",
    ],
)
def test_encodings_and_line_ends_are_kept(data: bytes) -> None:
    Path("a.py").write_bytes(data)
    assert run("--fix").exit_code == 0
    assert Path("a.py").read_bytes() == data.replace(b"lr=", b"learning_rate=")


def test_permissions_and_links_are_kept() -> None:
    target = write("code/a.py", RATE)
    target.chmod(0o750)
    os.symlink("code/a.py", "link.py")
    assert run("--fix", "link.py").exit_code == 0
    assert Path("link.py").is_symlink()
    assert target.read_text() == REPAIRED
    assert target.stat().st_mode & 0o777 == 0o750
    assert [path.name for path in Path("code").iterdir()] == ["a.py"]


def test_a_read_only_file_is_left_alone() -> None:
    write("a.py", RATE).chmod(0o444)
    write("b.py", RATE)
    result = run("--fix", "--output-format", "concise")
    assert result.exit_code == 2
    assert "a.py: the file is read-only; it was not fixed" in result.stderr
    assert (read("a.py"), read("b.py")) == (RATE, REPAIRED)
    assert "a.py:3:38: error [legacy-optimizer-argument]" in result.stdout
    assert "b.py:" not in result.stdout


def test_a_file_that_somebody_changes_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.py", RATE)
    plain = repair

    def slow(*args: Any, **kwargs: Any) -> Any:
        done = plain(*args, **kwargs)
        write("a.py", "# new\n")
        return done

    monkeypatch.setattr(repairing, "repair", slow)
    result = run("--fix")
    assert result.exit_code == 2
    assert "a.py: the file has changed while it was analysed; run kerasast again" in result.stderr
    assert read("a.py") == "# new\n"


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_leaves_the_original(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write("a.py", RATE)
    monkeypatch.setattr(os, function, fail)
    result = run("--fix")
    assert result.exit_code == 2
    assert "a.py: the file cannot be written: No space left on device; it was not fixed" in result.stderr
    assert read("a.py") == RATE
    assert [path.name for path in Path().iterdir()] == ["a.py"]


def test_outputs_hold_the_fix() -> None:
    write("a.py", RATE)
    (item,) = json.loads(run("--output-format", "json").stdout)
    assert item["fix"] == {
        "applicability": "safe",
        "message": "Rename `lr` to `learning_rate`",
        "edits": [
            {
                "content": "learning_rate",
                "location": {"row": 3, "column": 35},
                "end_location": {"row": 3, "column": 37},
                "filename": "a.py",
                "cell": None,
            }
        ],
    }
    (found,) = json.loads(run("--output-format", "sarif").stdout)["runs"][0]["results"]
    (fix,) = found["fixes"]
    assert fix["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "learning_rate"
    full = run().stdout
    assert "error[legacy-optimizer-argument] [*]: " in full
    assert "fix: Rename `lr` to `learning_rate`\n" in full
    assert (
        "  | - optimizer = keras.optimizers.Adam(lr=0.1)\n3 | + optimizer = keras.optimizers.Adam(learn"
        in full
    )


def test_an_unsafe_fix_says_that_it_is_one() -> None:
    write("a.py", COUNT)
    assert "note: this fix may change what the program does" in run().stdout
    (item,) = json.loads(run("--output-format", "json").stdout)
    assert item["fix"]["applicability"] == "unsafe"


def test_libcst_is_not_imported_for_clean_code() -> None:
    write("a.py", REPAIRED)
    code = (
        "import sys\nfrom kerasast.cli import cli\ntry:\n    cli(['check', 'a.py'])\nexcept SystemExit:\n    pass\n"
        "sys.exit('libcst' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(kerasast.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True).returncode == 0
