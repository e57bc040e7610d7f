"""The statements of a file as Python's tokenizer sees them, and a text for each that survives reformatting.

A logical line is a simple statement, or the header of a compound one. Its *normal text* has neither comments nor line
breaks nor spaces, except between two words, and no comma before a closing bracket: it stays the same when the statement
moves or is wrapped, and it does not depend on the version of Python.
"""

from __future__ import annotations

import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from kerasast.source import SourceFile

_SPACE = re.compile(r"(?:\s|\\\r?\n)+")
_WORDS_APART = re.compile(r"(?<=\w) (?=\w)")
_LAST_COMMA = re.compile(r",(?=[)\]}])")
_LAYOUT = frozenset(
    {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.NEWLINE}
)


def tokens(source: SourceFile) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a file as far as it can be tokenized, with the rows of `SourceFile.line_starts`."""
    starts = source.line_starts
    lines = (source.code[a:b].rstrip("\r\n") + "\n" for a, b in zip(starts, [*starts[1:], None], strict=True))
    try:
        yield from tokenize.generate_tokens(partial(next, lines, ""))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """A statement: where it starts, where its last line ends, and the comments in it, as offsets."""

    start: int
    end: int
    comments: tuple[tuple[int, int], ...]


class LogicalLines:
    """The statements of a file."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._lines = list(_logical_lines(source))
        self._texts: dict[int, str] = {}

    def at(self, offset: int) -> LogicalLine | None:
        """The statement at an offset, if there is one."""
        index = bisect_right(self._lines, offset, key=lambda line: line.start) - 1
        return self._lines[index] if index >= 0 and offset <= self._lines[index].end else None

    def text_at(self, offset: int) -> str:
        """The normal text of the statement at an offset; of the line, where there is no statement."""
        line = self.at(offset)
        if line is None:
            return normal_text(self._source.line_text(self._source.line_at(offset)))
        if line.start not in self._texts:
            self._texts[line.start] = normal_text(_without_comments(self._source.code, line))
        return self._texts[line.start]


def normal_text(code: str) -> str:
    """Code without line breaks, needless spaces and last commas; text in strings loses spaces as well."""
    spaced = _SPACE.sub(" ", code.strip())
    marked = _WORDS_APART.sub("\0", spaced)
    return _LAST_COMMA.sub("", marked.replace(" ", "")).replace("\0", " ")


def _logical_lines(source: SourceFile) -> Iterator[LogicalLine]:
    first: int | None = None
    comments: list[tuple[int, int]] = []
    for token in tokens(source):
        if token.type == tokenize.NEWLINE:
            if first is not None:
                yield LogicalLine(first, _offset(source, token), tuple(comments))
            first, comments = None, []
        elif token.type == tokenize.COMMENT:
            if first is not None:
                start = _offset(source, token)
                comments.append((start, start + len(token.string)))
        elif token.type not in _LAYOUT and first is None:
            first = _offset(source, token)


def _offset(source: SourceFile, token: tokenize.TokenInfo) -> int:
    return source.line_starts[token.start[0] - 1] + token.start[1]


def _without_comments(code: str, line: LogicalLine) -> str:
    parts = []
    start = line.start
    for left, right in line.comments:
        parts.append(code[start:left])
        start = right
    return "".join([*parts, code[start : line.end]])
