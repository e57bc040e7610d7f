"""What a fix changes: a few lines for a report, and unified diffs of whole files and of the cells of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher, unified_diff

from kerasast.diagnostics import Applicability, Edit, FileEdits, Fix
from kerasast.engine import Result
from kerasast.fixes.edits import apply_edits
from kerasast.output.row import Row
from kerasast.output.terminal import Palette, printable
from kerasast.source import SourceFile

CONTEXT = 1
"""How many lines are shown around a change."""

MOST_LINES = 40
"""Of the lines of one fix no more than this are shown."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$")


def render_fix(result: Result, path: str, fix: Fix, palette: Palette, columns: int) -> Iterator[str]:
    """The title of a fix, and the lines that it removes and adds, of each file that it changes."""
    yield f"{palette.paint('fix', 'help')}: {printable(fix.title)}"
    lines = [
        line
        for place in (FileEdits(path, fix.edits), *fix.elsewhere)
        for line in _changed_lines(result.sources[place.path], place, path, palette, columns)
    ]
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield palette.paint(f"... {len(lines) - MOST_LINES} more lines", "dim")
    if fix.applicability is Applicability.UNSAFE:
        yield f"{palette.paint('note', 'note')}: this fix may change what the program does"
    elif fix.applicability is Applicability.DISPLAY:
        yield f"{palette.paint('note', 'note')}: this fix is not applied, only shown"


def _changed_lines(
    source: SourceFile, place: FileEdits, home: str, palette: Palette, columns: int
) -> Iterator[str]:
    for title, old, new, first in _pieces(source, place.edits):
        gutter = len(str(first + max(len(old), len(new))))
        margin = " " * gutter
        if place.path != home or title:
            yield (
                palette.paint(f"{margin}--> ", "frame")
                + printable(place.path)
                + (f":{title}" if title else "")
            )
        yield palette.paint(f"{margin} |", "frame")
        for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
            for tag, start, end, left, right in group:
                removed = old[start:end] if tag != "equal" else []
                added = new[left:right]
                sign = " " if tag == "equal" else "+"
                for line in removed:
                    yield _row(margin, "-", line, palette, columns)
                for number, line in enumerate(added, first + left):
                    yield _row(str(number).rjust(gutter), sign, line, palette, columns)
        yield palette.paint(f"{margin} |", "frame")


def _row(number: str, sign: str, line: str, palette: Palette, columns: int) -> str:
    room = max(40, columns) - len(number) - 5
    text = Row(line.rstrip("\r\n"), 0, 0, room).text
    style = {"-": "removed", "+": "added"}.get(sign, "plain")
    body = f"{sign} {text}".rstrip()
    return palette.paint(f"{number} |", "frame") + (f" {palette.paint(body, style)}" if body else "")


def _pieces(source: SourceFile, edits: tuple[Edit, ...]) -> Iterator[tuple[str, list[str], list[str], int]]:
    """What is changed, by cell or as a whole: its title, its lines before and after, and the number of the first."""
    if not edits:
        return
    if not source.cells:
        yield "", _LINE.findall(source.text), _LINE.findall(apply_edits(source.text, edits)), 1
        return
    for cell in source.cells:
        own = [edit for edit in edits if source.cell_at(edit.span.start) == cell]
        if own:
            text = source.text[: cell.end]
            yield (
                f"cell {cell.number}",
                _LINE.findall(text[cell.start :]),
                _LINE.findall(apply_edits(text, own)[cell.start :]),
                1,
            )


def render_diff(
    before: Mapping[str, SourceFile], after: Mapping[str, SourceFile], palette: Palette
) -> Iterator[str]:
    """Unified diffs of files, in the order of their paths: pieces of text with their own line ends."""
    for path in sorted(after):
        for title, old, new in _versions(before[path], after[path]):
            name = f"{path}:{title}" if title else path
            for line in unified_diff(_LINE.findall(old), _LINE.findall(new), name, name, n=3):
                yield _painted(line, palette)


def _versions(old: SourceFile, new: SourceFile) -> Iterator[tuple[str, str, str]]:
    if not old.is_notebook:
        yield "", old.text, new.text
        return
    for one, other in zip(old.cells, new.cells, strict=True):
        yield f"cell {one.number}", old.text[one.start : one.end], new.text[other.start : other.end]


def _painted(line: str, palette: Palette) -> str:
    end = "" if line.endswith(("\n", "\r")) else "\n\\ No newline at end of file\n"
    if line.startswith(("---", "+++")) and line.endswith("\n"):
        return palette.paint(line, "strong")
    style = {"-": "removed", "+": "added", "@": "frame"}.get(line[:1], "plain")
    return palette.paint(line, style) + end
