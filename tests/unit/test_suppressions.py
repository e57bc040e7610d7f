"""Comments that suppress reports: where they count, and when they are useless."""

from __future__ import annotations

import json

import pytest

from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.engine import Analyzer, Result
from kerasast.parsing import parse_bytes
from kerasast.source import SourceFile
from kerasast.suppressions import Suppressions
from kerasast.versions import KERAS_2, KerasVersion

KNOWN = {"save-before-build", "fit-without-compile", "unused-suppression", "internal-error"}


def report(source: SourceFile, text: str, rule: str = "save-before-build") -> Diagnostic:
    """A report at the first place where `text` stands in the source."""
    start = source.text.index(text)
    return Diagnostic(rule, source.path, Span(start, start + len(text)), "message", Severity.ERROR)


def suppressed(code: str, text: str = "BAD", rule: str = "save-before-build") -> bool:
    """Whether a report of `rule` at `text` is suppressed."""
    source = SourceFile("a.py", code)
    return Suppressions.of(source).suppresses(report(source, text, rule), source)


def useless(code: str, ran: set[str] | None = None, *, all_ran: bool = True) -> list[tuple[str, ...]]:
    """The names of the comments that are unused if nothing is reported; an empty tuple for a blanket one."""
    found = Suppressions.of(SourceFile("a.py", code)).unused(
        KNOWN if ran is None else ran, KNOWN, all_ran=all_ran
    )
    return [item.names for item in found]


@pytest.mark.parametrize(
    "code",
    [
        "BAD()  # kerasast: ignore[save-before-build] it is built elsewhere\n",
        "BAD()  #kerasast:ignore[ save-before-build , fit-without-compile ]\n",
        "BAD()  # kerasast: ignore\n",
        "BAD()  # kerasast: ignore because of this and that\n",
        "BAD()  # type: ignore  # kerasast: ignore[save-before-build]\n",
        "BAD()  # noqa\n",
        "BAD()  # NoQA  # and a reason\n",
        "BAD()  # kerasast: ignore[save-before-build]",
        "BAD()  # kerasast: ignore[save-before-build]\r\nx()\r\n",
        "x()\rBAD()  # kerasast: ignore[save-before-build]\rx()\r",
        "x(\n    BAD,\n    1,  # kerasast: ignore[save-before-build]\n)\n",
        "x(\n    # kerasast: ignore[save-before-build]\n    1, BAD,\n)\n",
        "x(\n    BAD,\n)  # kerasast: ignore[save-before-build]\n",
        "x = 1 + \\\n    BAD  # kerasast: ignore[save-before-build]\n",
        "x = BAD + '''\n# not a comment\n'''  # kerasast: ignore[save-before-build]\n",
        "# kerasast: ignore[save-before-build]\nBAD()\n",
        "# kerasast: ignore[save-before-build]\n# more comment\n\nBAD()\n",
        "if x:\n    # kerasast: ignore[save-before-build]\n    BAD()\n",
        "# kerasast: ignore[save-before-build]\n@decorator\n@other(\n    1\n)\nclass BAD:\n    pass\n",
        "@decorator  # kerasast: ignore[save-before-build]\nclass BAD:\n    pass\n",
        "class BAD(  # kerasast: ignore[save-before-build]\n    Base,\n):\n    x = 1\n",
        "class A(\n    BAD,\n):  # kerasast: ignore[save-before-build]\n    x = 1\n",
        "BAD()\n# kerasast: file-ignore[save-before-build] generated\n",
        "# kerasast: file-ignore\nx()\nBAD()\n",
        "x(); BAD()  # kerasast: ignore[save-before-build]\n",
        "if x: BAD()  # kerasast: ignore[save-before-build]\n",
    ],
)
def test_comment_suppresses(code: str) -> None:
    assert suppressed(code)


@pytest.mark.parametrize(
    "code",
    [
        "BAD()  # kerasast: ignore[fit-without-compile]\n",
        "BAD()  # kerasast: ignore[]\n",
        "BAD()  # kerasast: ignore[save-before-build\n",
        "BAD()  # kerasast: ingore[save-before-build]\n",
        "BAD()  # kerasast: this is about save-before-build\n",
        "BAD()  # noqa: E501\n",
        "BAD()  # noqa:E501\n",
        "BAD()  # noqaction\n",
        "BAD('# kerasast: ignore[save-before-build]')\n",
        "'''\n# kerasast: ignore[save-before-build]\n'''\nBAD()\n",
        "'''\n# kerasast: file-ignore[save-before-build]\n'''\nBAD()\n",
        "x()  # kerasast: ignore[save-before-build]\nBAD()\n",
        "BAD()\nx()  # kerasast: ignore[save-before-build]\n",
        "BAD()\n# kerasast: ignore[save-before-build]\n",
        "# kerasast: ignore[save-before-build]\nx()\nBAD()\n",
        "class A:  # kerasast: ignore[save-before-build]\n    BAD()\n",
        "# kerasast: ignore[save-before-build]\n@decorator\ndef f():\n    BAD()\n",
        "if x:  # kerasast: ignore[save-before-build]\n    BAD()\n",
        "f(\n    1\n)  # kerasast: ignore[save-before-build]\nBAD()\n",
    ],
)
def test_comment_does_not_suppress(code: str) -> None:
    assert not suppressed(code)


def test_only_its_name_suppresses_unused_suppression() -> None:
    assert not suppressed("BAD()  # kerasast: ignore\n", rule="unused-suppression")
    assert suppressed("BAD()  # kerasast: ignore[unused-suppression]\n", rule="unused-suppression")


def test_nothing_suppresses_internal_error() -> None:
    assert not suppressed("BAD()  # kerasast: ignore[internal-error]\n", rule="internal-error")
    assert not suppressed("# kerasast: file-ignore\nBAD()\n", rule="internal-error")


@pytest.mark.parametrize("tail", ["x = (1,\n", "'''\n", "  x\n y\n", "x = $\n", "\0\n"])
def test_comments_before_a_broken_place_count(tail: str) -> None:
    assert suppressed("# kerasast: file-ignore[save-before-build]\nBAD()\n" + tail)


def test_magic_cells_hold_no_comments() -> None:
    cells = ["%%bash\n# kerasast: file-ignore[save-before-build]", "BAD()"]
    notebook = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    source = parse_bytes("a.ipynb", json.dumps(notebook).encode()).source
    assert not Suppressions.of(source).suppresses(report(source, "BAD"), source)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x()  # kerasast: ignore[save-before-build]\n", [("save-before-build",)]),
        (
            "x()  # kerasast: ignore[save-before-build, fit-without-compile]\n",
            [("save-before-build", "fit-without-compile")],
        ),
        ("x()  # kerasast: ignore[no-such-rule]\n", [("no-such-rule",)]),
        ("x()  # kerasast: ignore\n", [()]),
        ("# kerasast: file-ignore[save-before-build]\n", [("save-before-build",)]),
        ("x()  # noqa\n", []),
        ("x()  # kerasast: ignore[unused-suppression]\n", []),
        ("x()  # kerasast: nothing to see\n", []),
    ],
)
def test_unused(code: str, names: list[tuple[str, ...]]) -> None:
    assert useless(code) == names


def test_rules_that_did_not_run_are_not_useless() -> None:
    code = "x()  # kerasast: ignore[save-before-build, fit-without-compile, no-such-rule]\n"
    assert useless(code, {"fit-without-compile"}) == [("fit-without-compile", "no-such-rule")]
    assert useless("x()  # kerasast: ignore\n", all_ran=False) == []


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("# kerasast: ingore[save-before-build]", "`ingore` is not a suppression; did you mean `ignore`?"),
        ("# kerasast: disable[save-before-build]", "`disable` is not a suppression"),
        ("# kerasast: ignore[save-before-build", "the bracket of this suppression is never closed"),
        ("# kerasast: ignore[ ]", "this suppression names no rule"),
    ],
)
def test_comment_that_cannot_be_understood(comment: str, problem: str) -> None:
    (item,) = Suppressions.of(SourceFile("a.py", f"x()  {comment}\n")).unused(KNOWN, KNOWN, all_ran=True)
    assert item.problem == problem
    assert f"x()  {comment}\n"[item.start : item.end] == comment


# With the whole engine.

EMPTY_SAVE = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save('m.keras')"


def analyze(code: str, version: KerasVersion | None = None, settings: Settings | None = None) -> Result:
    return Analyzer(settings or Settings()).analyze_files({"a.py": code}, version)


def test_suppressed_reports_are_counted() -> None:
    assert [item.rule for item in analyze(EMPTY_SAVE).diagnostics] == ["save-before-build"]
    result = analyze(EMPTY_SAVE + "  # kerasast: ignore[save-before-build] on purpose\n")
    assert (result.diagnostics, result.suppressed) == ((), 1)


def test_unused_suppression_says_what_to_keep() -> None:
    result = analyze(EMPTY_SAVE + "  # kerasast: ignore[fit-without-compile, save-before-build]\n")
    (item,) = result.diagnostics
    assert item.rule == "unused-suppression"
    assert item.message == "this comment does not suppress `fit-without-compile` here"
    assert item.help == "keep only `save-before-build`"


def test_unknown_rule_is_reported_with_a_suggestion() -> None:
    first, second = analyze(EMPTY_SAVE + "  # kerasast: ignore[save-before-bild]\n").diagnostics
    assert (first.rule, second.rule) == ("save-before-build", "unused-suppression")
    assert second.message == "this suppression names `save-before-bild`, which is no rule"
    assert second.help == "did you mean `save-before-build`?"


def test_comment_for_a_rule_of_another_keras_is_left_alone() -> None:
    code = "import keras\n\nx = 1  # kerasast: ignore[subclass-build-noop]\n"
    assert [item.rule for item in analyze(code).diagnostics] == ["unused-suppression"]
    assert analyze(code, KERAS_2).diagnostics == ()


def test_comment_for_a_rule_that_is_not_selected_is_left_alone() -> None:
    code = "import keras\n\nx = 1  # kerasast: ignore[save-before-build]\ny = 2  # kerasast: ignore\n"
    settings = Settings(select=("training", "unused-suppression"))
    assert analyze(code, settings=settings).diagnostics == ()
    settings = Settings(per_file_ignores={"a.py": ("save-before-build",)})
    assert analyze(code, settings=settings).diagnostics == ()


def test_broken_file_has_no_unused_suppressions() -> None:
    result = analyze("import keras\nx = 1  # kerasast: ignore[save-before-build]\nprint 'x'\n")
    assert [item.rule for item in result.diagnostics] == ["syntax-error"]


def test_syntax_error_can_be_suppressed_for_the_file() -> None:
    result = analyze("# kerasast: file-ignore[syntax-error] Python 2\nimport keras\nprint 'x'\n")
    assert result.diagnostics == ()
