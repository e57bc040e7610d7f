"""Comments that switch reports off: `# kerasast: ignore[name] reason`, `# kerasast: file-ignore[name]`.

A bare `# noqa` counts as well. A comment holds for the whole statement that it stands in or after, or, on a
line of its own, for the statement below it. Of a compound statement that is the header, with its decorators.
Comments are found with `tokenize`, so that text in a string is never taken for one.
"""

from __future__ import annotations

import difflib
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from kerasast.diagnostics import Diagnostic
from kerasast.logical_lines import tokens
from kerasast.source import SourceFile

UNUSED = "unused-suppression"
"""The rule that reports useless comments. Only naming it suppresses it."""

UNSUPPRESSABLE = frozenset({"internal-error"})

_DIRECTIVE = re.compile(r"#\s*kerasast:\s*(?P<word>[A-Za-z][\w-]*)\s*(?P<rest>\[[^\]]*\]?)?")
_NOQA = re.compile(r"#\s*noqa(?!\s*:|[\w-])", re.IGNORECASE)
_WORDS = ("ignore", "file-ignore")
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)


@dataclass(slots=True)
class Suppression:
    """One comment.

    `names` are the rules that it names, none for all rules. `first` and `last` are the 1-based lines whose
    diagnostics it suppresses, for a file-wide one all of them. `used` collects the rules that it suppressed.
    """

    start: int
    end: int
    names: tuple[str, ...]
    first: int
    last: int
    noqa: bool = False
    file_wide: bool = False
    problem: str | None = None
    used: set[str] = field(default_factory=set)

    def covers(self, rule: str, line: int) -> bool:
        """Whether it suppresses a diagnostic of `rule` that starts on `line`."""
        if self.problem is not None or rule in UNSUPPRESSABLE or not self.first <= line <= self.last:
            return False
        return rule in self.names if self.names or rule == UNUSED else True


@dataclass(frozen=True, slots=True)
class Unused:
    """What of one comment is useless: `names`, or all of it where `names` is empty; `remaining` is not."""

    start: int
    end: int
    names: tuple[str, ...]
    remaining: tuple[str, ...]
    problem: str | None = None


def may_suppress(source: SourceFile) -> bool:
    """Whether the file can hold a comment of kerasast's own; a cheap question, asked before tokenizing."""
    return source.addresses_kerasast


class Suppressions:
    """The suppression comments of one file."""

    def __init__(self, items: Iterable[Suppression] = ()) -> None:
        self.items = tuple(items)

    @classmethod
    def of(cls, source: SourceFile) -> Suppressions:
        """Find the comments of a file; of one that is broken, those before the place where it breaks."""
        if not may_suppress(source) and _NOQA.search(source.code) is None:
            return cls()
        return cls(_find(source))

    def suppresses(self, diagnostic: Diagnostic, source: SourceFile) -> bool:
        """Whether a diagnostic is suppressed; every comment that does so is marked as used."""
        line = source.line_at(diagnostic.span.start)
        covering = [item for item in self.items if item.covers(diagnostic.rule, line)]
        for item in covering:
            item.used.add(diagnostic.rule)
        return bool(covering)

    def unused(self, ran: Collection[str], known: Collection[str], *, all_ran: bool) -> Iterator[Unused]:
        """The comments that suppressed nothing, once every diagnostic was shown to `suppresses`.

        A name counts as useless only if its rule is in `ran`, or is not in `known` at all. A comment without
        names counts only if `all_ran`. `# noqa` is other tools' business.
        """
        for item in self.items:
            if item.noqa:
                continue
            if item.problem is not None:
                yield Unused(item.start, item.end, (), (), item.problem)
            elif not item.names:
                if all_ran and not item.used:
                    yield Unused(item.start, item.end, (), ())
            else:
                useless = tuple(name for name in item.names if _is_useless(name, item, ran, known))
                if useless:
                    remaining = tuple(name for name in item.names if name not in useless)
                    yield Unused(item.start, item.end, useless, remaining)


def _is_useless(name: str, item: Suppression, ran: Collection[str], known: Collection[str]) -> bool:
    if name not in known:
        return True
    return name in ran and name != UNUSED and name not in item.used


def _find(source: SourceFile) -> list[Suppression]:
    """Walk the tokens once, and give every comment the lines of the statement that it belongs to."""
    found: list[Suppression] = []
    waiting: list[Suppression] = []
    first: int | None = None
    decorated: int | None = None
    at_sign = False
    for token in tokens(source):
        row = token.start[0]
        if token.type == tokenize.COMMENT:
            item = _read(token, source)
            if item is not None:
                found.append(item)
                # After a statement that has ended on this line, a comment still belongs to that statement:
                # its NEWLINE comes after the comment. So `waiting` is resolved by the NEWLINE that follows.
                waiting.append(item)
        elif token.type == tokenize.NEWLINE:
            start = row if first is None else first
            if at_sign:
                decorated = start if decorated is None else decorated
            else:
                _resolve(waiting, start if decorated is None else decorated, row)
                waiting, decorated = [], None
            first, at_sign = None, False
        elif token.type not in _LAYOUT and first is None:
            first, at_sign = row, token.string == "@"
    return [_widen(item, source) for item in found]


def _resolve(items: list[Suppression], first: int, last: int) -> None:
    for item in items:
        item.first, item.last = first, last


def _widen(item: Suppression, source: SourceFile) -> Suppression:
    return replace(item, first=1, last=len(source.line_starts)) if item.file_wide else item


def _read(token: tokenize.TokenInfo, source: SourceFile) -> Suppression | None:
    """The suppression in a comment, for the comment's own line until its statement is known."""
    row, column = token.start
    base = source.line_starts[row - 1] + column
    match = _DIRECTIVE.search(token.string)
    if match is None:
        if _NOQA.search(token.string):
            return Suppression(base, base + len(token.string), (), row, row, noqa=True)
        return None
    word, rest = match["word"], match["rest"]
    start, end = base + match.start(), base + match.end()
    names = (
        () if rest is None else tuple(name.strip() for name in rest.strip("[]").split(",") if name.strip())
    )
    problem = _problem(word, rest, names)
    if problem == "":
        return None
    return Suppression(start, end, names, row, row, file_wide=word == "file-ignore", problem=problem)


def _problem(word: str, rest: str | None, names: tuple[str, ...]) -> str | None:
    """What is wrong with a directive; the empty string for a comment that is only prose about kerasast."""
    if word not in _WORDS:
        close = difflib.get_close_matches(word, _WORDS, n=1)
        if rest is None and not close:
            return ""
        hint = f"; did you mean `{close[0]}`?" if close else ""
        return f"`{word}` is not a suppression{hint}"
    if rest is not None and not rest.endswith("]"):
        return "the bracket of this suppression is never closed"
    if rest is not None and not names:
        return "this suppression names no rule"
    return None
