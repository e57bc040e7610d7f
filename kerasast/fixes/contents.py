"""The content of a file after edits: of Python in its encoding, of a notebook with all but the changed cells as it was.

In a notebook only the text of a cell's `source` is replaced. Lines that stay keep the very characters that they have
in the JSON; new ones are escaped as the rest of the file is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import TypeAlias

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.edits import apply_edits
from kerasast.notebook_json import ESCAPED, JsonNode, JsonReader, cell_sources, unescaped
from kerasast.source import SourceFile

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
    root = JsonReader(document).value()
    plain = not document.isascii()
    changes = []
    for cell, node in zip(source.cells, cell_sources(root), strict=True):
        own = [
            Edit(Span(edit.span.start - cell.start, edit.span.end - cell.start), edit.text)
            for edit in edits
            if source.cell_at(edit.span.start) == cell
        ]
        if own:
            changes.append(_rewritten(document, node, own, plain=plain or "\\u" not in document))
    return (("\ufeff" if bom else "") + apply_edits(document, changes)).encode("utf-8")


_Line: TypeAlias = tuple[str, str]
"""A line as it is in the JSON, and what it means, with its line end."""


def _rewritten(document: str, node: JsonNode | None, edits: list[Edit], *, plain: bool) -> Edit:
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
    new = list(_kept_apart(new))
    if node.value is not None:
        return Edit(Span(node.start + 1, node.end - 1), "".join(new))
    between, inner = _spacing(document, node)
    return Edit(Span(inner.start, inner.end), between.join(f'"{line}"' for line in new))


def _lines(raw: str) -> Iterator[_Line]:
    """The lines of the inside of a JSON string, each up to its line end."""
    pieces = [match.group() for match in ESCAPED.finditer(raw)]
    meanings = [unescaped(piece) if len(piece) > 1 and piece[1] in "nru" else piece for piece in pieces]
    start = 0
    for number, meaning in enumerate(meanings):
        following = meanings[number + 1] if number + 1 < len(meanings) else ""
        if meaning == "\n" or (meaning == "\r" and following != "\n"):
            line = "".join(pieces[start : number + 1])
            yield line, unescaped(line)
            start = number + 1
    if start < len(pieces):
        line = "".join(pieces[start:])
        yield line, unescaped(line)


def _kept_apart(lines: Iterable[str]) -> Iterator[str]:
    """The same lines, of which no two become one: a line feed after a carriage return would only end its line."""
    before = ""
    for line in lines:
        joins = unescaped(before).endswith("\r") and unescaped(line).startswith("\n")
        yield (r"\r" + line) if joins else line
        before = line


def _escaped(line: str, plain: bool) -> str:
    return json.dumps(line, ensure_ascii=not plain)[1:-1]


def _spacing(document: str, node: JsonNode) -> tuple[str, Span]:
    """What stands between two strings of a list, and the span from the first to the last."""
    if not node.parts:
        return ", ", Span(node.start + 1, node.end - 1)
    span = Span(node.parts[0].start, node.parts[-1].end)
    if len(node.parts) > 1:
        return document[node.parts[0].end : node.parts[1].start], span
    lead = document[node.start + 1 : node.parts[0].start]
    return f",{lead}" if lead else ", ", span
