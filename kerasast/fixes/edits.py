"""Edits of text: which go together, what they make of a text, and which ones lead from one text to another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from itertools import pairwise

from kerasast.diagnostics import Applicability, Edit, FileEdits, Fix, Span
from kerasast.source import SourceFile

Edits = tuple[Edit, ...] | None
"""What the helpers of fixes return: `()` where nothing needs to be done, `None` where it cannot be done."""

_NEWLINE = re.compile(r"\r\n|\n|\r")
_PIECE = re.compile(r"\w+|\r\n|[^\w]")


def safe(title: str, *parts: Edits) -> Fix | None:
    """A fix that keeps what the program means. There is none if a part cannot be done, or nothing is left to do."""
    return _fix(title, Applicability.SAFE, parts)


def unsafe(title: str, *parts: Edits, elsewhere: Iterable[FileEdits] = ()) -> Fix | None:
    """A fix that may change what the program does. The rule's `## Fix safety` must say what."""
    return _fix(title, Applicability.UNSAFE, parts, tuple(elsewhere))


def _fix(
    title: str, applicability: Applicability, parts: tuple[Edits, ...], elsewhere: tuple[FileEdits, ...] = ()
) -> Fix | None:
    edits = join(*parts)
    if edits is None or not (edits or any(place.edits for place in elsewhere)):
        return None
    return Fix(title, edits, applicability, elsewhere)


def join(*parts: Edits) -> Edits:
    """All edits of several parts; `None` if one of them is."""
    known = [part for part in parts if part is not None]
    return tuple(edit for part in known for edit in part) if len(known) == len(parts) else None


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits by position, each once. Those that insert at the same place stay in the order given."""
    return tuple(sorted(dict.fromkeys(edits), key=lambda edit: edit.span))


def overlap(edits: Iterable[Edit]) -> bool:
    """Whether two of the edits change the same characters, or insert within what another one replaces."""
    ordered = in_order(edits)
    return any(one.span.end > next.span.start for one, next in pairwise(ordered))


def collide(one: Iterable[Edit], other: Iterable[Edit]) -> bool:
    """Whether edits of two fixes cannot be made together: some touch, and are not the same edit."""
    others = tuple(other)
    return any(
        edit != rival and edit.span.start <= rival.span.end and rival.span.start <= edit.span.end
        for edit in one
        for rival in others
    )


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits, which must not overlap; their spans are offsets into `text`."""
    parts = []
    position = 0
    for edit in in_order(edits):
        parts += [text[position : edit.span.start], edit.text]
        position = edit.span.end
    return "".join([*parts, text[position:]])


def difference(old: str, new: str, start: int = 0) -> tuple[Edit, ...]:
    """The edits, word by word, that make `new` of `old`, a text that starts at the offset `start`."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    offsets = [start]
    for piece in before:
        offsets.append(offsets[-1] + len(piece))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        Edit(Span(offsets[first], offsets[last]), "".join(after[left:right]))
        for tag, first, last, left, right in matcher.get_opcodes()
        if tag != "equal"
    )


def settle(fix: Fix, path: str, sources: Mapping[str, SourceFile]) -> Fix | None:
    """The fix with edits in order and with the line ends of their files; `None` if it cannot be applied.

    `path` is the file of its diagnostic. No edit may reach over the end of a notebook's cell.
    """
    settled = {}
    for place in (FileEdits(path, fix.edits), *fix.elsewhere):
        source = sources.get(place.path)
        edits = None if source is None else _settle(place.edits, source)
        if edits is None or place.path in settled:
            return None
        settled[place.path] = edits
    own = settled.pop(path)
    if not own and not any(settled.values()):
        return None
    elsewhere = tuple(FileEdits(other, edits) for other, edits in settled.items() if edits)
    return Fix(fix.title, own, fix.applicability, elsewhere)


def _settle(edits: Iterable[Edit], source: SourceFile) -> tuple[Edit, ...] | None:
    ordered = in_order(_with_line_ends(edit, source) for edit in edits)
    ordered = tuple(edit for edit in ordered if source.text[edit.span.start : edit.span.end] != edit.text)
    if overlap(ordered) or not all(_is_inside(edit.span, source) for edit in ordered):
        return None
    return ordered


def _with_line_ends(edit: Edit, source: SourceFile) -> Edit:
    """The edit with the line end that the lines around it have."""
    if "\n" not in edit.text:
        return edit
    following = _NEWLINE.search(source.text, edit.span.start)
    newline = following.group() if following else source.newline
    return Edit(edit.span, _NEWLINE.sub(newline, edit.text))


def _is_inside(span: Span, source: SourceFile) -> bool:
    """Whether a span is in the file, and in a single cell of a notebook."""
    if not 0 <= span.start <= span.end <= len(source.text):
        return False
    if not source.is_notebook:
        return True
    cell = source.cell_at(span.start)
    return cell is not None and span.end <= cell.end
