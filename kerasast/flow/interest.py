"""Which functions of a file are worth walking on their own: those that may do something that a rule reports.

Code at the top level of a module is always walked, with the functions that it calls. A function that nothing there
calls is walked by itself if it calls, itself or through functions of its file, something that a rule is about.
"""

from __future__ import annotations

import ast
import keyword
import re
from bisect import bisect_right
from collections import defaultdict
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


def combined(interests: Iterable[Interest]) -> list[Interest]:
    """Fewer interests that find the same functions together."""
    calls: dict[tuple[bool, frozenset[str], str], set[str]] = defaultdict(set)
    for interest in interests:
        calls[bool(interest.calls), interest.also, interest.text].update(interest.calls)
    alone = frozenset(calls.pop((True, frozenset(), ""), ()))
    found = [Interest(alone)] if alone else []
    for (has_calls, also, text), names in calls.items():
        # What leads to the names in `alone` is found anyway.
        rest, others = frozenset(names) - alone, also - alone
        if (rest or not has_calls) and (others or not also):
            found.append(Interest(rest, others, text))
    return found


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
    def _before_parentheses(self) -> set[str]:
        """The last characters before each opening parenthesis."""
        return {piece[-_END - 2 :] for piece in self._source.code.split("(")}

    @cached_property
    def _ends(self) -> set[str]:
        """How the names of what is called in the file end."""
        names = map(_NAME_AT_END.search, self._before_parentheses)
        return {name[1][-_END:] for name in names if name is not None}

    @cached_property
    def _is_spaced(self) -> bool:
        """Whether spaces stand between a name and the parenthesis of its call: `model.fit (x)`."""
        spaced = [_NAME_AT_END.search(text) for text in self._before_parentheses if text[-1:].isspace()]
        return any(name is not None and name[1] not in _KEYWORDS for name in spaced)

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
        asked = [self._present(names) for names in (interest.calls, interest.also) if names]
        if not all(asked):
            return set()
        found: set[ast.AST] | None = None
        if interest.text:
            if re.search(interest.text, self._source.code) is None:
                return set()
            found = self._to_text(interest.text)
        for names in asked:
            reached = self._from(names, set())
            found = reached if found is None else found & reached
        return found or set()

    def _present(self, names: frozenset[str]) -> set[str]:
        """Those of some names that are used in the file, and perhaps some that are not."""
        called, assigned, modules = _by_use(names)
        present = {name for name in modules if name in self._source.code}
        present.update(assigned & self._assigned)
        for end in self._ends & called.keys():
            present.update(called[end])
        return present

    @cached_property
    def _assigned(self) -> set[str]:
        """The attributes that are assigned in the file, each with its dot."""
        return {f".{name}" for name in _ASSIGNED.findall(self._source.code)}

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
            used = (name for name in pending if _is_no_call(name) or name[-_END:] in self._ends)
            pending = self._add((line for name in used for line in self._uses(name)), found) - known
        return found

    def _uses(self, name: str) -> list[int]:
        """The 1-based lines on which a name is used."""
        lines = self._lines.get(name)
        if lines is None:
            lines = self._lines[name] = self._lines_of_code(_uses(self._source.code, name, self._is_spaced))
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


_END = 6
"""Characters at the end of a name by which most names that are not called are told from those that are."""

_NAME_AT_END = re.compile(r"(\w+)\s*$")


def _is_no_call(name: str) -> bool:
    return name[0] == "." or name[-1] == "."


@cache
def _by_use(names: frozenset[str]) -> tuple[dict[str, list[str]], frozenset[str], frozenset[str]]:
    """Names of what is called by how they end, those of attributes that are assigned, and those of modules."""
    called: dict[str, list[str]] = {}
    for name in names:
        if not _is_no_call(name):
            called.setdefault(name[-_END:], []).append(name)
    others = frozenset(filter(_is_no_call, names))
    assigned = frozenset(name for name in others if name[0] == ".")
    return called, assigned, others - assigned


def _uses(code: str, name: str, is_spaced: bool) -> Iterator[int]:
    """The offsets at which a name is called and not defined, an attribute assigned, or something of a module used.

    `is_spaced`: there may be spaces between the name and the parenthesis of a call.
    """
    if name[0] == ".":
        return (place for place in _places(code, name) if _EQUALS.match(code, place + len(name)) is not None)
    if name[-1] == ".":
        return (place for place in _places(code, name) if not _continues(code, place, "."))
    called = _places(code, name if is_spaced else f"{name}(")
    if is_spaced:
        called = (place for place in called if _OPENS.match(code, place + len(name)) is not None)
    return (place for place in called if not _continues(code, place) and code[place - 4 : place] != "def ")


def _places(code: str, text: str) -> Iterator[int]:
    """The offsets at which a text stands."""
    place = code.find(text)  # a regular expression takes ten times as long
    while place >= 0:
        yield place
        place = code.find(text, place + len(text))


def _is_comment(code: str, place: int) -> bool:
    """Whether a comment begins before a place on its line. Where a string makes this hard to tell, it is none."""
    before = code[code.rfind("\n", 0, place) + 1 : place]
    return "#" in before and _COMMENT.match(before) is not None


def _continues(code: str, start: int, also: str = "") -> bool:
    """Whether what stands here is the rest of a longer name, or after one of these characters."""
    before = code[start - 1 : start]
    return before.isidentifier() or before.isdigit() or (before != "" and before in also)


_OPENS = re.compile(r"\s*\(")

_EQUALS = re.compile(r"\s*=(?!=)")

_KEYWORDS = frozenset(keyword.kwlist)

_COMMENT = re.compile(r"""(?:[^'"#]|'[^'\\]*'|"[^"\\]*")*#""")

_ASSIGNED = re.compile(r"\.(?=(\w+))\1\s*=(?!=)")


def _collect(body: Sequence[ast.stmt], owners: tuple[str, ...], around: int, found: list[_Function]) -> None:
    """Add every function of a body, at any depth; `owners` is the class that it is in, if any."""
    for statement in body:
        if statement.__class__ in SIMPLE:
            continue
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names = (*owners, statement.name) if statement.name == "__init__" else (statement.name,)
            last = statement.end_lineno or statement.lineno
            found.append(_Function(statement.lineno, last, statement, names, around))
            _collect(statement.body, (), len(found) - 1, found)
        elif isinstance(statement, ast.ClassDef):
            _collect(statement.body, (statement.name,), around, found)
        else:
            for part in blocks(statement):
                _collect(part, owners, around, found)


SIMPLE = frozenset(
    {
        ast.AnnAssign,
        ast.Assert,
        ast.Assign,
        ast.AugAssign,
        ast.Break,
        ast.Continue,
        ast.Delete,
        ast.Expr,
        ast.Global,
        ast.Import,
        ast.ImportFrom,
        ast.Nonlocal,
        ast.Pass,
        ast.Raise,
        ast.Return,
    }
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
