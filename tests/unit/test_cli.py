"""The command line: options, exit codes, and what is said about mistakes."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import kerasast
from kerasast.cli import cli
from kerasast.cli.progress import Progress
from kerasast.config import OPTIONS
from kerasast.output import FORMATS
from kerasast.registry import all_rules

EMPTY_SAVE = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save('m.keras')\n"
FINE = "import keras\n\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, in which no outer setting or variable counts."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def run(*args: str, **kwargs: Any) -> Result:
    return CliRunner().invoke(cli, list(args), prog_name="kerasast", **kwargs)


def run_process(*args: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(kerasast.__file__).parents[1])}
    command = [sys.executable, "-m", "kerasast", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, **kwargs)


# check: what comes out.


@pytest.mark.parametrize("format", FORMATS)
def test_exit_codes_are_the_same_in_every_format(format: str) -> None:
    write("good/a.py", FINE)
    write("bad/a.py", EMPTY_SAVE)
    assert run("check", "--output-format", format, "good").exit_code == 0
    assert run("check", "--output-format", format, "bad").exit_code == 1
    assert run("check", "--output-format", format, "--exit-zero", "bad").exit_code == 0
    assert run("check", "--output-format", format, "none").exit_code == 2
    assert run("check", "--output-format", format, "bad", "none").exit_code == 2


def test_check_looks_into_the_working_directory() -> None:
    write("src/a.py", EMPTY_SAVE)
    result = run("check", "--output-format", "concise")
    place = os.path.join("src", "a.py")
    assert result.stdout.startswith(f"{place}:4:1: error [save-before-build] ")
    assert result.stdout.endswith("in 1 file, for Keras 3.15 (the newest; nothing in the project says)\n")


def test_reports_for_programs_are_all_there_is_on_stdout() -> None:
    write("a.py", EMPTY_SAVE)
    assert [item["code"] for item in json.loads(run("check", "--output-format", "json").stdout)] == [
        "save-before-build"
    ]
    log = json.loads(run("check", "--output-format", "sarif").stdout)
    assert [item["ruleId"] for item in log["runs"][0]["results"]] == ["save-before-build"]
    assert json.loads(run("check", "--output-format", "json", "none.py").stdout) == []


def test_nothing_to_check_is_said() -> None:
    write("a.py", "print('hello')\n")
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "Nothing to check: found no Keras code in 1 file\n")


def test_output_file() -> None:
    write("a.py", EMPTY_SAVE)
    result = run("check", "--output-format", "json", "-o", "report.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))[0]["code"] == "save-before-build"
    run("check", "-o", "report.txt", "--color", "auto", env={"FORCE_COLOR": "1"})
    assert "error[save-before-build]" in Path("report.txt").read_text(encoding="utf-8").replace("\x1b", "")


def test_several_outputs_of_one_run() -> None:
    write("a.py", EMPTY_SAVE)
    outputs = [
        "--output",
        "sarif=out.sarif",
        "--output",
        "junit=out.xml",
        "--output",
        "github",
        "--output",
        "full",
    ]
    result = run("check", *outputs)
    assert result.exit_code == 1
    assert result.stdout.startswith("::error title=kerasast%3A save-before-build,file=a.py,line=4,endLine=4,")
    assert "error[save-before-build]" in result.stdout
    assert json.loads(Path("out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert "<testsuites" in Path("out.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--output", "xml"], "'xml' is not one of"),
        (["--output", "sarif="], "no file is named"),
        (["--output", "json", "--output", "github"], "Nothing else can go where `json` goes"),
        (["--output", "json=a", "--output", "sarif=./a"], "Two reports cannot be written to one file"),
        (["--output", "json", "-o", "a"], "--output and --output-file exclude each other"),
        (["--output", "json", "--output-format", "full"], "--output and --output-format exclude each other"),
        (["--statistics", "--output", "junit=a"], "--statistics cannot be written as junit"),
    ],
)
def test_outputs_that_cannot_be_written(args: list[str], message: str) -> None:
    result = run("check", *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_output_file_that_cannot_be_written() -> None:
    write("a.py", EMPTY_SAVE)
    result = run("check", "-o", "none/report.txt")
    assert result.exit_code == 2
    assert "error: cannot write none/report.txt: No such file or directory" in result.stderr


def test_statistics() -> None:
    write("a.py", EMPTY_SAVE + "model.save('n.keras')\n")
    assert run("check", "--statistics").stdout.startswith("2  error  save-before-build\n")
    assert json.loads(run("check", "--statistics", "--output-format", "json").stdout)[0]["count"] == 2
    result = run("check", "--statistics", "--output-format", "sarif")
    assert (result.exit_code, "cannot be written as SARIF" in result.stderr) == (2, True)


def test_show_files() -> None:
    write("a.py", FINE)
    write("other.py", "print('hello')\n")
    write("build/b.py", FINE)
    assert run("check", "--show-files").stdout == "a.py\n"


def test_show_settings() -> None:
    write("a.py", FINE)
    write("requirements.txt", "tensorflow==2.10\n")
    write("kerasast.toml", 'extend-exclude = ["old"]\n')
    text = run("check", "--show-settings", "--min-confidence", "low").stdout
    rows = dict(line.split(None, 1) for line in text.splitlines())
    assert rows["extend-exclude"] == "old"
    assert rows["min-confidence"] == "low"
    assert rows["Keras"] == "2.10 (from requirements.txt: tensorflow==2.10)"
    assert "save-before-build" in rows["rules"]


# check: where settings come from.


def test_selection() -> None:
    write("a.py", EMPTY_SAVE + "model.fit(1, 2)\n")
    both = run("check", "--output-format", "concise", "--select", "saving, training").stdout
    assert both.count("error [") == 2
    one = run(
        "check",
        "--output-format",
        "concise",
        "--select",
        "saving",
        "--select",
        "training",
        "--ignore",
        "saving",
    )
    assert "fit-without-compile" in one.stdout
    assert "save-before-build" not in one.stdout


def test_command_line_wins_over_the_configuration() -> None:
    write("a.py", EMPTY_SAVE)
    write("kerasast.toml", 'select = ["training"]\nkeras-version = "2.15"\n')
    assert run("check").exit_code == 0
    assert run("check", "--select", "saving").exit_code == 1
    assert run("check", "--isolated").exit_code == 1
    assert "for Keras 2.15 (as the configuration says)" in run("check").stdout
    assert "for Keras 3.15 (as --keras-version says)" in run("check", "--keras-version", "3.15").stdout
    assert "for Keras 3.15 (the newest;" in run("check", "--keras-version", "auto").stdout


def test_configuration_is_looked_for_from_the_paths() -> None:
    write("project/a.py", EMPTY_SAVE)
    write("project/pyproject.toml", '[tool.kerasast]\nignore = ["saving"]\n')
    assert run("check", "project").exit_code == 0
    assert run("check", os.path.join("project", "a.py")).exit_code == 0
    assert run("check", ".").exit_code == 1


def test_given_configuration() -> None:
    write("a.py", EMPTY_SAVE)
    write("conf/my.toml", 'ignore = ["saving"]\n')
    assert run("check", "--config", "conf/my.toml").exit_code == 0
    assert run("check", "--config", "none.toml").exit_code == 2


def test_exclusions() -> None:
    write("old/a.py", EMPTY_SAVE)
    write("build/b.py", EMPTY_SAVE)
    assert run("check", "--extend-exclude", "old").exit_code == 0
    assert "b.py" in run("check", "--exclude", "old", "--output-format", "concise").stdout
    write(".gitignore", "old/\n")
    assert run("check").exit_code == 0
    assert run("check", "--no-respect-gitignore").exit_code == 1


# check: the standard input.


def test_stdin() -> None:
    result = run("check", "-", "--output-format", "concise", input=EMPTY_SAVE)
    assert result.exit_code == 1
    assert result.stdout.startswith("stdin.py:4:1: error [save-before-build] ")


def test_stdin_stands_for_a_file_of_the_project() -> None:
    write("pyproject.toml", '[tool.kerasast]\nper-file-ignores = { "tests/*" = ["saving"] }\n')
    write(
        "models.py", "import keras\n\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    )
    code = "from models import build\n\nbuild().save('m.keras')\n"
    args = ("check", "-", "--output-format", "concise", "--stdin-filename")
    assert run(*args, "train.py", input=code).stdout.startswith("train.py:3:1: error")
    assert run(*args, "tests/train.py", input=code).exit_code == 0


def test_stdin_of_a_notebook() -> None:
    cells = [{"cell_type": "code", "source": EMPTY_SAVE}]
    result = run(
        "check", "-", "--stdin-filename", "a.ipynb", "--output-format", "concise",
        input=json.dumps({"cells": cells, "nbformat": 4}),
    )  # fmt: skip
    assert result.stdout.startswith("a.ipynb:cell 1:4:1: error")


# check: mistakes.


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chekc"], "There is no command `chekc`. Did you mean `check`?"),
        (["src/a.py"], "To check it: kerasast check src/a.py"),
        (["check", "--selct", "x"], "--select"),
        (["check", "--select", "save-before-bild"], "did you mean 'save-before-build'?"),
        (
            ["check", "--keras-version", "4"],
            "must be a version of Keras 2 or Keras 3; there is no Keras 4, not '4'.",
        ),
        (["check", "--keras-version", "x"], 'must be "auto" or a version of Keras'),
        (
            ["check", "--output-format", "xml"],
            "'xml' is not one of 'full', 'concise', 'json', 'sarif', 'github'",
        ),
        (["check", "-", "a.py"], "`-` cannot be combined with other paths."),
        (["check", "--stdin-filename", "a.py"], "--stdin-filename is only used together with `-`."),
        (["check", "--config", "x", "--isolated"], "--config and --isolated exclude each other."),
        (["check", "none.py"], "error: none.py: no such file or folder"),
        (["rule"], "Give either the name of a rule, --all or --new."),
        (
            ["rule", "save-before-bild"],
            "error: there is no rule `save-before-bild`; did you mean `save-before-build`?",
        ),
        (["rule", "x"], "error: there is no rule `x`; `kerasast rule --all` lists them"),
        (["config", "selct"], "error: there is no setting `selct`; did you mean `select`?"),
    ],
)
def test_mistakes_are_explained(args: list[str], message: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_mistake_in_the_configuration_is_explained() -> None:
    write("kerasast.toml", "selct = []\n")
    result = run("check")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "kerasast.toml: unknown key `selct`; did you mean `select`?" in result.stderr


def test_internal_error_is_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError("x")

    write("a.py", EMPTY_SAVE)
    monkeypatch.setattr("kerasast.flow.interpreter.interpret", fail)
    result = run("check", "--exit-zero", "--output-format", "concise")
    assert result.exit_code == 2
    assert (
        "error [internal-error] the analysis of kerasast failed on this file: ValueError: x" in result.stdout
    )


def test_failure_outside_the_analysis_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError("x")

    write("a.py", EMPTY_SAVE)
    monkeypatch.setattr("kerasast.engine.Analyzer.open_paths", fail)
    with pytest.raises(SystemExit) as caught:
        kerasast.cli.main(["check"])
    assert caught.value.code == 2
    assert "kerasast itself failed" in capsys.readouterr().err


# Terminals and pipes.


def test_colours() -> None:
    write("a.py", EMPTY_SAVE)
    assert "\x1b[" not in run("check").stdout
    assert "\x1b[" in run("check", "--color", "always").stdout
    assert "\x1b[" in run("check", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in run("check", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b[" in run("check", "--color", "always", env={"NO_COLOR": "1"}).stdout
    assert "\x1b[" not in run("check", "--color", "never", env={"FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize(
    ("variable", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_terminal(variable: dict[str, str], colored: bool) -> None:
    write("a.py", EMPTY_SAVE)
    env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(Path(kerasast.__file__).parents[1]), **variable}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kerasast", "check"], env=env, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux says EIO at the end
            chunk = b""
        if not chunk:
            break
        text += chunk
    os.close(ours)
    assert process.wait(60) == 1
    # A slow machine is shown the progress line, which erases itself by an escape code that is no colour.
    assert (re.search(rb"\x1b\[[\d;]*m", text) is not None) is colored
    assert b"save-before-build" in text


def test_broken_pipe_is_silent() -> None:
    write("a.py", EMPTY_SAVE * 500)
    env = {**os.environ, "PYTHONPATH": str(Path(kerasast.__file__).parents[1])}
    command = [sys.executable, "-m", "kerasast", "check"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert errors == b""


def test_narrow_encodings_are_survived() -> None:
    write("a.py", EMPTY_SAVE.replace("m.keras", "漢.keras"))
    env = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(kerasast.__file__).parents[1])}
    command = [sys.executable, "-m", "kerasast", "check"]
    process = subprocess.run(command, env=env, capture_output=True, timeout=60)
    assert process.returncode == 1
    assert b"\\u6f22.keras" in process.stdout


def test_file_names_that_are_no_text() -> None:
    try:
        Path(os.fsdecode(b"bad\xff\n.py")).write_text(EMPTY_SAVE)
    except OSError:
        pytest.skip("this file system has no such names")
    assert run_process("check", "--output-format", "concise").stdout.startswith(r"bad\udcff\n.py:4:1: error")
    log = json.loads(run_process("check", "--output-format", "sarif").stdout)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "bad%FF%0A.py"


def test_symbolic_links_that_go_round() -> None:
    write("a.py", EMPTY_SAVE)
    os.symlink(".", "loop")
    os.symlink("gone.py", "dangling.py")
    assert run("check", "--output-format", "concise").stdout.count("save-before-build") == 1


# The other commands.


def test_version() -> None:
    assert run("version").stdout.startswith(f"kerasast {kerasast.__version__} (Keras 2.15 and 3.15, Python ")
    assert run("--version").stdout == f"kerasast, version {kerasast.__version__}\n"


def test_help_lists_every_command() -> None:
    text = run("--help").stdout
    for command in ("check", "config", "rule", "version"):
        assert f"\n  {command} " in text
        assert run(command, "--help").exit_code == 0


@pytest.mark.parametrize("name", all_rules())
def test_rule_shows_its_document(name: str) -> None:
    result = run("rule", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"# {name}\n")
    assert f"| {all_rules()[name].category} |" in result.stdout
    assert run("rule", name, "--output-format", "markdown").stdout == result.stdout


def test_rule_as_json() -> None:
    facts = json.loads(run("rule", "save-before-build", "--output-format", "json").stdout)
    assert (facts["name"], facts["category"], facts["severity"]) == ("save-before-build", "saving", "error")
    everything = json.loads(run("rule", "--all", "--output-format", "json").stdout)
    assert [item["name"] for item in everything] == list(all_rules())


def test_table_of_rules() -> None:
    text = run("rule", "--all").stdout
    for name in all_rules():
        assert f"\n  {name} " in text


def test_rule_in_colour_says_the_same() -> None:
    import re

    colored = run("rule", "save-before-build", "--color", "always").stdout
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == run("rule", "save-before-build").stdout


def test_config_describes_every_key() -> None:
    text = run("config").stdout
    for key in OPTIONS:
        assert f"{key} " in text
        assert f"    {key} = " in run("config", key).stdout


def test_importing_the_command_line_is_cheap() -> None:
    heavy = ("libcst", "astroid", "sarif_om", "pygls", "rich", "kerasast.engine", "pathspec", "jsonschema")
    code = f"import sys, kerasast.cli; print([name for name in {heavy} if name in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(kerasast.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.stdout == "[]\n"


def test_checking_imports_no_more_than_it_needs() -> None:
    write("a.py", EMPTY_SAVE)
    heavy = ("libcst", "sarif_om", "pygls", "rich", "jsonschema")
    code = (
        "import sys\nfrom kerasast.cli import main\n"
        "try:\n    main(['check', '--output-format', 'concise'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(kerasast.__file__).parents[1])}
    process = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
    )
    assert process.stdout.endswith("\n[]\n")


class Screen(io.StringIO):
    """A stream that is a terminal or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "patience", "shown"), [(True, 0, True), (True, 60, False), (False, 0, False)]
)
def test_progress_is_for_long_runs_on_a_terminal(
    terminal: bool, patience: float, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerasast.cli.progress.PATIENCE", patience)
    screen = Screen(terminal)
    with Progress(screen) as progress:
        progress("Checking", 3, 10)
        progress("Checking", 4, 10)  # too soon after the other to be shown
    assert screen.getvalue() == ("\r\x1b[KChecking 3/10\r\x1b[K" if shown else "")
