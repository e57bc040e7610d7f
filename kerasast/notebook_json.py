"""Where things stand in the JSON of a notebook: what a list of cells' texts does not tell.

`kerasast.notebook` reads the texts alone, which is what the analysis needs and is quick. This module is for those who
change a notebook's file, or say where in it something is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")

ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)
"""One piece of the inside of a JSON string."""


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A value of a JSON document and where it stands. `parts` are those of a list or an object."""

    start: int
    end: int
    value: str | None = None
    parts: tuple[JsonNode, ...] = ()
    keys: tuple[str, ...] = ()

    def get(self, key: str) -> JsonNode | None:
        """The value of a key of an object: the last one, as `json` has it."""
        found = [part for name, part in zip(self.keys, self.parts, strict=False) if name == key]
        return found[-1] if found else None


class JsonReader:
    """Reads a JSON document that is known to be right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> JsonNode:
        """The next value."""
        start = self._skip()
        match self._text[start]:
            case '"':
                value, self._at = _STRING.raw_decode(self._text, start)
                return JsonNode(start, self._at, value)
            case "[":
                parts = tuple(self._list())
                return JsonNode(start, self._at, None, parts)
            case "{":
                members = tuple(self._object())
                return JsonNode(
                    start,
                    self._at,
                    None,
                    tuple(part for _, part in members),
                    tuple(key for key, _ in members),
                )
        match = _SCALAR.match(self._text, start)
        assert match is not None
        self._at = match.end()
        return JsonNode(start, self._at)

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

    def _list(self) -> Iterator[JsonNode]:
        while self._more("]"):
            yield self.value()

    def _object(self) -> Iterator[tuple[str, JsonNode]]:
        while self._more("}"):
            key = self.value().value
            self._skip()
            self._at += 1
            assert key is not None
            yield key, self.value()


def cell_sources(root: JsonNode) -> Iterator[JsonNode | None]:
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


def unescaped(raw: str) -> str:
    """What the inside of a JSON string means."""
    text: str = _STRING.decode(f'"{raw}"')
    return text


def character_spans(document: str, node: JsonNode) -> list[int]:
    """Where each character of a cell's text starts and ends in the document, two offsets for each.

    The text is that of `kerasast.notebook`, where every line end is one character. An empty text has the two offsets of
    the place between the quotes.
    """
    spans: list[int] = []
    chunks = [node] if node.value is not None else list(node.parts)
    last = ""
    for chunk in chunks:
        for match in ESCAPED.finditer(document, chunk.start + 1, chunk.end - 1):
            piece = match.group()
            character = unescaped(piece) if piece[0] == "\\" else piece
            joins = (last == "\r" and character == "\n") or _is_pair(last, character)
            if joins:
                spans[-1] = match.end()
            else:
                spans += [match.start(), match.end()]
            last = character
    place = (chunks[0].start if chunks else node.start) + 1
    return spans or [place, place]


def _is_pair(first: str, second: str) -> bool:
    """Whether two escapes are the halves of one character."""
    return "\ud800" <= first <= "\udbff" and "\udc00" <= second <= "\udfff"
