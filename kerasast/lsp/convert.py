"""From kerasast's terms to those of the Language Server Protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.source import SourceFile

NAME = "kerasast"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_WIDTHS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}
_UNNECESSARY = frozenset({"unused-suppression"})
_DEPRECATED = frozenset({"legacy-optimizer-argument", "legacy-lr-attribute", "legacy-reset-states"})


@dataclass(frozen=True, slots=True)
class Converter:
    """Converts for one client. `encoding` is what it counts columns in: `utf-8`, `utf-16` or `utf-32`.

    `uri_of` gives the URI of a file, or of a notebook's cell (counted from 1); `None` if the client has no such cell.
    `page_of` gives the URI of a rule's page; `None` if the client shows that in its own way.
    """

    encoding: str
    sources: Mapping[str, SourceFile]
    uri_of: Callable[[str, int | None], str | None]
    page_of: Callable[[str], str | None]

    def position(self, source: SourceFile, offset: int) -> types.Position:
        """A position in a file, or in its cell; 0-based line, and column in the client's units."""
        line = source.line_at(offset)
        start = source.line_starts[line - 1]
        cell = source.cell_at(offset)
        first = 1 if cell is None else source.line_at(cell.start)
        return types.Position(line - first, _WIDTHS[self.encoding](source.text[start:offset]))

    def range(self, source: SourceFile, span: Span) -> types.Range:
        """A span of a file, or of the cell that it begins in."""
        return types.Range(self.position(source, span.start), self.position(source, span.end))

    def location(self, path: str, span: Span) -> types.Location | None:
        """A place in a file of the project."""
        source = self.sources.get(path)
        if source is None:
            return None
        cell = source.cell_at(span.start)
        uri = self.uri_of(path, None if cell is None else cell.number)
        return None if uri is None else types.Location(uri, self.range(source, span))

    def diagnostic(self, item: Diagnostic) -> types.Diagnostic:
        """A diagnostic with the steps of its story as related information."""
        source = self.sources[item.path]
        related = []
        for step in item.steps:
            place = self.location(step.path, step.span)
            if place is not None:
                related.append(types.DiagnosticRelatedInformation(place, step.message))
        address = self.page_of(item.rule)
        tags = [types.DiagnosticTag.Unnecessary] if item.rule in _UNNECESSARY else []
        tags += [types.DiagnosticTag.Deprecated] if item.rule in _DEPRECATED else []
        return types.Diagnostic(
            range=self.range(source, item.span),
            message=item.message if item.help is None else f"{item.message}\n{item.help}",
            severity=_SEVERITIES[item.severity],
            code=item.rule,
            code_description=None if address is None else types.CodeDescription(address),
            source=NAME,
            related_information=related or None,
            tags=tags or None,
        )

    def workspace_edit(self, path: str, fix: Fix) -> types.WorkspaceEdit | None:
        """The edits of a fix, in all its files; `None` if one of them is a cell that the client does not show."""
        changes: dict[str, list[types.TextEdit]] = {}
        for name, edits in ((path, fix.edits), *((place.path, place.edits) for place in fix.elsewhere)):
            for edit in edits:
                place = self.location(name, edit.span)
                if place is None:
                    return None
                changes.setdefault(place.uri, []).append(types.TextEdit(place.range, edit.text))
        return types.WorkspaceEdit(changes=changes)

    def text_edit(self, source: SourceFile, edit: Edit) -> types.TextEdit:
        """An edit of one file."""
        return types.TextEdit(self.range(source, edit.span), edit.text)


def overlaps(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a line in common: a lamp is offered for the whole line."""
    return one.start.line <= other.end.line and other.start.line <= one.end.line


def file_uri(path: str) -> str:
    """The URI of a file; `path` may be relative to the working directory."""
    return Path(path).absolute().as_uri()
