"""A hasty look at a file after a key: at what has changed; of the rest the same is said as before."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kerasast.check_file import RUNNING, FileReport
from kerasast.diagnostics import Diagnostic, Span, Step
from kerasast.revision import Revision
from kerasast.source import SourceFile, first_line

if TYPE_CHECKING:
    from kerasast.flow.facts import FileFacts, LoadSite, OtherSite, SaveSite

_Site = TypeVar("_Site", "SaveSite", "LoadSite", "OtherSite")


class Statement(NamedTuple):
    """A statement of a module: where it is, decorators included, and what it defines.

    That is whether it is a class, and its name or that of a function; `None` for a statement that does something else.
    """

    extent: Span
    defines: tuple[bool, str] | None

    @classmethod
    def of(cls, source: SourceFile, node: ast.stmt) -> Statement:
        extent = Span(source.line_starts[first_line(node) - 1], source.span(node).end)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return cls(extent, None)
        return cls(extent, (isinstance(node, ast.ClassDef), node.name))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file was when it was looked at, and what was said of it then."""

    text: str
    statements: tuple[Statement, ...]
    report: FileReport

    @classmethod
    def at(cls, source: SourceFile, tree: ast.Module, report: FileReport) -> Looked:
        return cls(source.text, tuple(Statement.of(source, node) for node in tree.body), report)


@dataclass(frozen=True, slots=True)
class _Same:
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


def _compare(revision: Revision, old: Sequence[Statement], new: Sequence[Statement]) -> _Same | None:
    """Which statements of a module are the same.

    `None` if that cannot be told of single ones, or the others are not just functions and classes of the same names:
    only these do nothing to the rest of the module before they are called.
    """
    first = sum(item.extent.end < revision.start for item in old)
    last = sum(item.extent.start > revision.end for item in old)
    if first + last > min(len(old), len(new)):
        return None
    kept = [*old[:first], *old[len(old) - last :]]
    now = [*new[:first], *new[len(new) - last :]]
    if [revision.span(item.extent) for item in kept] != [item.extent for item in now]:
        return None
    others = old[first : len(old) - last]
    names = [item.defines for item in others]
    if None in names or names != [item.defines for item in new[first : len(new) - last]]:
        return None
    start, end = (
        (others[0].extent.start, others[-1].extent.end) if others else (revision.start, revision.start)
    )
    return _Same(first, last, len(old), len(new), Span(start, end))


def revised(
    before: Looked, source: SourceFile, tree: ast.Module, check: Callable[[range], FileReport]
) -> Looked | None:
    """A file after a change, and what is to be said of it; `None` if it has to be looked at from the beginning.

    `check` looks at what running the module does, and on their own only at functions and classes in statements that
    are not the same as before. Of the others the same is said as before, without fixes, wherever they are now.
    """
    revision = Revision.between(before.text, source.text)
    now = tuple(Statement.of(source, node) for node in tree.body)
    same = _compare(revision, before.statements, now)
    if same is None:
        return None
    report = check(same.changed)
    found = list(zip(report.diagnostics, report.origins, strict=True))
    path = source.path
    for item, origin in zip(before.report.diagnostics, before.report.origins, strict=True):
        index = same.index(origin)
        if index is not None:
            found.append((_moved(item, path, revision), index))
    whole = replace(
        report,
        diagnostics=tuple(item for item, _ in found),
        facts=_joined(report.facts, before.report.facts, same.taken, revision),
        origins=tuple(origin for _, origin in found),
    )
    return Looked(source.text, now, whole)


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
