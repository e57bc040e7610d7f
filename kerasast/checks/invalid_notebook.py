"""An `.ipynb` file that is not a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.flow.events import NotebookInvalid
from kerasast.registry import rule


@rule(category="meta", severity=Severity.ERROR, on=(NotebookInvalid,), since="0.1")
def invalid_notebook(ctx: Context, event: NotebookInvalid) -> Iterator[Diagnostic]:
    yield ctx.report(Span(0, 0), event.message, help="the file was not checked")
