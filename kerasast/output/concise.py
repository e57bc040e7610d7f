"""One line for each diagnostic: `path:row:column: severity [rule] [*] message`."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.engine import Result
from kerasast.output.full import position
from kerasast.output.report import describe_baseline, describe_fixes, fix_mark, summarize
from kerasast.output.terminal import Palette, printable


def render_concise(result: Result, palette: Palette) -> Iterator[str]:
    """The lines of the report, the summary last."""
    for item in result.diagnostics:
        place = position(result, item.path, item.span.start)
        severity = palette.paint(item.severity.label, item.severity.label)
        head = f"{palette.paint(place, 'strong')}: {severity} [{item.rule}]{fix_mark(result, item)}"
        yield f"{head} {printable(item.message)}"
    yield summarize(result)
    yield from describe_fixes(result)
    yield from describe_baseline(result)
