"""The content of a file after edits: of Python in its encoding, of a notebook with all but the changed cells as it was.

In a notebook only the text of a cell's `source` is replaced. Lines that stay keep the very characters that they have
in the JSON; new ones are escaped as the rest of the file is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.edits import apply_edits
from kerasast.source import SourceFile

_STRING = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")


class ContentError(Exception):
    """Why a file cannot be given its new text; a sentence without a full stop."""


def edited(source: SourceFile, data: bytes, edits: Iterable[Edit]) -> bytes:
    """The content of a file after edits of its text; `data` is its content before.

    Raises:
        ContentError: the encoding of the file has no such characters.
    """
    if source.is_notebook:
        return _edited_notebook(source, data, tuple(edits))
    try:
        content = apply_edits(source.text, edits).encode(source.encoding)
    except (UnicodeEncodeError, LookupError) as error:
        raise ContentError(f"the file's encoding {source.encoding} cannot hold the change") from error
    return codecs.BOM_UTF8 + content if source.bom else content


def _edited_notebook(source: SourceFile, data: bytes, edits: tuple[Edit, ...]) -> bytes:
    text = data.decode("utf-8")
    bom = text.startswith("\ufeff")
    document = text.removeprefix("\ufeff")
    root = _Reader(document).value()
    plain = not document.isascii()
    changes = []
    for cell, node in zip(source.cells, _sources(root), strict=True):
        own = [
            Edit(Span(edit.span.start - cell.start, edit.span.end - cell.start), edit.text)
            for edit in edits
            if source.cell_at(edit.span.start) == cell
        ]
        if own:
            changes.append(_rewritten(document, node, own, plain=plain or "\\u" not in document))
    return (("\ufeff" if bom else "") + apply_edits(document, changes)).encode("utf-8")


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of a JSON document and where it stands. `parts` are those of a list or an object."""

    start: int
    end: int
    value: str | None = None
    parts: tuple[_Node, ...] = ()
    keys: tuple[str, ...] = ()

    def get(self, key: str) -> _Node | None:
        """The value of a key of an object: the last one, as `json` has it."""
        found = [part for name, part in zip(self.keys, self.parts, strict=False) if name == key]
        return found[-1] if found else None


class _Reader:
    """Reads a JSON document that is known to be right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> _Node:
        """The next value."""
        start = self._skip()
        match self._text[start]:
            case '"':
                value, self._at = _STRING.raw_decode(self._text, start)
                return _Node(start, self._at, value)
            case "[":
                parts = tuple(self._list())
                return _Node(start, self._at, None, parts)
            case "{":
                members = tuple(self._object())
                return _Node(
                    start,
                    self._at,
                    None,
                    tuple(part for _, part in members),
                    tuple(key for key, _ in members),
                )
        match = _SCALAR.match(self._text, start)
        assert match is not None
        self._at = match.end()
        return _Node(start, self._at)

    def _skip(self) -> int:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at

    def _more(self, close: str) -> bool:
        """Go past an opening bracket or a comma; whether there is another part."""
        start = self._skip()
        if self._text[start] == close:
            self._at = start + 1
            return False
        self._at = start + 1
        if self._text[self._skip()] == close:
            self._at += 1
            return False
        return True

    def _list(self) -> Iterator[_Node]:
        while self._more("]"):
            yield self.value()

    def _object(self) -> Iterator[tuple[str, _Node]]:
        while self._more("}"):
            key = self.value().value
            self._skip()
            self._at += 1
            assert key is not None
            yield key, self.value()


def _sources(root: _Node) -> Iterator[_Node | None]:
    """Where the texts of the code cells stand, in the order of the cells; `None` for a cell that has none."""
    cells = root.get("cells")
    groups = [cells] if cells is not None and not cells.keys else []
    worksheets = root.get("worksheets")
    if not groups and worksheets is not None:
        groups = [found for sheet in worksheets.parts if (found := sheet.get("cells")) is not None]
    for group in groups:
        for cell in group.parts:
            kind = cell.get("cell_type")
            if kind is not None and kind.value == "code":
                yield cell.get("source") or cell.get("input")


_Line: TypeAlias = tuple[str, str]
"""A line as it is in the JSON, and what it means, with its line end."""


def _rewritten(document: str, node: _Node | None, edits: list[Edit], *, plain: bool) -> Edit:
    """The edit of the JSON that gives a cell its new text, a string or a list of strings as before."""
    if node is None:
        raise ContentError("a cell of the notebook has no text to change")
    chunks = [node] if node.value is not None else list(node.parts)
    raw = "".join(document[chunk.start + 1 : chunk.end - 1] for chunk in chunks)
    old = list(_lines(raw))
    newline = next((match.group() for _, line in old if (match := _LINE_END.search(line))), "\n")
    before = [_LINE_END.sub("\n", line) for _, line in old]
    after = re.findall(r"[^\n]*\n|[^\n]+$", apply_edits("".join(before), edits))
    new: list[str] = []
    for tag, first, last, left, right in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            new += [line for line, _ in old[first:last]]
        else:
            new += [_escaped(line.replace("\n", newline), plain) for line in after[left:right]]
    if node.value is not None:
        return Edit(Span(node.start + 1, node.end - 1), "".join(new))
    between, inner = _spacing(document, node)
    return Edit(Span(inner.start, inner.end), between.join(f'"{line}"' for line in new))


def _lines(raw: str) -> Iterator[_Line]:
    """The lines of the inside of a JSON string, each up to its line end."""
    pieces = [match.group() for match in _ESCAPED.finditer(raw)]
    meanings = [_meaning(piece) if len(piece) > 1 and piece[1] in "nru" else piece for piece in pieces]
    start = 0
    for number, meaning in enumerate(meanings):
        following = meanings[number + 1] if number + 1 < len(meanings) else ""
        if meaning == "\n" or (meaning == "\r" and following != "\n"):
            line = "".join(pieces[start : number + 1])
            yield line, _meaning(line)
            start = number + 1
    if start < len(pieces):
        line = "".join(pieces[start:])
        yield line, _meaning(line)


def _meaning(raw: str) -> str:
    """What the inside of a JSON string means."""
    meaning: str = _STRING.decode(f'"{raw}"')
    return meaning


def _escaped(line: str, plain: bool) -> str:
    return json.dumps(line, ensure_ascii=not plain)[1:-1]


def _spacing(document: str, node: _Node) -> tuple[str, Span]:
    """What stands between two strings of a list, and the span from the first to the last."""
    if not node.parts:
        return ", ", Span(node.start + 1, node.end - 1)
    span = Span(node.parts[0].start, node.parts[-1].end)
    if len(node.parts) > 1:
        return document[node.parts[0].end : node.parts[1].start], span
    lead = document[node.start + 1 : node.parts[0].start]
    return f",{lead}" if lead else ", ", span
