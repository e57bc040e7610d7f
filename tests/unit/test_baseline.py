"""Baselines: what is known is not reported, wherever it moves; what is new is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kerasast.cli import cli

CODE = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save('m.keras')\n"
FILE = "kerasast-baseline.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one mistake, as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kerasast.toml").write_text("")
    (tmp_path / "a.py").write_text(CODE)
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args), prog_name="kerasast")


def create() -> None:
    result = run("baseline", "create")
    assert result.exit_code == 0, result.output


def test_what_is_known_is_not_reported() -> None:
    create()
    assert json.loads(Path(FILE).read_text()) == {
        "version": 1,
        "reports": {"a.py": {"save-before-build": {"model.save('m.keras')": 1}}},
    }
    result = run("check", "--baseline", FILE)
    assert result.exit_code == 0
    assert result.stdout.startswith("All checks passed: 1 file, 1 in the baseline")
    assert run("check").exit_code == 1


def test_it_stays_known_when_it_moves_or_is_wrapped(folder: Path) -> None:
    create()
    (folder / "a.py").write_text(
        "# first\n\n" + CODE.replace("save('m", "save(\n    'm").replace("s')", "s',\n)")
    )
    assert run("check", "--baseline", FILE).exit_code == 0


def test_one_more_of_the_same_is_new(folder: Path) -> None:
    create()
    (folder / "a.py").write_text(CODE + "model.save('m.keras')\nmodel.save('n.keras')\n")
    found = json.loads(run("check", "--baseline", FILE, "--output-format", "json").stdout)
    assert [item["location"]["row"] for item in found] == [5, 6]


def test_the_configuration_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kerasast.toml").write_text('baseline = "known.json"\n')
    assert run("check").exit_code == 2
    create()
    assert Path("known.json").exists()
    assert run("check").exit_code == 0
    assert run("check", "--no-baseline").exit_code == 1
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert run("check", "..").exit_code == 0


def test_a_baseline_is_not_replaced_by_accident() -> None:
    create()
    result = run("baseline", "create")
    assert (result.exit_code, "is there already" in result.stderr) == (2, True)
    assert run("baseline", "create", "--force").exit_code == 0


def test_update_takes_out_what_is_gone_and_adds_only_when_told(folder: Path) -> None:
    (folder / "b.py").write_text(CODE)
    create()
    (folder / "a.py").write_text(CODE.replace("m.keras", "n.keras"))
    (folder / "b.py").unlink()
    text = run("check", "--baseline", FILE).stdout
    assert "2 reports of the baseline cannot be found any more: kerasast baseline update" in text
    result = run("baseline", "update")
    assert result.stdout.splitlines() == [
        f"Took out 2, added 0: {FILE} has 0 reports",
        "1 report not in it: kerasast baseline update --add-new adds them",
    ]
    assert "added 1" in run("baseline", "update", "--add-new").stdout
    assert run("check", "--baseline", FILE).exit_code == 0


def test_update_of_a_part_keeps_the_rest(folder: Path) -> None:
    (folder / "b.py").write_text(CODE)
    create()
    before = Path(FILE).read_text()
    assert run("baseline", "update", "b.py").exit_code == 0
    assert run("baseline", "update", "--select", "training").exit_code == 0
    assert Path(FILE).read_text() == before


def test_show() -> None:
    create()
    assert run("baseline", "show").stdout.splitlines() == [
        "a.py",
        "  1  save-before-build",
        f"1 report in {FILE}",
    ]


def test_failures_of_kerasast_are_never_known(folder: Path) -> None:
    (folder / "a.py").write_text("import keras\nmodel = (\n")
    create()
    assert "syntax-error" in Path(FILE).read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is not a baseline of this version"),
        ("{", "is not JSON"),
        ('{"version": 2}', "is not a baseline of this version"),
        ('{"version": 1}', "is not made as `kerasast baseline` does"),
        ('{"version": 1, "reports": {"a.py": {"x": {"y": 0}}}}', "is not made as"),
        ('{"version": 1, "reports": []}', "is not made as"),
    ],
)
def test_a_file_that_is_no_baseline(folder: Path, text: str, message: str) -> None:
    (folder / FILE).write_text(text)
    for args in (["check", "--baseline", FILE], ["baseline", "show"], ["baseline", "update"]):
        result = run(*args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr


def test_a_baseline_that_is_not_there() -> None:
    result = run("check", "--baseline", "none.json")
    assert result.exit_code == 2
    assert "none.json: cannot be read: No such file or directory" in result.stderr


def test_an_error_message_is_explained_whatever_is_known(folder: Path) -> None:
    (folder / "kerasast.toml").write_text(f'baseline = "{FILE}"\n')
    create()
    text = f'  File "{folder / "a.py"}", line 4, in <module>\n    model.save("m.keras")\nValueError: unheard of\n'
    result = CliRunner().invoke(cli, ["explain", text], prog_name="kerasast")
    assert "save-before-build" in result.stdout


def test_options_that_exclude_each_other() -> None:
    assert run("check", "--baseline", "a", "--no-baseline").exit_code == 2
    assert run("check", "--diff-base", "HEAD", "-").exit_code == 2
