"""What a change of a text leaves as it was: statements of a module, and what was said of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from kerasast.check_file import RUNNING, FileReport
from kerasast.diagnostics import Diagnostic, Span, Step
from kerasast.revision import Revision
from kerasast.source import SourceFile

if TYPE_CHECKING:
    from kerasast.flow.facts import FileFacts, LoadSite, OtherSite, SaveSite

_Site = TypeVar("_Site", "SaveSite", "LoadSite", "OtherSite")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file was when it was looked at, and what was said of it then."""

    source: SourceFile
    tree: ast.Module
    report: FileReport


@dataclass(frozen=True, slots=True)
class _Statements:
    """Of the statements of a module, the `first` and the `last` ones are the same as before.

    `taken` is where the others were.
    """

    first: int
    last: int
    before: int
    after: int
    taken: Span

    @property
    def changed(self) -> range:
        """The others, by their indexes."""
        return range(self.first, self.after - self.last)

    def index(self, before: int) -> int | None:
        """The index of what was the statement with an index before; `None` if it is no more what it was."""
        if before == RUNNING or self.first <= before < self.before - self.last:
            return None
        return before if before < self.first else before + self.after - self.before


def _same_statements(
    revision: Revision, before: Looked, source: SourceFile, tree: ast.Module
) -> _Statements | None:
    """Which statements of a module are the same.

    `None` if that cannot be told of single ones, or the others are not just functions and classes of the same names:
    only these do nothing to the rest of the module before they are called.
    """
    old = [_extent(before.source, node) for node in before.tree.body]
    new = [_extent(source, node) for node in tree.body]
    first = sum(span.end < revision.start for span in old)
    last = sum(span.start > revision.end for span in old)
    if first + last > min(len(old), len(new)):
        return None
    kept = [*old[:first], *map(revision.span, old[len(old) - last :])]
    if kept != [*new[:first], *new[len(new) - last :]]:
        return None
    others = old[first : len(old) - last]
    taken = Span(others[0].start, others[-1].end) if others else Span(revision.start, revision.start)
    found = _Statements(first, last, len(old), len(new), taken)
    names = [_definition(tree.body[index]) for index in found.changed]
    if None in names or names != [_definition(node) for node in before.tree.body[first : len(old) - last]]:
        return None
    return found


def _definition(node: ast.stmt) -> tuple[bool, str] | None:
    """Whether a class is defined, and its name or that of a function; `None` if something else is done."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return None
    return isinstance(node, ast.ClassDef), node.name


def revised(
    before: Looked, source: SourceFile, tree: ast.Module, check: Callable[[range], FileReport]
) -> FileReport | None:
    """What is to be said of a file after a change; `None` if it has to be looked at from the beginning.

    `check` looks at what running the module does, and on their own only at functions and classes in statements that
    are not the same as before. Of the others the same is said as before, without fixes, wherever they are now.
    """
    revision = Revision.between(before.source.text, source.text)
    statements = _same_statements(revision, before, source, tree)
    if statements is None:
        return None
    report = check(statements.changed)
    found = list(zip(report.diagnostics, report.origins, strict=True))
    path = source.path
    for item, origin in zip(before.report.diagnostics, before.report.origins, strict=True):
        index = statements.index(origin)
        if index is not None:
            found.append((_moved(item, path, revision), index))
    return FileReport(
        tuple(item for item, _ in found),
        _joined(report.facts, before.report.facts, statements.taken, revision),
        report.ran,
        report.failed,
        tuple(origin for _, origin in found),
    )


def _extent(source: SourceFile, node: ast.stmt) -> Span:
    """From the first line of a statement, decorators included, to its end."""
    line = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    return Span(source.line_starts[line - 1], source.span(node).end)


def _moved(item: Diagnostic, path: str, revision: Revision) -> Diagnostic:
    steps = tuple(
        Step(step.path, revision.span(step.span), step.message) if step.path == path else step
        for step in item.steps
    )
    return replace(item, span=revision.span(item.span), steps=steps, make_fix=None)


def _joined(new: FileFacts, old: FileFacts, taken: Span, revision: Revision) -> FileFacts:
    """What a file says of the project: what was seen now, and what was seen before of code that is still there."""
    return replace(
        new,
        saves=(*new.saves, *_left(old.saves, new.saves, taken, revision)),
        loads=(*new.loads, *_left(old.loads, new.loads, taken, revision)),
        others=(*new.others, *_left(old.others, new.others, taken, revision)),
    )


def _left(old: Iterable[_Site], new: Iterable[_Site], taken: Span, revision: Revision) -> Iterator[_Site]:
    seen = {site.span for site in new}
    for site in old:
        span = revision.span(site.span)
        if span not in seen and (site.span.end <= taken.start or site.span.start >= taken.end):
            yield replace(site, span=span)
