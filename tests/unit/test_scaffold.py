"""`kerasast rule --new NAME` writes files that are well-formed, whose test fails until they are filled in."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kerasast.cli import cli
from kerasast.documents import read_document, validate
from kerasast.registry import Rule
from kerasast.testing import check_example, iter_examples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "kerasast" / "checks").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "rules")
    return tmp_path


def new(name: str) -> Result:
    return CliRunner().invoke(cli, ["rule", "--new", name], prog_name="kerasast")


def declared(path: Path) -> Rule:
    """The rule that a file declares."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    item = getattr(module, path.stem).rule
    assert isinstance(item, Rule)
    return item


def test_both_files_are_well_formed(checkout: Path) -> None:
    result = new("weights-in-pocket")
    assert result.exit_code == 0, result.output
    item = declared(checkout / "kerasast" / "checks" / "weights_in_pocket.py")
    assert item.name == "weights-in-pocket"
    assert not item.is_default
    assert validate(read_document(checkout / "rules" / "weights-in-pocket.md"), item) == []


def test_the_check_has_the_style_of_the_project(checkout: Path) -> None:
    new("weights-in-pocket")
    check = checkout / "kerasast" / "checks" / "weights_in_pocket.py"
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(check)]
        result = subprocess.run(ruff, capture_output=True, text=True, cwd=ROOT)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_document_fails_until_the_check_reports_its_example(checkout: Path) -> None:
    new("weights-in-pocket")
    item = declared(checkout / "kerasast" / "checks" / "weights_in_pocket.py")
    wrong, right = iter_examples(checkout / "rules" / "weights-in-pocket.md")
    check_example(right, rules={item.name: item})
    with pytest.raises(AssertionError, match=r"# error  <-- missing: weights-in-pocket"):
        check_example(wrong, rules={item.name: item})


def test_it_says_what_to_do_next(checkout: Path) -> None:
    text = new("weights-in-pocket").output
    assert "Wrote rules/weights-in-pocket.md\nWrote kerasast/checks/weights_in_pocket.py\n" in text
    assert "python -m kerasast.testing rules/weights-in-pocket.md" in text
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["python"] and words[1] != "-m":
            assert (ROOT / words[1]).is_file()


def test_nothing_is_overwritten(checkout: Path) -> None:
    new("weights-in-pocket")
    result = new("weights-in-pocket")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "rules/weights-in-pocket.md exists already" in result.output


@pytest.mark.parametrize(
    "name", ["Weights", "weights", "weights_in_pocket", "../weights-in-pocket", "a--b", ""]
)
def test_names_are_those_of_rules(checkout: Path, name: str) -> None:
    result = new(name)
    assert result.exit_code == 2
    assert "cannot be the name of a rule" in result.output
    assert not list(checkout.rglob("*.md"))


def test_it_wants_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = new("weights-in-pocket")
    assert result.exit_code == 2
    assert "change to its folder" in result.output
