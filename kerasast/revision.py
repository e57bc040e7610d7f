"""How one text came of another, and how to parse it where most of the other is known."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from kerasast.diagnostics import Span
from kerasast.source import SourceFile, first_line


@dataclass(frozen=True, slots=True)
class Revision:
    """How a text came of another: only what is between `start` and `end` (in the old text) is new, `grown` longer.

    Offsets are code points.
    """

    start: int
    end: int
    grown: int

    @classmethod
    def between(cls, before: str, after: str) -> Revision:
        """The least of which it can be said."""
        shorter = min(len(before), len(after))
        start = _longest(shorter, lambda size: before[:size] == after[:size])
        same = _longest(
            shorter - start,
            lambda size: before[len(before) - size :] == after[len(after) - size :],
        )
        return cls(start, len(before) - same, len(after) - len(before))

    def moved(self, offset: int) -> int:
        """Where something is now; what was taken away is where it was, as far as there still is something."""
        if offset >= self.end:
            return offset + self.grown
        return min(offset, max(self.start, self.end + self.grown))

    def span(self, span: Span) -> Span:
        return Span(self.moved(span.start), self.moved(span.end))


def parse_revision(before: SourceFile, source: SourceFile) -> ast.Module | None:
    """The tree of a file, with the nodes that it has in common with the file before.

    Statements of the module on lines before and behind all changes are not parsed again. `None` if the tree cannot be
    put together: if it was not kept before, if what has changed is no Python by itself, or for a notebook.
    """
    tree = before.kept_tree
    if tree is None or source.is_notebook or before.is_notebook:
        return None
    revision = Revision.between(before.code, source.code)
    first, last = before.line_at(revision.start), before.line_at(revision.end)
    leading = bisect_right(tree.body, False, key=lambda node: (node.end_lineno or 0) >= first)
    while 0 < leading < len(tree.body) and first_line(tree.body[leading]) <= _last_line(
        tree.body[leading - 1]
    ):
        leading -= 1
    trailing = len(tree.body)
    if len(source.line_starts) == len(before.line_starts):
        trailing = bisect_right(tree.body, False, key=lambda node: first_line(node) > last)
        while 0 < trailing < len(tree.body) and first_line(tree.body[trailing]) <= _last_line(
            tree.body[trailing - 1]
        ):
            trailing += 1
    trailing = max(leading, trailing)
    begin = _last_line(tree.body[leading - 1]) if leading else 0
    starts = [*source.line_starts, len(source.code)]
    end = starts[first_line(tree.body[trailing]) - 1] if trailing < len(tree.body) else len(source.code)
    try:
        changed = ast.parse("\n" * begin + source.code[starts[begin] : end])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return ast.Module([*tree.body[:leading], *changed.body, *tree.body[trailing:]], [])


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _longest(limit: int, holds: Callable[[int], bool]) -> int:
    """The greatest number up to a limit for which something holds that holds for all less than that too."""
    return bisect_right(range(1, limit + 1), False, key=lambda size: not holds(size))
