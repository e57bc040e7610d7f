"""What `kerasast lifecycle` prints: the life of a model, one moment after the other, with the code."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasast.diagnostics import Span
from kerasast.lifecycle import Moment, Story
from kerasast.output.report import NO_LOCATION, location
from kerasast.output.terminal import Palette, printable, width
from kerasast.source import SourceFile

_KINDS = 9
"""The width of the column of kinds: the longest is `unfrozen`, and a space."""

_STYLES = {
    "created": "good",
    "built": "good",
    "loaded": "good",
    "compiled": "info",
    "trained": "info",
    "saved": "info",
    "frozen": "frame",
    "unfrozen": "frame",
    "called": "strong",
    "other": "dim",
}
_SHOWN = {"other": "·"}
_WIDEST = 100


def render_story(
    story: Story, sources: Mapping[str, SourceFile], palette: Palette, columns: int
) -> Iterator[str]:
    """The lines of a story for people."""
    yield palette.paint(f"{printable(story.title)}: {printable(story.subtitle)}", "strong")
    places = [_place(moment, sources) for moment in story.moments]
    gutter = max(map(width, places), default=0)
    for moment, place in zip(story.moments, places, strict=True):
        yield ""
        yield from _moment(moment, place.ljust(gutter), sources, palette, columns)


def _moment(
    moment: Moment, place: str, sources: Mapping[str, SourceFile], palette: Palette, columns: int
) -> Iterator[str]:
    room = max(min(columns, _WIDEST) - _KINDS - 2, 40)
    kind = palette.paint(_SHOWN.get(moment.kind, moment.kind).ljust(_KINDS), _STYLES[moment.kind])
    indent = " " * (_KINDS + 2)
    problem = moment.problem
    if problem is None or moment.text not in problem.message:
        first, *rest = _wrapped(moment.text, room)
        yield f"  {kind}{first}"
        yield from (f"{indent}{line}" for line in rest)
        kind = ""
    if problem is not None:
        label = f"{problem.severity.label}[{problem.rule}]"
        first, *rest = _wrapped(f"{label}: {printable(problem.message)}", room)
        head = palette.paint(label, problem.severity.label) + first.removeprefix(label)
        yield f"  {kind}{head}" if kind else f"{indent}{head}"
        yield from (f"{indent}{line}" for line in rest)
    code = _code(moment, sources)
    yield f"{indent}{palette.paint(place + ' |', 'frame')} {code}".rstrip()


def _wrapped(text: str, room: int) -> list[str]:
    """A text on lines; words are not broken, since people copy names and paths."""
    return textwrap.wrap(printable(text), room, break_long_words=False, break_on_hyphens=False) or [""]


def _place(moment: Moment, sources: Mapping[str, SourceFile]) -> str:
    """`path:row:column`, in a notebook `path:cell 3:row:column`."""
    place = _locate(moment.path, moment.span.start, sources)
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{printable(moment.path)}:{cell}{place.row}:{place.column}"


def _locate(path: str, offset: int, sources: Mapping[str, SourceFile]) -> Any:
    source = sources.get(path)
    return NO_LOCATION if source is None else location(source, offset)


def _code(moment: Moment, sources: Mapping[str, SourceFile]) -> str:
    source = sources.get(moment.path)
    if source is None:
        return ""
    return printable(source.line_text(source.line_at(moment.span.start)).strip())


def stories_as_json(stories: Sequence[Story], sources: Mapping[str, SourceFile]) -> str:
    """The stories as a JSON document. Rows and columns count from 1, columns in code points."""
    return json.dumps([_as_json(story, sources) for story in stories], indent=2)


def _as_json(story: Story, sources: Mapping[str, SourceFile]) -> dict[str, Any]:
    return {
        "title": story.title,
        "subtitle": story.subtitle,
        "events": [
            {
                "kind": moment.kind,
                "text": moment.text,
                "filename": moment.path,
                **_range(moment.path, moment.span, sources),
                "cell": _locate(moment.path, moment.span.start, sources).cell,
                "problem": None
                if moment.problem is None
                else {
                    "rule": moment.problem.rule,
                    "severity": moment.problem.severity.label,
                    "message": moment.problem.message,
                },
            }
            for moment in story.moments
        ],
    }


def _range(path: str, span: Span, sources: Mapping[str, SourceFile]) -> dict[str, Any]:
    places = [_locate(path, offset, sources) for offset in (span.start, span.end)]
    keys = ("location", "end_location")
    return {key: {"row": place.row, "column": place.column} for key, place in zip(keys, places, strict=True)}
