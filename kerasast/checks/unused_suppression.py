"""A suppression comment that suppresses nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.flow.events import SuppressionUnused
from kerasast.registry import all_rules, rule


@rule(category="meta", severity=Severity.WARNING, on=(SuppressionUnused,), since="0.1")
def unused_suppression(ctx: Context, event: SuppressionUnused) -> Iterator[Diagnostic]:
    span = Span(event.start, event.end)
    if event.problem is not None:
        yield ctx.report(span, event.problem, help="write `# kerasast: ignore[rule-name]`")
        return
    known = all_rules()
    unknown = [name for name in event.names if name not in known]
    useless = [name for name in event.names if name in known]
    if unknown:
        close = difflib.get_close_matches(unknown[0], known, n=1)
        names = ", ".join(f"`{name}`" for name in unknown)
        message = (
            f"this suppression names {names}, which {'is no rule' if len(unknown) == 1 else 'are no rules'}"
        )
        yield ctx.report(span, message, help=f"did you mean `{close[0]}`?" if close else _removal(event))
    if useless or not event.names:
        what = ", ".join(f"`{name}`" for name in useless) or "anything"
        yield ctx.report(span, f"this comment does not suppress {what} here", help=_removal(event))


def _removal(event: SuppressionUnused) -> str:
    if not event.remaining:
        return "remove the comment"
    return f"keep only {', '.join(f'`{name}`' for name in event.remaining)}"
