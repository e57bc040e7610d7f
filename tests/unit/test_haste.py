"""What is the same before and after a change of a text."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from kerasast.check_file import RUNNING, FileReport
from kerasast.diagnostics import Diagnostic, Severity, Span, Step
from kerasast.flow.facts import FileFacts
from kerasast.lsp.haste import Looked, revised
from kerasast.revision import Revision
from kerasast.source import SourceFile

BEFORE = """\
import keras


@decorated
def first():
    return 1


def second():
    return 2


class Third:
    size = 3


VALUE = 4
"""


def looked(text: str, *found: tuple[str, int]) -> Looked:
    """A file of which something was said where a piece of its text stands."""
    source = SourceFile("a.py", text)
    spans = [Span(text.index(piece), text.index(piece) + len(piece)) for piece, _ in found]
    items = tuple(
        Diagnostic(
            "r", "a.py", span, "m", Severity.ERROR, steps=(Step("a.py", span, "s"), Step("b.py", span, "s"))
        )
        for span in spans
    )
    origins = tuple(origin for _, origin in found)
    return Looked.at(source, ast.parse(text), FileReport(items, FileFacts(), frozenset(), False, origins))


def after(before: Looked, text: str) -> tuple[list[int], list[str]] | None:
    """The statements that are looked at after a change, and where something of the others is said then."""
    seen: list[range] = []

    def check(changed: range) -> FileReport:
        seen.append(changed)
        return FileReport((), FileFacts(), frozenset(), False)

    now = revised(before, SourceFile("a.py", text), ast.parse(text), check)
    if now is None:
        return None
    report = now.report
    for item in report.diagnostics:
        assert item.steps[0].span == item.span
        assert item.steps[1].path == "b.py"
    return list(seen[0]), [text[item.span.start : item.span.end] for item in report.diagnostics]


@pytest.mark.parametrize(
    ("old", "new", "start", "end", "grown"),
    [
        ("abc", "abc", 3, 3, 0),
        ("abc", "abxc", 2, 2, 1),
        ("abxc", "abc", 2, 3, -1),
        ("aaa", "aaaa", 3, 3, 1),
        ("", "é", 0, 0, 1),
        ("one two", "one six", 4, 7, 0),
    ],
)
def test_the_least_that_has_changed(old: str, new: str, start: int, end: int, grown: int) -> None:
    revision = Revision.between(old, new)
    assert revision == Revision(start, end, grown)
    assert new == old[:start] + new[start : end + grown] + old[end:]


def test_what_stands_behind_a_change_moves_and_what_was_in_it_stays_near() -> None:
    revision = Revision.between("one three five", "one 2 five")
    assert [revision.moved(offset) for offset in (0, 4, 8, 9, 14)] == [0, 4, 5, 5, 10]


def test_only_the_function_in_which_something_was_typed_is_looked_at() -> None:
    before = looked(BEFORE, ("return 1", 1), ("return 2", 2), ("size = 3", 3), ("VALUE", RUNNING))
    assert after(before, BEFORE.replace("return 2", "y = 1\n    return 22")) == (
        [2],
        ["return 1", "size = 3"],
    )
    assert after(before, BEFORE.replace("size = 3", "size = 33")) == ([3], ["return 1", "return 2"])
    assert after(before, BEFORE.replace("@decorated", "@decorate")) == ([1], ["return 2", "size = 3"])


def test_a_comment_between_statements_changes_none() -> None:
    before = looked(BEFORE, ("return 1", 1), ("return 2", 2))
    text = BEFORE.replace("def second", "# noted\n\ndef second")
    assert after(before, text) in (([], ["return 1", "return 2"]), ([2], ["return 1"]))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("import keras", "import kera"), id="an import"),
        pytest.param(lambda text: text.replace("VALUE = 4", "VALUE = 5"), id="a constant"),
        pytest.param(lambda text: text.replace("def second", "def other"), id="the name of a function"),
        pytest.param(
            lambda text: text.replace("class Third:", "def Third():"), id="a class becomes a function"
        ),
        pytest.param(lambda text: text.replace("def second():\n    return 2\n", ""), id="a function is gone"),
        pytest.param(
            lambda text: text.replace("    return 1", "return 1").replace("():\nreturn", "(): return"),
            id="one line",
        ),
        pytest.param(
            lambda text: text.replace("return 1", "'''").replace("size = 3", "'''"), id="a long string"
        ),
        pytest.param(lambda text: text + "def last(): pass\n", id="a new function"),
        pytest.param(lambda text: text.replace("def second():\n", ""), id="a function in another"),
    ],
)
def test_a_change_of_more_than_functions_asks_for_a_look_from_the_beginning(
    change: Callable[[str], str],
) -> None:
    before = looked(BEFORE, ("return 1", 1))
    text = change(BEFORE)
    assert text != BEFORE
    found = after(before, text)
    assert found is None or found == ([1], [])
