"""What stands between brackets, separated by commas: arguments, parameters, elements; adding and removing one."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.edits import Edits
from kerasast.source import SourceFile

_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_TRIVIA = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


@dataclass(frozen=True, slots=True)
class Item:
    """One item: where it starts and ends, and the offset of the comma after it, if there is one."""

    start: int
    end: int
    comma: int | None


@dataclass(frozen=True, slots=True)
class Items:
    """The items between the brackets at the offsets `open` and `close`."""

    source: SourceFile
    open: int
    close: int
    items: tuple[Item, ...]

    def append(self, *texts: str) -> Edits:
        """Add items at the end, in the style of the others: on the same line, or each on its own."""
        if not self.items:
            return (_insert(self.open + 1, ", ".join(texts)),)
        last = self.items[-1]
        if not self._stacked:
            if last.comma is None:
                return (_insert(last.end, "".join(f", {text}" for text in texts)),)
            return (_insert(last.comma + 1, f" {', '.join(texts)}"),)
        indent = _indent(self.source, last.start)
        line = ",".join(f"\n{indent}{text}" for text in texts)
        if last.comma is None:
            return (_insert(last.end, ","), _insert(_line_end(self.source, last.end), line))
        return (_insert(_line_end(self.source, last.comma), f"{line},"),)

    def insert(self, index: int, text: str) -> Edits:
        """Add an item before the one at `index`; at the end if there is none."""
        if index >= len(self.items):
            return self.append(text)
        place = self.items[index].start
        between = f",\n{_indent(self.source, place)}" if self._stacked else ", "
        return (_insert(place, f"{text}{between}"),)

    def remove(self, index: int) -> Edits:
        """Take out an item, with its comma, and with its line where it has one of its own."""
        item = self.items[index]
        last = index == len(self.items) - 1
        before = self.items[index - 1] if index else None
        if self._stacked and (before is not None or not last):
            lines = Span(_line_start(self.source, item.start), _line_end(self.source, item.comma or item.end))
            following = re.match(r"\r\n|\n|\r|", self.source.text[lines.end :])
            edits = [Edit(Span(lines.start, lines.end + (following.end() if following else 0)), "")]
            if last and item.comma is None and before is not None and before.comma is not None:
                edits.append(Edit(Span(before.comma, before.comma + 1), ""))
            return tuple(edits)
        if not last:
            span = Span(item.start, self.items[index + 1].start)
        elif before is not None:
            span = Span(before.end, item.end)
        else:
            span = Span(self.open + 1, self.close)
        if "#" in self.source.text[span.start : span.end].replace(
            self.source.text[item.start : item.end], ""
        ):
            return None  # a comment would be lost
        return (Edit(span, ""),)

    @property
    def _stacked(self) -> bool:
        """Whether each item is on a line of its own, and the brackets too."""
        line_at = self.source.line_at
        lines = [line_at(item.start) for item in self.items]
        ends = [line_at(item.comma or item.end) for item in self.items]
        return (
            lines[0] > line_at(self.open) and line_at(self.close) > ends[-1] and len(lines) == len({*lines})
        )


def call_items(source: SourceFile, call: ast.Call) -> Items | None:
    """The arguments of a call, in the order of the text; `None` if they cannot be told apart."""
    span = source.span(call)
    found = _last_brackets(source, span)
    if found is None or len(found.items) != len(call.args) + len(call.keywords):
        return None
    return found


def dict_items(source: SourceFile, node: ast.Dict) -> Items | None:
    """The entries of a dict that is written out; `None` if they cannot be told apart."""
    found = _last_brackets(source, source.span(node))
    return found if found is not None and len(found.items) == len(node.keys) else None


def parameter_items(source: SourceFile, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Items | None:
    """The parameters of a function, with the lone `*` and `/`; `None` if they cannot be told apart."""
    end = source.span(function.body[0]).start
    after = source.header_span(function).end
    for brackets in _brackets(source, Span(after, end), ""):
        if source.code[brackets.open] == "(" and not source.code[after : brackets.open].strip():
            return brackets
    return None  # such as for a generic function


def import_items(source: SourceFile, node: ast.ImportFrom) -> Items | None:
    """The names in the parentheses of `from … import (…)`; `None` where there are none."""
    found = _last_brackets(source, source.span(node))
    return found if found is not None and len(found.items) == len(node.names) else None


def _last_brackets(source: SourceFile, span: Span) -> Items | None:
    """The brackets that the text under a span ends with."""
    found = [brackets for brackets in _brackets(source, span, "(") if brackets.close == span.end - 1]
    return found[-1] if found else None


def _brackets(source: SourceFile, span: Span, lead: str) -> Iterator[Items]:
    """All pairs of brackets in a piece of code, inner ones first. `lead` opens a bracket around all of it."""
    stack: list[_Open] = []
    for kind, text, start, end in _tokens(source.code, span, lead):
        if kind in _TRIVIA:
            continue
        if kind == tokenize.OP and text in _CLOSE:
            if not stack:
                return
            yield stack.pop().closed(source, start)
        if stack:
            stack[-1].add(kind, text, start, end)
        if kind == tokenize.OP and text in _OPEN:
            stack.append(_Open(start))


class _Open:
    """A bracket that is not closed yet."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._items: list[Item] = []
        self._start: int | None = None
        self._end = offset
        self._lambdas = 0

    def add(self, kind: int, text: str, start: int, end: int) -> None:
        """Take the next token between the brackets, but outside of inner ones."""
        if text == "," and kind == tokenize.OP and not self._lambdas and self._start is not None:
            self._items.append(Item(self._start, self._end, start))
            self._start = None
            return
        if text == "lambda":
            self._lambdas += 1
        elif text == ":" and self._lambdas:
            self._lambdas -= 1
        self._start = start if self._start is None else self._start
        self._end = end

    def closed(self, source: SourceFile, close: int) -> Items:
        if self._start is not None:
            self._items.append(Item(self._start, self._end, None))
        return Items(source, self._offset, close, tuple(self._items))


def _tokens(code: str, span: Span, lead: str) -> Iterator[tuple[int, str, int, int]]:
    """Kind, text, and offsets in `code` of the tokens of a piece of it; they end at the first that is none."""
    text = lead + code[span.start : span.end]
    shift = span.start - len(lead)
    lines = [*re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$", text)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    supply = iter([*lines, ""])
    try:
        for token in tokenize.generate_tokens(lambda: next(supply, "")):
            start = starts[token.start[0] - 1] + token.start[1]
            end = starts[token.end[0] - 1] + token.end[1] if token.end[0] <= len(lines) else len(text)
            yield token.type, token.string, start + shift, end + shift
    except (tokenize.TokenError, SyntaxError, IndexError):
        return


def _insert(offset: int, text: str) -> Edit:
    return Edit(Span(offset, offset), text)


def _line_start(source: SourceFile, offset: int) -> int:
    return source.line_starts[source.line_at(offset) - 1]


def _line_end(source: SourceFile, offset: int) -> int:
    """Where the line that holds an offset ends, before its line end."""
    line = source.line_at(offset)
    return source.line_starts[line - 1] + len(source.line_text(line))


def _indent(source: SourceFile, offset: int) -> str:
    line = source.line_text(source.line_at(offset))
    return line[: len(line) - len(line.lstrip(" \t"))]
