"""A file or notebook cell that is not Python, or cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.flow.events import SourceUnparsable
from kerasast.registry import rule


@rule(category="meta", severity=Severity.ERROR, on=(SourceUnparsable,), since="0.1")
def syntax_error(ctx: Context, event: SourceUnparsable) -> Iterator[Diagnostic]:
    text = ctx.source.text
    ends_line = event.offset >= len(text) or text[event.offset] in "\r\n"
    span = Span(event.offset, event.offset + (0 if ends_line else 1))
    help = "the rest of the notebook was checked" if event.cell is not None else "the file was not checked"
    yield ctx.report(span, event.message, help=help)
