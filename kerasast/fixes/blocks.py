"""The lists of statements that a place of a file is in: what is certain to run before it, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.diagnostics import Span
from kerasast.source import SourceFile

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Place:
    """A list of statements, which of them holds the place, and the node that the list belongs to."""

    owner: ast.AST
    body: list[ast.stmt]
    index: int

    @property
    def statement(self) -> ast.stmt:
        return self.body[self.index]


def places_around(source: SourceFile, span: Span) -> list[Place]:
    """The lists of statements around a span, that of the module first."""
    found: list[Place] = []
    owner: ast.AST | None = source.parse()
    while owner is not None:
        place = next(_holding(source, owner, span), None)
        if place is not None:
            found.append(place)
        owner = None if place is None else place.statement
    return found


def _holding(source: SourceFile, owner: ast.AST, span: Span) -> Iterator[Place]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(owner, name, None)
        if isinstance(body, list):
            for index, statement in enumerate(body):
                own = source.span(statement)
                if own.start <= span.start and span.end <= own.end:
                    yield Place(owner, body, index)
    for handler in [*getattr(owner, "handlers", ()), *getattr(owner, "cases", ())]:
        yield from _holding(source, handler, span)


def scope_of(places: list[Place]) -> list[Place]:
    """Those of the places that are in the innermost function, or else all."""
    inner = [number for number, place in enumerate(places) if isinstance(place.owner, _SCOPES)]
    return places[inner[-1] :] if inner else places


def is_in_loop(places: list[Place]) -> bool:
    """Whether one of the lists is run more than once."""
    return any(isinstance(place.owner, _LOOPS) for place in places)


def common(one: list[Place], other: list[Place]) -> tuple[list[Place], int] | None:
    """The places around the first span down to the last list that the second is in too, and its index there.

    `None` if both are in the same statement, or in different branches of one.
    """
    for number, (first, second) in enumerate(zip(one, other, strict=False)):
        if first.body is not second.body:
            return None
        if first.index != second.index:
            return one[: number + 1], second.index
    return None


def code_of(source: SourceFile, node: ast.AST) -> str:
    """The text of a node as it is to be given to what inserts statements: its lines at the margin."""
    span = source.span(node)
    first, *rest = source.text[span.start : span.end].splitlines()
    line = source.line_text(source.line_at(span.start))
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return "\n".join([first, *(item.removeprefix(indent) for item in rest)])
