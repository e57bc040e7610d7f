"""Which functions of a file are worth walking on their own: those that may do something that a rule reports.

Code at the top level of a module is always walked, with the functions that it calls. A function that nothing there
calls is walked by itself if it calls, itself or through functions of its file, something that a rule is about.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from kerasast.source import SourceFile

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def interesting_functions(
    source: SourceFile, tree: ast.Module, calls: frozenset[str] | None
) -> set[ast.AST] | None:
    """The functions and methods of a file that call one of `calls`, or one another that does.

    `None` means all of them, which is the answer where `calls` is `None`. Calls are recognised by the last part of
    their name alone.
    """
    if calls is None:
        return None
    code = source.code
    ends = {piece.rstrip()[-_END:] for piece in code.split("(")}
    pending = {name for name in calls if (name[-_END:] in ends if _has_end(name) else name in code)}
    if not pending:
        return set()
    functions = list(_functions(tree.body, ()))
    found: set[ast.AST] = set()
    known: set[str] = set()
    while pending:
        known |= pending
        lines = sorted(source.line_at(offset) for name in pending for offset in _uses(code, name))
        reached = {name for chain in _chains_at(functions, lines, found) for name in chain}
        pending = reached - known
    return found


_END = 3
"""Characters at the end of a name by which most names that are not called are told from those that are."""


def _has_end(name: str) -> bool:
    return len(name) >= _END and name[0] != "."


def _uses(code: str, name: str) -> Iterator[int]:
    """The offsets at which a name stands before a parenthesis, but is not being defined.

    Of a name that begins with a dot, those at which it stands before an equals sign.
    """
    position = code.find(name)
    while position >= 0:
        end = position + len(name)
        if _is_use(code, position, end, name[0] == "."):
            yield position
        position = code.find(name, end)


def _is_use(code: str, start: int, end: int, assigned: bool) -> bool:
    follows = _AFTER.match(code, end)
    if follows is None:
        return False
    if assigned:
        return follows[1] == "="
    before = code[start - 1 : start]
    return (
        follows[1] == "("
        and not (before.isidentifier() or before.isdigit())
        and code[start - 4 : start] != "def "
    )


_AFTER = re.compile(r"\s*(\(|=(?!=))")


def _functions(
    body: Sequence[ast.stmt], owners: tuple[str, ...]
) -> Iterator[tuple[int, int, Definition, tuple[str, ...]]]:
    """First line, last line, node, and the names by which a call reaches it, of every function at any depth."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names = (*owners, statement.name) if statement.name == "__init__" else (statement.name,)
            yield statement.lineno, statement.end_lineno or statement.lineno, statement, names
            yield from _functions(statement.body, ())
        elif isinstance(statement, ast.ClassDef):
            yield from _functions(statement.body, (statement.name,))
        elif not isinstance(statement, SIMPLE):
            for part in blocks(statement):
                yield from _functions(part, owners)


SIMPLE = (
    ast.Expr,
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Return,
    ast.Import,
    ast.ImportFrom,
    ast.Assert,
    ast.Raise,
    ast.Pass,
    ast.Delete,
)
"""Statements without others in them."""


def blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """The blocks of a compound statement: its body, `else`, `finally`, handlers and cases."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if block:
            yield block
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _chains_at(
    functions: list[tuple[int, int, Definition, tuple[str, ...]]], lines: list[int], found: set[ast.AST]
) -> Iterator[tuple[str, ...]]:
    """Note the functions around the given lines, and yield the names of those that are new."""
    if not lines:
        return
    for first, last, node, names in functions:
        if node not in found and bisect_right(lines, last) > bisect_right(lines, first - 1):
            found.add(node)
            yield names
