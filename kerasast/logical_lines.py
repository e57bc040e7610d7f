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


class LogicalLines:
    """The normal texts of a file's statements."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._starts: list[int] = []
        self._texts: list[str] = []
        self._ends: list[int] = []
        for start, end, comments in _logical_lines(source):
            self._starts.append(start)
            self._ends.append(end)
            self._texts.append(normal_text(_without(source.code, start, end, comments)))

    def text_at(self, offset: int) -> str:
        """The normal text of the statement at an offset; of the line, where there is no statement."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset <= self._ends[index]:
            return self._texts[index]
        return normal_text(self._source.line_text(self._source.line_at(offset)))


def normal_text(code: str) -> str:
    """Code without line breaks, needless spaces and last commas; text in strings loses spaces as well."""
    spaced = _SPACE.sub(" ", code.strip())
    marked = _WORDS_APART.sub("\0", spaced)
    return _LAST_COMMA.sub("", marked.replace(" ", "")).replace("\0", " ")


def _logical_lines(source: SourceFile) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Where statements start and end, and the comments inside them, as offsets."""
    first: int | None = None
    comments: list[tuple[int, int]] = []
    for token in tokens(source):
        if token.type == tokenize.NEWLINE:
            if first is not None:
                yield first, _offset(source, token), comments
            first, comments = None, []
        elif token.type == tokenize.COMMENT:
            if first is not None:
                start = _offset(source, token)
                comments.append((start, start + len(token.string)))
        elif token.type not in _LAYOUT and first is None:
            first = _offset(source, token)


def _offset(source: SourceFile, token: tokenize.TokenInfo) -> int:
    return source.line_starts[token.start[0] - 1] + token.start[1]


def _without(code: str, start: int, end: int, comments: list[tuple[int, int]]) -> str:
    parts = []
    for left, right in comments:
        parts.append(code[start:left])
        start = right
    return "".join([*parts, code[start:end]])
