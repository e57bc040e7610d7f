"""A file or notebook cell that is not Python, or cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.flow.events import SourceUnparsable
from kerasast.registry import rule


@rule(category="meta", severity=Severity.ERROR, on=(SourceUnparsable,), since="0.1")
def syntax_error(ctx: Context, event: SourceUnparsable) -> Iterator[Diagnostic]:
    help = "the rest of the notebook was checked" if event.cell is not None else "the file was not checked"
    yield ctx.report(Span(event.offset, event.end), event.message, help=help)
