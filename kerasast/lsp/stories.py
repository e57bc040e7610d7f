"""The life of the model under the cursor, for editors.

kerasast/lifecycle   {textDocument: {uri}, position} -> the story of the model there, or null
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from kerasast.diagnostics import Diagnostic, Span
from kerasast.lifecycle import Moment, Story, stories_at
from kerasast.lsp.convert import Converter
from kerasast.survey import Opened

LIFECYCLE = "kerasast/lifecycle"


def story_at(opened: Opened, path: str, offset: int, reported: Sequence[Diagnostic]) -> Story | None:
    """The story of what a cursor is on; `None` if that is no model or layer."""
    found = stories_at(opened, path, Span(offset, offset), lambda paths: reported)
    return found[0] if found else None


def as_response(story: Story, converter: Converter) -> dict[str, object]:
    """The story in the client's terms; moments in files that the client cannot be led to are left out."""
    return {
        "title": story.title,
        "subtitle": story.subtitle,
        "events": list(_events(story.moments, converter)),
    }


def _events(moments: Sequence[Moment], converter: Converter) -> Iterator[dict[str, object]]:
    for moment in moments:
        place = converter.location(moment.path, moment.span)
        if place is not None:
            yield {
                "kind": moment.kind,
                "text": moment.text,
                "location": {"uri": place.uri, "range": _range(place.range)},
                "problem": None if moment.problem is None else _problem(moment.problem),
            }


def _range(found: types.Range) -> dict[str, object]:
    return {"start": _position(found.start), "end": _position(found.end)}


def _position(found: types.Position) -> dict[str, int]:
    return {"line": found.line, "character": found.character}


def _problem(item: Diagnostic) -> dict[str, str]:
    return {"rule": item.rule, "severity": item.severity.label, "message": item.message}
