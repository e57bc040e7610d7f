"""One line of code as it is shown, and the lines of annotations under it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import accumulate, groupby

from kerasast.output.terminal import cells, width

CUT = "..."
"""Stands for what is cut off a line, and for lines that are left out."""

_LEAD = 12


class Row:
    """A line of code in at most `columns` columns, cut around the code-point columns `start` to `end`."""

    def __init__(self, line: str, start: int, end: int, columns: int) -> None:
        self._pieces = cells(line)
        self._offsets = [0, *accumulate(map(width, self._pieces))]
        total = self._offsets[-1]
        self._left, self._right = (0, total) if total <= columns else self._window(start, end, columns)
        first = bisect_left(self._offsets, self._left)
        last = bisect_right(self._offsets, self._right) - 1
        self._left = self._offsets[first]
        body = "".join(self._pieces[first:last])
        self._lead = len(CUT) if self._left else 0
        self.text = CUT[: self._lead] + body + (CUT if self._right < total else "")

    @staticmethod
    def fits(line: str, start: int, end: int, columns: int) -> bool:
        """Whether a line can be shown in `columns` columns with all of the range from `start` to `end`."""
        pieces = cells(line)
        return sum(map(width, pieces)) <= columns or sum(map(width, pieces[start:end])) <= columns - 2 * len(
            CUT
        )

    def _window(self, start: int, end: int, columns: int) -> tuple[int, int]:
        """The range of display columns to show of a line that is too long."""
        wanted_start, wanted_end = self._at(start), self._at(end)
        room = columns - len(CUT)
        if wanted_end <= room:
            return 0, room
        room -= len(CUT)
        left = max(0, wanted_start - _LEAD)
        if wanted_end - left > room:
            left = max(0, min(wanted_start, wanted_end - room))
        return left, min(left + room, self._offsets[-1])

    def _at(self, column: int) -> int:
        beyond = max(0, column - len(self._pieces))
        return self._offsets[column - beyond] + beyond

    def column(self, column: int) -> int:
        """The display column, from 0, of a code-point column."""
        return max(self._at(column) - self._left, 0) + self._lead if self._lead else self._at(column)

    def extent(self, start: int, end: int) -> tuple[int, int]:
        """The display columns of a range of code-point columns, as far as it is shown; never empty."""
        first = self.column(start)
        limit = len(CUT) + self._right - self._left + self._lead if self._is_cut else self.column(end)
        return first, max(first + 1, min(self.column(end), limit))

    @property
    def _is_cut(self) -> bool:
        return self._right < self._offsets[-1]


class Canvas:
    """A line that is drawn on in two styles: what is drawn later covers what was drawn before."""

    def __init__(self) -> None:
        self._chars: list[str] = []
        self._primary: list[bool] = []

    def write(self, column: int, text: str, primary: bool) -> None:
        """Put a text at a column, counted from 0."""
        missing = column + len(text) - len(self._chars)
        self._chars += " " * missing
        self._primary += [False] * missing
        self._chars[column : column + len(text)] = text
        self._primary[column : column + len(text)] = [primary] * len(text)

    def render(self, style: Callable[[str, bool], str]) -> str:
        """The line, with `style(text, primary)` applied to its parts."""
        runs = groupby(zip(self._chars, self._primary, strict=True), key=lambda item: item[1])
        return "".join(style("".join(char for char, _ in run), primary) for primary, run in runs)
