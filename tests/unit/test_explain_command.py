"""`kerasast explain`: what it reads, what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kerasast.cli import cli

KNOWN = "ValueError: You must call `compile()` before using the model."
TRAIN = """\
import keras
import numpy as np


def main():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    x = np.zeros((8, 4))
    model.fit(
        x,
        x,
    )


def save():
    empty = keras.Sequential([keras.layers.Dense(1)])
    empty.save("m.keras")


main()
save()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one file, in which no outer setting or variable counts."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "kerasast.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, **kwargs: Any) -> Result:
    return CliRunner().invoke(cli, ["explain", *args], prog_name="kerasast", **kwargs)


def traceback(message: str, line: int = 10, path: str = "train.py") -> str:
    return f'Traceback (most recent call last):\n  File "{path}", line {line}, in main\n    x,\n{message}\n'


@pytest.mark.parametrize(
    "args, stdin",
    [([KNOWN], ""), (KNOWN.split(), ""), ([], KNOWN), (["-"], KNOWN), ([f"\x1b[31m{KNOWN}\x1b[0m"], "")],
)
def test_the_message_is_an_argument_or_on_stdin(args: list[str], stdin: str) -> None:
    result = run(*args, input=stdin)
    assert result.exit_code == 0
    assert result.stdout.startswith("fit-without-compile: A model is trained or evaluated")
    assert "Keras 3.15 ValueError: You must call `compile()`" in result.stdout
    assert 'model.compile(optimizer="adam", loss="mse")' in result.stdout
    assert result.stdout.endswith("kerasast rule fit-without-compile\n")


@pytest.mark.parametrize("args", [[], [""], ["  "]])
def test_an_empty_message_is_an_error_of_use(args: list[str]) -> None:
    result = run(*args, input="")
    assert (result.exit_code, "The message is empty" in result.stderr) == (2, True)


def test_a_message_that_no_rule_knows() -> None:
    result = run("KeyError: 'loss'")
    assert result.exit_code == 1
    assert result.stdout.startswith("No rule knows this message.\n  KeyError: 'loss'\n")
    assert "kerasast explain < error.txt" in result.stdout
    assert "kerasast explain <" not in run(input=traceback("KeyError: 'loss'", line=1)).stdout
    result = run("--output-format", "json", "KeyError: 'loss'")
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {"messages": ["KeyError: 'loss'"], "rules": [], "frames": [], "diagnostics": []},
    )


def test_the_files_of_a_traceback_are_checked() -> None:
    result = run(input=traceback(KNOWN))
    assert result.exit_code == 0
    assert "In your code:\n\nerror[fit-without-compile]: " in result.stdout
    assert "--> train.py:8:5" in result.stdout
    assert "save-before-build" not in result.stdout


def test_a_diagnostic_of_the_rule_elsewhere_in_these_files_is_shown_too() -> None:
    result = run(input=traceback("UserWarning: You are saving a model that has not yet been built.", line=1))
    assert "error[save-before-build]" in result.stdout
    assert "error[fit-without-compile]" not in result.stdout


def test_a_step_on_the_line_is_enough() -> None:
    result = run(input=traceback("SomeError: nobody knows it", line=15))
    assert result.exit_code == 0
    assert result.stdout.startswith("No rule knows this message, but kerasast reports this")
    assert "error[save-before-build]" in result.stdout


def test_the_configuration_of_the_project_counts(folder: Path) -> None:
    (folder / "kerasast.toml").write_text('ignore = ["fit-without-compile"]\n')
    assert "In your code" not in run(input=traceback(KNOWN)).stdout
    (folder / "kerasast.toml").write_text("nonsense = 1\n")
    result = run(input=traceback(KNOWN))
    assert (result.exit_code, "nonsense" in result.stderr) == (2, True)


def test_json() -> None:
    data = json.loads(run("--output-format", "json", input=traceback(KNOWN)).stdout)
    assert data["messages"] == [KNOWN]
    assert data["frames"] == [{"filename": "train.py", "row": 10, "function": "main"}]
    (rule,) = data["rules"]
    assert (rule["name"], rule["severity"], rule["found"]) == ("fit-without-compile", "error", [KNOWN])
    assert rule["messages"] == [{"text": KNOWN, "versions": ["3.15"]}]
    (diagnostic,) = data["diagnostics"]
    assert (diagnostic["code"], diagnostic["location"]["row"]) == ("fit-without-compile", 8)


def test_rules_that_share_a_message_are_all_named() -> None:
    output = run("UserWarning: The model does not have any trainable weights.").stdout
    assert output.index("nothing-to-train: ") < output.index("untracked-variable: ")


def test_the_name_of_a_rule_shows_its_page() -> None:
    result = run("save-before-build")
    assert result.exit_code == 0
    assert result.stdout.startswith("# save-before-build\n")
    assert (
        json.loads(run("save-before-build", "--output-format", "json").stdout)["name"] == "save-before-build"
    )


def test_control_characters_of_the_report_do_not_reach_the_terminal() -> None:
    result = run("ValueError: You must call `compile()`\x07\x1b[2J before using the model.")
    assert "\x07" not in result.stdout
    assert "\x1b" not in result.stdout
