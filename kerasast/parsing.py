"""From bytes to a tree, whatever the bytes are: what cannot be parsed becomes an event, not an exception."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.boundary import explain
from kerasast.flow.events import CheckCrashed, Event, NotebookInvalid, SourceUnparsable
from kerasast.notebook import NotebookError
from kerasast.revision import parse_revision
from kerasast.source import Cell, SourceError, SourceFile, source_from_bytes
from kerasast.walking import children

LONGEST_CODE = 3_000_000
"""In characters. Longer files are data that a program has written, and would take minutes."""

DEEPEST_TREE = 3000
"""In levels of nodes. Deeper code is not expected to be followed to its end."""

_NO_NODE = ast.Module([], [])


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file. It has a tree unless nothing of it can be analysed; `problems` say why, or what was left out."""

    source: SourceFile
    tree: ast.Module | None
    problems: tuple[Event, ...] = ()


def parse_bytes(path: str, data: bytes, before: SourceFile | None = None) -> ParsedFile:
    """Decode and parse the content of a `.py` or `.ipynb` file; `before` is what it was, if that is known."""
    try:
        source = source_from_bytes(path, data)
    except NotebookError as error:
        return ParsedFile(SourceFile(path, ""), None, (NotebookInvalid(_NO_NODE, str(error)),))
    except SourceError as error:
        return unreadable(path, str(error))
    return parse_source(source, before)


def unreadable(path: str, message: str) -> ParsedFile:
    """A file of which there is no text."""
    return ParsedFile(SourceFile(path, ""), None, (SourceUnparsable(_NO_NODE, message, 0, 0),))


def parse_source(source: SourceFile, before: SourceFile | None = None) -> ParsedFile:
    """Parse a source. The cells of a notebook that are not Python are reported one by one, and blanked.

    Nodes are taken over from the tree of `before`, as far as they are the same.
    """
    if len(source.code) > LONGEST_CODE:
        size = f"{len(source.code) / 1e6:.1f} million characters"
        problem = SourceUnparsable(_NO_NODE, f"the file is too long to be checked: {size} of code", 0, 0)
        return ParsedFile(source, None, (problem,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escape sequences are the business of other tools
        tree = None if before is None else parse_revision(before, source)
        if tree is not None:
            return ParsedFile(source, tree)
        try:
            return ParsedFile(source, source.parse())
        except SyntaxError as error:
            problem = _problem(source, error)
        if not source.cells:
            return ParsedFile(source, None, (problem,))
        problems = tuple(_cell_problems(source))
        rest = _without_cells(source, {event.cell for event in problems})
        try:
            return ParsedFile(rest, rest.parse(), problems)
        except SyntaxError as error:
            return ParsedFile(source, None, (*problems, _problem(rest, error)))


def _cell_problems(source: SourceFile) -> Iterator[SourceUnparsable]:
    for cell in source.cells:
        alone = SourceFile(source.path, source.code[cell.start : cell.end])
        try:
            alone.parse()
        except SyntaxError as error:
            start, end = _place(alone, error)
            yield SourceUnparsable(
                _NO_NODE, _message(error), cell.start + start, cell.start + end, cell.number
            )


def _without_cells(source: SourceFile, numbers: set[int | None]) -> SourceFile:
    """The same notebook with these cells blanked at equal length."""
    parts = [_blank(source, cell) if cell.number in numbers else _code(source, cell) for cell in source.cells]
    return SourceFile(source.path, source.text, code="\n".join(parts), cells=source.cells)


def _code(source: SourceFile, cell: Cell) -> str:
    return source.code[cell.start : cell.end]


def _blank(source: SourceFile, cell: Cell) -> str:
    return "".join(char if char in "\r\n" else " " for char in _code(source, cell))


def _problem(source: SourceFile, error: SyntaxError) -> SourceUnparsable:
    return SourceUnparsable(_NO_NODE, _message(error), *_place(source, error))


def _place(source: SourceFile, error: SyntaxError) -> tuple[int, int]:
    """Where the error is: two offsets, on one line, which are equal only if it is nowhere in particular."""
    if error.lineno is None:
        null = source.code.find("\0")
        return (0, 0) if null < 0 else (null, null + 1)
    start = _offset(source, error.lineno, error.offset)
    end = start
    if error.end_lineno == error.lineno and error.end_offset is not None:
        end = _offset(source, error.lineno, error.end_offset)
    return start, max(end, start + 1)


def _offset(source: SourceFile, line: int, column: int | None) -> int:
    """The offset of a position that counts lines from 1, and columns from 1 in code points."""
    line = min(max(line, 1), len(source.line_starts))
    return source.line_starts[line - 1] + min(max(0, (column or 1) - 1), len(source.line_text(line)))


def _message(error: SyntaxError) -> str:
    text = error.msg or str(error)
    if "recursion" in text or "stack overflow" in text or text in ("RecursionError", "MemoryError"):
        return "the code is nested too deeply for Python to parse"
    return text


def failure(error: Exception, tree: ast.Module) -> Event:
    """What there is to say if the analysis of a tree failed: that it is too deep, or that kerasast is wrong."""
    if isinstance(error, RecursionError) and _is_deep(tree):
        return SourceUnparsable(_NO_NODE, "the code is nested too deeply to be checked", 0, 0)
    return CheckCrashed(_NO_NODE, None, explain(error))


def _is_deep(tree: ast.Module) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST_TREE):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True
