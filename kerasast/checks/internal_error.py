"""kerasast itself failed on a file."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.flow.events import CheckCrashed
from kerasast.registry import rule


@rule(category="meta", severity=Severity.ERROR, on=(CheckCrashed,), since="0.1")
def internal_error(ctx: Context, event: CheckCrashed) -> Iterator[Diagnostic]:
    who = "the analysis" if event.rule is None else f"the rule `{event.rule}`"
    yield ctx.report(
        Span(0, 0),
        f"{who} of kerasast failed on this file: {event.error}",
        help="this is a mistake of kerasast, not of your code; please report it with the file",
    )
