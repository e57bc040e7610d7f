"""Which functions of a file are worth walking on their own: those that may do something that a rule reports.

Code at the top level of a module is always walked, with the functions that it calls. A function that nothing there
calls is walked by itself if it calls, itself or through functions of its file, something that a rule is about.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from kerasast.source import SourceFile

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Interest:
    """What some rules wait for: code that leads to one of `calls`, to one of `also`, and to what `text` finds.

    What is empty is not asked for; not all may be. `text` is a regular expression.

    Calls are recognised by the last part of their name: `fit`. `.lr` is an assignment to an attribute, and `tf.`
    the use of anything in a module.
    """

    calls: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    text: str = ""


def interesting_functions(
    source: SourceFile, tree: ast.Module, interests: Iterable[Interest] | None
) -> set[ast.AST] | None:
    """The functions and methods of a file that do what some rule waits for, themselves or through one another.

    `None` means all of them, which is the answer where `interests` is `None`.
    """
    if interests is None:
        return None
    reach = _Reach(source, tree)
    found: set[ast.AST] = set()
    for interest in interests:
        found |= reach.of(interest)
    return found


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of a file: its lines, the names by which a call reaches it, and the place of the one around it."""

    first: int
    last: int
    node: Definition
    names: tuple[str, ...]
    around: int


class _Reach:
    """Which functions of a file lead to which names."""

    def __init__(self, source: SourceFile, tree: ast.Module) -> None:
        self._source = source
        self._tree = tree
        self._lines: dict[str, list[int]] = {}

    @cached_property
    def _ends(self) -> set[str]:
        """How the names of what is called in the file end."""
        return {piece.rstrip()[-_END:] for piece in self._source.code.split("(")}

    @cached_property
    def _functions(self) -> list[_Function]:
        """All functions, in the order of their first lines."""
        found: list[_Function] = []
        _collect(self._tree.body, (), -1, found)
        return found

    @cached_property
    def _firsts(self) -> list[int]:
        return [function.first for function in self._functions]

    def of(self, interest: Interest) -> set[ast.AST]:
        """The functions that do all of what an interest asks for."""
        found: set[ast.AST] | None = None
        for names in (interest.calls, interest.also):
            if names and found != set():
                found = self._to(names) if found is None else found & self._to(names)
        if interest.text and found != set():
            found = self._to_text(interest.text) if found is None else found & self._to_text(interest.text)
        return found or set()

    def _to(self, names: frozenset[str]) -> set[ast.AST]:
        """The functions that use one of these names, or call one another that does."""
        by_end, others = _by_end(names)
        present = {name for name in others if self._has(name)}
        for end in self._ends & by_end.keys():
            present.update(by_end[end])
        return self._from(present, set())

    @cached_property
    def _assigned(self) -> set[str]:
        """The attributes that are assigned in the file."""
        return set(_ASSIGNED.findall(self._source.code))

    def _has(self, name: str) -> bool:
        return name[1:] in self._assigned if name[0] == "." else name in self._source.code

    def _to_text(self, pattern: str) -> set[ast.AST]:
        """The functions in which a regular expression finds something, or which call one of those."""
        found: set[ast.AST] = set()
        places = (match.start() for match in re.finditer(pattern, self._source.code))
        return self._from(self._add(self._lines_of_code(places), found), found)

    def _from(self, pending: set[str], found: set[ast.AST]) -> set[ast.AST]:
        """The functions that use one of these names, and those that use theirs, and so on, beside those found."""
        known: set[str] = set()
        while pending:
            known |= pending
            pending = self._add((line for name in pending for line in self._uses(name)), found) - known
        return found

    def _uses(self, name: str) -> list[int]:
        """The 1-based lines on which a name is used."""
        lines = self._lines.get(name)
        if lines is None:
            lines = self._lines[name] = self._lines_of_code(_uses(self._source.code, name))
        return lines

    def _lines_of_code(self, places: Iterable[int]) -> list[int]:
        """The 1-based lines of some offsets, without those in comments."""
        code = self._source.code
        return [self._source.line_at(place) for place in places if not _is_comment(code, place)]

    def _add(self, lines: Iterable[int], found: set[ast.AST]) -> set[str]:
        """Add the functions around some lines to those found; the names by which the new ones are called."""
        names: set[str] = set()
        for line in lines:
            index = bisect_right(self._firsts, line) - 1
            while index >= 0:
                function = self._functions[index]
                if line <= function.last and function.node not in found:
                    found.add(function.node)
                    names.update(function.names)
                index = function.around
        return names


_END = 3
"""Characters at the end of a name by which most names that are not called are told from those that are."""


@cache
def _by_end(names: frozenset[str]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Names of what is called by how they end, and the others."""
    found: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= _END and "." not in name:
            found.setdefault(name[-_END:], []).append(name)
    return found, tuple(name for name in names if len(name) < _END or "." in name)


def _uses(code: str, name: str) -> Iterator[int]:
    """The offsets at which a name is called and not defined, an attribute assigned, or something of a module used."""
    is_use = _is_assigned if name[0] == "." else _is_module if name[-1] == "." else _is_called
    position = code.find(name)
    while position >= 0:
        end = position + len(name)
        if is_use(code, position, end):
            yield position
        position = code.find(name, end)


def _is_comment(code: str, place: int) -> bool:
    """Whether a comment begins before a place on its line. Where a string makes this hard to tell, it is none."""
    before = code[code.rfind("\n", 0, place) + 1 : place]
    return "#" in before and _COMMENT.match(before) is not None


def _is_assigned(code: str, start: int, end: int) -> bool:
    return _EQUALS.match(code, end) is not None


def _is_module(code: str, start: int, end: int) -> bool:
    return not _continues(code, start) and code[start - 1 : start] != "."


def _is_called(code: str, start: int, end: int) -> bool:
    return (
        _OPENS.match(code, end) is not None
        and not _continues(code, start)
        and code[start - 4 : start] != "def "
    )


def _continues(code: str, start: int) -> bool:
    """Whether what stands here is the rest of a longer name."""
    before = code[start - 1 : start]
    return before.isidentifier() or before.isdigit()


_COMMENT = re.compile(r"""(?:[^'"#]|'[^'\\]*'|"[^"\\]*")*#""")

_OPENS = re.compile(r"\s*\(")

_EQUALS = re.compile(r"\s*=(?!=)")

_ASSIGNED = re.compile(r"\.(?=(\w+))\1\s*=(?!=)")


def _collect(body: Sequence[ast.stmt], owners: tuple[str, ...], around: int, found: list[_Function]) -> None:
    """Add every function of a body, at any depth; `owners` is the class that it is in, if any."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names = (*owners, statement.name) if statement.name == "__init__" else (statement.name,)
            last = statement.end_lineno or statement.lineno
            found.append(_Function(statement.lineno, last, statement, names, around))
            _collect(statement.body, (), len(found) - 1, found)
        elif isinstance(statement, ast.ClassDef):
            _collect(statement.body, (statement.name,), around, found)
        elif not isinstance(statement, SIMPLE):
            for part in blocks(statement):
                _collect(part, owners, around, found)


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
