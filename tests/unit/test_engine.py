"""The engine: whole projects, what cannot be read, and what goes wrong inside kerasast."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import kerasast.survey
from kerasast.boundary import attempt, explain
from kerasast.config import Settings
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Severity, Span, Step
from kerasast.engine import Analyzer, Result
from kerasast.filtering import unique
from kerasast.flow.events import ModelCall, ProjectReady
from kerasast.parsing import LONGEST_CODE
from kerasast.registry import Rule, all_rules
from kerasast.versions import KERAS_2, KERAS_3, KerasRange

UNBUILT = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
EMPTY_SAVE = UNBUILT + "model.save('m.keras')\n"


def analyze(files: dict[str, str | bytes], settings: Settings | None = None, **kwargs: Any) -> Result:
    return Analyzer(settings or Settings(), **kwargs).analyze_files(files)


def names(result: Result) -> list[str]:
    return [item.rule for item in result.diagnostics]


def notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": text} for text in cells], "nbformat": 4})


def made_up_rule(check: Callable[[Context, Any], Iterator[Diagnostic]], **changes: Any) -> dict[str, Rule]:
    """A rule that wants calls of models, besides the rules of the category `meta`."""
    plain: dict[str, Any] = {"name": "made-up", "on": (ModelCall,), "calls": frozenset()}
    plain["keras"] = KerasRange.parse(">=2")
    item = replace(all_rules()["save-before-build"], check=check, **(plain | changes))
    meta = {name: rule for name, rule in all_rules().items() if rule.category == "meta"}
    return {**meta, "made-up": item}


# What is analysed.


def test_story_spans_modules() -> None:
    models = "import keras\n\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    train = "from models import build\n\nmodel = build()\nmodel.save('m.keras')\n"
    result = analyze({"models.py": models, "train.py": train})
    (item,) = result.diagnostics
    assert (item.rule, item.path) == ("save-before-build", "train.py")
    assert [step.path for step in item.steps] == ["models.py"]
    assert set(result.sources) == {"models.py", "train.py"}


def test_package_with_relative_imports() -> None:
    files: dict[str, str | bytes] = {
        "pkg/__init__.py": "from .models import build\n",
        "pkg/models.py": "import keras\n\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(1)])\n",
        "pkg/train.py": "from . import build\n\nbuild().save('m.keras')\n",
    }
    assert [(item.path, item.rule) for item in analyze(files).diagnostics] == [
        ("pkg/train.py", "save-before-build")
    ]


def test_paths_are_shown_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(EMPTY_SAVE)
    monkeypatch.chdir(tmp_path / "src")
    result = Analyzer(Settings(root=tmp_path)).analyze_paths([str(tmp_path)])
    assert [item.path for item in result.diagnostics] == ["a.py"]
    monkeypatch.chdir(tmp_path / "..")
    result = Analyzer(Settings(root=tmp_path)).analyze_paths([tmp_path])
    assert [item.path for item in result.diagnostics] == [str(Path(tmp_path.name, "src", "a.py"))]


def test_files_without_keras_are_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.py").write_text("print 'this is Python 2, and nobody asked'\n")
    Path("a.py").write_text(EMPTY_SAVE)
    result = Analyzer(Settings()).analyze_paths(["."])
    assert (names(result), result.files, result.found) == (["save-before-build"], 1, 2)
    assert names(Analyzer(Settings()).analyze_paths(["other.py"])) == ["syntax-error"]


def test_a_single_file_is_checked_with_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("src/pkg", "scripts"):
        Path(folder).mkdir(parents=True)
    Path("src/pkg/__init__.py").write_text("")
    Path("src/pkg/models.py").write_text("from .parts import make as build\n" + EMPTY_SAVE)
    Path("src/pkg/parts.py").write_text(
        "import keras\n\n\ndef make():\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    )
    Path("scripts/train.py").write_text("from pkg.models import build\n\nbuild().save('m.keras')\n")
    result = Analyzer(Settings(root=tmp_path)).analyze_paths(["scripts/train.py"])
    (item,) = result.diagnostics
    assert item.path == os.path.join("scripts", "train.py")
    assert [step.path for step in item.steps] == [os.path.join("src", "pkg", "parts.py")]
    assert result.files == 1


def test_source_is_checked_with_what_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models.py").write_text(
        "import keras\n\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    )
    text = "from models import build\n\nbuild().save('m.keras')\n"
    result = Analyzer(Settings(root=tmp_path)).analyze_source(text, "new.py")
    assert [(item.path, item.rule) for item in result.diagnostics] == [("new.py", "save-before-build")]


def test_missing_paths_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(EMPTY_SAVE)
    result = Analyzer(Settings()).analyze_paths(["a.py", "none.py"])
    assert [problem.path for problem in result.problems] == ["none.py"]
    assert names(result) == ["save-before-build"]


def test_same_input_gives_the_same_output() -> None:
    files: dict[str, str | bytes] = {f"m{number}.py": EMPTY_SAVE + "model.fit(1, 2)\n" for number in range(5)}
    first, second = analyze(files), analyze(dict(reversed(files.items())))
    assert first.diagnostics == second.diagnostics
    assert [item.path for item in first.diagnostics] == sorted(item.path for item in first.diagnostics)


def test_trees_that_are_not_kept_are_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {"a.py": EMPTY_SAVE, "b.py": "from a import model\n\nmodel.fit(1, 2)\n"}
    expected = analyze(files).diagnostics
    monkeypatch.setattr(kerasast.survey, "KEPT_CODE", 0)
    assert analyze(files).diagnostics == expected


# What cannot be analysed.


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (
            b"import keras\nprint 'x'\n",
            "Missing parentheses in call to 'print'. Did you mean print(...)?",
            "print 'x'",
        ),
        (b"import keras\nx = (1,\n", "'(' was never closed", "("),
        (b"import keras\nx = 1\0\n", "source code string cannot contain null bytes", "\0"),
        (b"import keras\n  x\n", "unexpected indent", None),
        (b"# coding: nonsense\nimport keras\n", "cannot decode the file: unknown encoding: nonsense", ""),
        (b"import keras\ns = '\xff'\n", "cannot decode the file: 'utf-8' codec can't decode byte 0xff", ""),
        (b"import keras\nx = " + b"(" * 999 + b")" * 999, "too many nested parentheses", None),
        (b"import keras\nx = " + b"-" * 99_999 + b"1", "nested too deeply", ""),
        (b"import keras\nx = " + b"+".join([b"1"] * 99_999), "nested too deeply", ""),
        (b"import keras\n" + b"x = 1\n" * (LONGEST_CODE // 6), "too long to be checked: 3.0 million", ""),
    ],
    ids=["python2", "bracket", "null", "indent", "encoding", "utf8", "nested", "unary", "sum", "long"],
)
def test_broken_file_is_reported_and_the_run_goes_on(data: bytes, message: str, place: str | None) -> None:
    result = analyze({"broken.py": data, "good.py": EMPTY_SAVE})
    assert names(result) == ["syntax-error", "save-before-build"]
    item = result.diagnostics[0]
    assert message in item.message
    if place is not None:
        assert result.sources["broken.py"].text[item.span.start : item.span.end] == place


def test_unreadable_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(EMPTY_SAVE)
    Path("b.py").write_text(EMPTY_SAVE)
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = Analyzer(Settings()).analyze_paths(["."])
    assert names(result) == ["syntax-error", "save-before-build"]
    assert result.diagnostics[0].message == "cannot read the file: Permission denied"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encodings_are_understood(encoding: str) -> None:
    cookie = "# coding: latin-1\n" if encoding == "latin-1" else ""
    assert names(analyze({"a.py": (cookie + "s = 'é'\n" + EMPTY_SAVE).encode(encoding)})) == [
        "save-before-build"
    ]


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 1}', b"\xff", b"[" * 99_999])
def test_invalid_notebook_is_reported(data: bytes) -> None:
    result = analyze({"a.ipynb": data, "good.py": EMPTY_SAVE})
    assert names(result) == ["invalid-notebook", "save-before-build"]


def test_broken_cells_are_left_out() -> None:
    cells = [
        "import keras",
        "print 'x'",
        "m = keras.Sequential([keras.layers.Dense(1)])",
        "x = (1,",
        "m.save('m.keras')",
    ]
    result = analyze({"a.ipynb": notebook(*cells)})
    assert [(item.rule, item.cell) for item in result.diagnostics] == [
        ("syntax-error", 2),
        ("syntax-error", 4),
        ("save-before-build", 5),
    ]
    source = result.sources["a.ipynb"]
    assert len(source.code) == len(source.text)
    assert result.diagnostics[1].help == "the rest of the notebook was checked"


def test_notebook_whose_cells_only_fail_together_is_reported_once() -> None:
    result = analyze({"a.ipynb": notebook("import keras", "x = 1 \\", "def f(): pass")})
    assert names(result) == ["syntax-error"]


def test_warnings_of_the_parser_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    assert names(analyze({"a.py": "s = '\\d'\n" + EMPTY_SAVE})) == ["save-before-build"]
    assert not list(recwarn)


# What goes wrong inside kerasast.


def test_failing_rule_is_named_once_and_the_others_go_on() -> None:
    def fail(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
        yield ctx.report(event.node, "first")
        raise KeyError("x")

    rules = {**made_up_rule(fail), "save-before-build": all_rules()["save-before-build"]}
    files: dict[str, str | bytes] = {"a.py": EMPTY_SAVE + "model.fit(1, 2)\n", "b.py": EMPTY_SAVE}
    result = analyze(files, rules=rules)
    assert result.failed
    found = [(item.path, item.rule) for item in result.diagnostics]
    expected = ["internal-error", "made-up", "save-before-build"]
    assert found == [(path, rule) for path in ("a.py", "b.py") for rule in expected]
    assert result.diagnostics[0].message.startswith(
        "the rule `made-up` of kerasast failed on this file: KeyError: 'x' ("
    )


def test_failing_rule_makes_no_suppression_useless() -> None:
    def fail(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
        raise ValueError
        yield

    code = EMPTY_SAVE + "x = 1  # kerasast: ignore[made-up]\n"
    assert names(analyze({"a.py": code}, rules=made_up_rule(fail))) == ["internal-error"]


@pytest.mark.parametrize("phase", ["kerasast.survey.index_module", "kerasast.flow.interpreter.interpret"])
def test_failing_phase_is_reported(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(phase, fail)
    result = analyze({"a.py": EMPTY_SAVE})
    assert names(result) == ["internal-error"]
    assert (
        "the analysis of kerasast failed on this file: RecursionError: too deep"
        in result.diagnostics[0].message
    )


def test_failing_project_rule_is_reported() -> None:
    def fail(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
        raise ValueError
        yield

    code = EMPTY_SAVE + "x = 1  # kerasast: ignore[made-up]\n"
    result = analyze({"a.py": code}, rules=made_up_rule(fail, on=(ProjectReady,)))
    assert [(item.path, item.rule) for item in result.diagnostics] == [(".", "internal-error")]


@pytest.mark.parametrize(
    "code",
    [
        "x = " + " + ".join(["model"] * 900) + "\n",
        "if model: pass\n" + "elif model == 1: pass\n" * 900,
        "x = keras" + ".a(1)" * 400 + "\n",
        "x = " + "[" * 150 + "]" * 150 + "\n",
    ],
    ids=["sum", "elif", "chain", "list"],
)
def test_deep_code_is_analysed(code: str) -> None:
    assert names(analyze({"a.py": UNBUILT + "model.save('m.keras')\n" + code})) == ["save-before-build"]


def test_endless_recursion_of_a_rule_is_reported() -> None:
    def fail(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
        yield from fail(ctx, event)

    limit = sys.getrecursionlimit()
    result = analyze({"a.py": EMPTY_SAVE}, rules=made_up_rule(fail))
    assert names(result) == ["internal-error"]
    assert "RecursionError" in result.diagnostics[0].message
    assert sys.getrecursionlimit() == limit


def test_interrupt_is_not_swallowed() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(stop)


def test_explanation_is_one_line_with_the_place() -> None:
    error = attempt(lambda: json.loads("{\n\n"))
    assert error is not None
    assert "\n" not in explain(error)
    assert explain(error).startswith("JSONDecodeError: Expecting property name")


# What is reported in the end.


def report(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    yield ctx.report(event.node, "short")
    yield ctx.report(event.node, "long", story=(Step(ctx.source.path, Span(0, 6), "a step"),))
    yield ctx.report(event.node, "short again")


def test_longest_story_wins() -> None:
    result = analyze({"a.py": EMPTY_SAVE}, rules=made_up_rule(report))
    assert [item.message for item in result.diagnostics] == ["long"]


def test_first_of_equal_reports_wins() -> None:
    first = Diagnostic("r", "a.py", Span(0, 1), "first", Severity.ERROR)
    others = [replace(first, message="second"), replace(first, rule="s"), replace(first, path="b.py")]
    assert list(unique([first, *others])) == [first, *others[1:]]


def test_rules_out_of_range_do_not_run() -> None:
    rules = made_up_rule(report, keras=KerasRange.parse("<3"))
    analyzer = Analyzer(Settings(), rules=rules)
    assert names(analyzer.analyze_files({"a.py": EMPTY_SAVE}, KERAS_3)) == []
    assert names(analyzer.analyze_files({"a.py": EMPTY_SAVE}, KERAS_2)) == ["made-up"]


def test_uncertain_reports_are_hidden() -> None:
    def guess(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
        yield ctx.report(event.node, "perhaps", confidence=Confidence.MEDIUM)

    rules = made_up_rule(guess)
    assert names(analyze({"a.py": EMPTY_SAVE}, rules=rules)) == []
    settings = Settings(min_confidence=Confidence.MEDIUM)
    assert names(analyze({"a.py": EMPTY_SAVE}, settings, rules=rules)) == ["made-up"]
    hidden = analyze({"a.py": EMPTY_SAVE.rstrip() + "  # kerasast: ignore[made-up]\n"}, rules=rules)
    assert (names(hidden), hidden.suppressed) == ([], 0)


def test_severities_are_overridden() -> None:
    settings = Settings(severity={"save-before-build": Severity.INFO})
    assert [item.severity for item in analyze({"a.py": EMPTY_SAVE}, settings).diagnostics] == [Severity.INFO]


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("a.py", True),
        ("*.py", True),
        ("src/", True),
        ("/src/*.py", True),
        ("/a.py", False),
        ("tests/", False),
    ],
)
def test_per_file_ignores(pattern: str, ignored: bool) -> None:
    settings = Settings(per_file_ignores={pattern: ("saving",)})
    assert names(analyze({"src/a.py": EMPTY_SAVE}, settings)) == ([] if ignored else ["save-before-build"])


def test_per_file_ignores_are_relative_to_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(EMPTY_SAVE)
    monkeypatch.chdir(tmp_path / "src")
    settings = Settings(root=tmp_path, per_file_ignores={"/src/a.py": ("saving",)})
    assert names(Analyzer(settings).analyze_paths(["a.py"])) == []


def test_project_rules_see_all_files_once() -> None:
    seen: list[ProjectReady] = []

    def look(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
        seen.append(event)
        yield from ()

    files: dict[str, str | bytes] = {"a.py": EMPTY_SAVE, "b.py": EMPTY_SAVE}
    analyze(files, rules=made_up_rule(look, on=(ProjectReady,)))
    assert len(seen) == 1
    assert [site.path for site in seen[0].saves] == ["a.py", "b.py"]


def test_version_is_detected_for_each_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, requirement in (("old", "tensorflow==2.10\n"), ("new", "keras>=3\n")):
        Path(folder).mkdir()
        Path(folder, "requirements.txt").write_text(requirement)
        Path(folder, "a.py").write_text(UNBUILT)
    result = Analyzer(Settings(root=tmp_path)).analyze_paths(["."])
    assert {version.major for version, _ in result.versions} == {2, 3}
    fixed = Analyzer(Settings(root=tmp_path).for_version(KERAS_2)).analyze_paths(["."])
    assert fixed.versions == ((KERAS_2, "as --keras-version says"),)


def test_progress_is_told() -> None:
    seen: list[tuple[str, int, int]] = []
    analyzer = Analyzer(Settings(), progress=lambda what, done, total: seen.append((what, done, total)))
    analyzer.analyze_files({"a.py": EMPTY_SAVE, "b.py": EMPTY_SAVE})
    assert seen[-1] == ("Checking", 1, 2)
