"""`--add-ignores`: comments that silence what is reported, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kerasast.cli import cli

HEAD = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*args: str) -> Result:
    return CliRunner().invoke(cli, ["check", *args], prog_name="kerasast")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model.save('m.keras')\n", "model.save('m.keras')  # kerasast: ignore[save-before-build]\n"),
        ("model.save('m.keras')", "model.save('m.keras')  # kerasast: ignore[save-before-build]"),
        (
            "model.save(\n    'm.keras',  # here\n)\n",
            "model.save(\n    'm.keras',  # here\n)  # kerasast: ignore[save-before-build]\n",
        ),
        (
            "model.save('m.keras')  # why\n",
            "model.save('m.keras')  # why  # kerasast: ignore[save-before-build]\n",
        ),
        (
            "model.save('m.keras')  # kerasast: ignore[fit-without-compile] so\n",
            "model.save('m.keras')  # kerasast: ignore[fit-without-compile, save-before-build] so\n",
        ),
        (
            "if model:\n    model.save('m.keras'); x = '''\n#'''\n",
            "if model:\n    model.save('m.keras'); x = '''\n#'''  # kerasast: ignore[save-before-build]\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_comment_is_written_at_the_end_of_the_statement(before: str, after: str, newline: str) -> None:
    Path("a.py").write_bytes((HEAD + before).replace("\n", newline).encode())
    result = check("--add-ignores", "--ignore", "unused-suppression")
    assert (result.exit_code, result.stderr) == (0, "Added 1 comment to 1 file\n")
    assert result.stdout.startswith("All checks passed: 1 file, 1 suppressed")
    assert Path("a.py").read_bytes().decode() == (HEAD + after).replace("\n", newline)
    assert "Added 0 comments" in check("--add-ignores", "--ignore", "unused-suppression").stderr


def test_several_rules_of_one_statement_share_a_comment() -> None:
    code = HEAD + "model.fit([1], [2]); model.save('m.h6')\n"
    Path("a.py").write_text(code)
    rules = sorted({item["code"] for item in json.loads(check("--output-format", "json").stdout)})
    assert len(rules) > 1
    assert check("--add-ignores").exit_code == 0
    assert Path("a.py").read_text() == code.rstrip() + f"  # kerasast: ignore[{', '.join(rules)}]\n"


def test_only_the_cell_of_a_notebook_changes() -> None:
    cells = [
        ["import keras\n"],
        ["%matplotlib inline\n", *HEAD.splitlines(True)[2:], "model.save('m.keras')"],
    ]
    document = {
        "cells": [{"cell_type": "code", "outputs": [{"é": 1.0}], "source": cell} for cell in cells],
        "nbformat": 4,
    }
    Path("a.ipynb").write_text(json.dumps(document, indent=1, ensure_ascii=False))
    assert check("--add-ignores").exit_code == 0
    new = json.loads(Path("a.ipynb").read_text())
    cells[1][-1] += "  # kerasast: ignore[save-before-build]"
    assert [cell["source"] for cell in new["cells"]] == cells
    assert new["cells"][0]["outputs"] == [{"é": 1.0}]


def test_what_no_comment_can_silence_is_still_reported() -> None:
    Path("a.py").write_text("import keras\nmodel = (\n")
    result = check("--add-ignores")
    assert (result.exit_code, result.stderr) == (1, "Added 0 comments to 0 files\n")
    assert "syntax-error" in result.stdout


def test_what_the_baseline_knows_needs_no_comment() -> None:
    Path("a.py").write_text(HEAD + "model.save('m.keras')\n")
    CliRunner().invoke(cli, ["baseline", "create"])
    assert "Added 0 comments" in check("--add-ignores", "--baseline", "kerasast-baseline.json").stderr


def test_a_file_that_cannot_be_written() -> None:
    Path("a.py").write_text(HEAD + "model.save('m.keras')\n")
    Path("a.py").chmod(0o444)
    assert check("--add-ignores").exit_code == 2


@pytest.mark.parametrize("args", [["-"], ["--fix"], ["--diff"], ["--fix-only"]])
def test_options_that_exclude_each_other(args: list[str]) -> None:
    result = check("--add-ignores", *args)
    assert (result.exit_code, "--add-ignores" in result.stderr) == (2, True)
