"""A piece of code with what there is to say about it drawn under its lines, as rustc draws it.

10 | model = keras.Sequential([keras.layers.Dense(1)])
   |         ----------------------------------------- created here
11 | model.summary()
12 | model.save("model.keras")
   | ^^^^^^^^^^^^^^^^^^^^^^^^^
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerasast.diagnostics import Span
from kerasast.output.row import CUT, Canvas, Row
from kerasast.output.terminal import Palette, printable, width
from kerasast.source import SourceFile

CONTEXT = 1
"""How many lines are shown before and after the primary span."""

LONGEST_BLOCK = 8
"""A span of more lines than this is shown without its middle."""

MIN_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Label:
    """A span and the text that belongs to it, perhaps empty. At most one label of a frame is primary."""

    span: Span
    text: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    """A label on one line of the file (counted from 1), between two columns, which count from 0."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A primary span of several lines, from a column of the first to one of the last: a bracket in the margin."""

    first: int
    start: int
    last: int
    end: int
    text: str

    @property
    def lines(self) -> range:
        return range(self.first, self.last + 1)


class Frame:
    """The frame of one file, or of one cell of a notebook."""

    def __init__(
        self, source: SourceFile, labels: Sequence[Label], palette: Palette, severity: str, columns: int
    ) -> None:
        """`severity` is the style of what is primary, `columns` the width that is available.

        `gutter`, the width of the column of numbers, may be widened until the frame is rendered.
        """
        self._source = source
        self._palette = palette
        self._severity = severity
        self._marks: list[_Mark] = []
        self._block: _Block | None = None
        for label in dict.fromkeys(labels):
            self._place(label)
        cell = source.cell_at(labels[0].span.start)
        self._before = 0 if cell is None else source.line_at(cell.start) - 1
        self._last = len(source.line_starts) if cell is None else source.line_at(cell.end)
        self._lines = self._choose_lines()
        self.gutter = len(str(self._lines[-1] - self._before))
        self._columns = max(MIN_COLUMNS, columns - self.gutter - 3 - (2 if self._block else 0))

    def _place(self, label: Label) -> None:
        source = self._source
        start, end = label.span.start, max(label.span.start, label.span.end)
        first, last = source.line_at(start), source.line_at(end)
        if last > first and end == source.line_starts[last - 1]:
            last -= 1
            end = source.line_starts[last - 1] + len(source.line_text(last))
        column = start - source.line_starts[first - 1]
        final = end - source.line_starts[last - 1]
        if first < last and label.primary:
            self._block = _Block(first, column, last, max(final, 1), label.text)
            return
        if first < last:  # of a step, the first line is enough to find it
            final = len(source.line_text(first).rstrip())
        self._marks.append(_Mark(first, column, max(final, column + 1), label.text, label.primary))

    def _choose_lines(self) -> list[int]:
        """The lines to show, in order: those with labels, and some around the primary span."""
        labelled = {mark.line for mark in self._marks}
        centre = [mark.line for mark in self._marks if mark.primary]
        if self._block is not None:
            lines = self._block.lines
            half = LONGEST_BLOCK // 2
            labelled.update(lines if len(lines) <= LONGEST_BLOCK else [*lines[:half], *lines[-half:]])
            centre = [lines[0], lines[-1]]
        chosen = set(labelled)
        for line in centre:
            context = range(max(self._before + 1, line - CONTEXT), min(self._last, line + CONTEXT) + 1)
            chosen.update(near for near in context if self._source.line_text(near).strip())
        # A mark for one line that is left out would take as much room as the line.
        chosen.update(line + 1 for line in tuple(chosen) if line + 2 in chosen)
        return sorted(chosen)

    def render(self) -> Iterator[str]:
        """The lines of the frame, from the first line of code to the last line of code or labels."""
        for index, line in enumerate(self._lines):
            if index and line > self._lines[index - 1] + 1:
                yield self._gap(self._lines[index - 1])
            yield from self._render_line(line)

    def _gap(self, line: int) -> str:
        """What stands for the lines left out after `line`."""
        inside = self._block is not None and self._block.first <= line < self._block.last
        return self._palette.paint(CUT, "frame") + (" " * self.gutter + self._bar("|") if inside else "")

    def _render_line(self, line: int) -> Iterator[str]:
        """A line and what is said about it. A line that is cut is repeated for marks too far apart to be seen."""
        marks = sorted(
            (mark for mark in self._marks if mark.line == line), key=lambda mark: (mark.start, mark.end)
        )
        text = self._source.line_text(line)
        for group in self._groups(text, marks):
            yield from self._render_row(line, group, Row(text, *self._wanted(line, group), self._columns))

    def _groups(self, text: str, marks: list[_Mark]) -> list[list[_Mark]]:
        """The marks of a line, as many together as can be seen at once."""
        groups: list[list[_Mark]] = [[]]
        for mark in marks:
            group = [*groups[-1], mark]
            if groups[-1] and not Row.fits(text, group[0].start, mark.end, self._columns):
                groups.append([mark])
            else:
                groups[-1] = group
        return groups

    def _render_row(self, line: int, marks: list[_Mark], row: Row) -> Iterator[str]:
        block = self._block
        number = str(line - self._before).rjust(self.gutter)
        opens = block is not None and line == block.first
        at_indent = block is not None and not self._source.line_text(block.first)[: block.start].strip()
        margin = self._margin(line, ("/" if at_indent else " ") if opens else "|")
        yield f"{self._palette.paint(f'{number} |', 'frame')} {margin}{row.text}".rstrip()
        if block is not None and opens and not at_indent:
            yield f"{self.edge()} {self._bar(' ' + '_' * (row.column(block.start) + 1) + '^')}"
        margin = self._margin(line, "|")
        for annotation in self._annotations(marks, row):
            yield f"{self.edge()} {margin}{annotation}".rstrip()
        if block is not None and line == block.last:
            text = f" {printable(block.text)}" if block.text else ""
            yield f"{self.edge()} {self._bar('|' + '_' * (row.column(block.end - 1) + 1) + '^' + text)}"

    def _wanted(self, line: int, marks: Sequence[_Mark]) -> tuple[int, int]:
        """The columns of a line that must be seen."""
        ranges = [(mark.start, mark.end) for mark in marks]
        if self._block is not None and line == self._block.first:
            ranges.append((self._block.start, self._block.start + 1))
        if self._block is not None and line == self._block.last:
            ranges.append((self._block.end - 1, self._block.end))
        return min((start for start, _ in ranges), default=0), max((end for _, end in ranges), default=0)

    def _margin(self, line: int, bar: str) -> str:
        """The part of the block's bracket that stands beside a line."""
        if self._block is None:
            return ""
        return self._bar(bar if line in self._block.lines else " ") + " "

    def _annotations(self, marks: Sequence[_Mark], row: Row) -> Iterator[str]:
        """The underlines of the marks on a line, then the texts that have no place beside their underline."""
        if not marks:
            return
        extents = [row.extent(mark.start, mark.end) for mark in marks]
        canvas = Canvas()
        for mark, (start, end) in sorted(zip(marks, extents, strict=True), key=lambda item: item[0].primary):
            canvas.write(start, ("^" if mark.primary else "-") * (end - start), mark.primary)
        waiting = [(start, mark) for mark, (start, _) in zip(marks, extents, strict=True) if mark.text]
        last, (_, end) = marks[-1], extents[-1]
        is_rightmost = end == max(reach for _, reach in extents)
        if last.text and is_rightmost and end + 1 + width(printable(last.text)) <= self._columns:
            canvas.write(end + 1, printable(last.text), last.primary)
            waiting.pop()
        yield canvas.render(self._style)
        yield from self._hanging(waiting)

    def _hanging(self, waiting: list[tuple[int, _Mark]]) -> Iterator[str]:
        """Texts under their underlines, the rightmost first, tied to them by bars."""
        if waiting:
            yield self._bars(waiting).render(self._style)
        while waiting:
            column, mark = waiting.pop()
            canvas = self._bars([item for item in waiting if item[0] < column])
            canvas.write(column, printable(mark.text), mark.primary)
            yield canvas.render(self._style)

    def _bars(self, waiting: Sequence[tuple[int, _Mark]]) -> Canvas:
        canvas = Canvas()
        for column, mark in waiting:
            canvas.write(column, "|", mark.primary)
        return canvas

    def _style(self, text: str, primary: bool) -> str:
        return self._palette.paint(text, self._severity if primary else "note") if text.strip() else text

    def _bar(self, text: str) -> str:
        return self._style(text, True)

    def edge(self) -> str:
        """An empty line of the frame."""
        return self._palette.paint(" " * self.gutter + " |", "frame")
