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
    functions = list(_functions(tree.body, ()))
    found: set[ast.AST] = set()
    pending = set(calls)
    known: set[str] = set()
    calling = _calling_lines(source, [name for name in calls if name[0] == "."])
    while pending:
        known |= pending
        lines = sorted(line for name in pending for line in calling.get(name, ()))
        reached = {name for chain in _chains_at(functions, lines, found) for name in chain}
        pending = reached - known
    return found


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
        else:
            for part in _blocks(statement):
                yield from _functions(part, owners)


def _blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if block:
            yield block
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _calling_lines(source: SourceFile, attributes: Sequence[str]) -> dict[str, list[int]]:
    """The 1-based lines on which each name stands before a parenthesis, but is not being defined.

    Of `attributes`, whose names begin with a dot, those on which they stand before an equals sign.
    """
    words = "|".join(map(re.escape, sorted(attributes))) or "(?!)"
    pattern = re.compile(rf"(?<!def )\b(\w+)\s*\(|({words})\s*=(?!=)")
    found: dict[str, list[int]] = {}
    for match in pattern.finditer(source.code):
        found.setdefault(match[1] or match[2], []).append(source.line_at(match.start()))
    return found


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
