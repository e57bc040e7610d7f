"""The hashes by which GitHub tells whether an alert is still the same one: `primaryLocationLineHash`.

Code scanning recognizes an alert by this value alone, and its upload action computes it for results that lack it and
warns of every other value (github/codeql-action, src/fingerprints.ts). So it is computed here in the same way: a
polynomial over the 100 characters from the start of the line, without blanks and tabs, with `\\n` for every line end,
and the number of the line among those of equal hash.
"""

from __future__ import annotations

import re
from collections import Counter

BLOCK = 100
FACTOR = 37
END = "\uffff"
"""Stands for the end of the file."""

_BITS = (1 << 64) - 1
_LINE_END = re.compile("\n")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class LineHashes:
    """The hashes of the lines of one text."""

    def __init__(self, text: str) -> None:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
        # JavaScript's characters are UTF-16 code units.
        units = plain if plain.isascii() else _ASTRAL.sub(lambda match: _halves(match.group()), plain)
        padded = units + END + "\0" * BLOCK
        starts = [0, *(match.end() for match in _LINE_END.finditer(units))]
        self._windows = [padded[start : start + BLOCK] for start in starts]
        self._numbers: list[int] = []
        counts: Counter[str] = Counter()
        for window in self._windows:
            counts[window] += 1
            self._numbers.append(counts[window])

    def __len__(self) -> int:
        return len(self._windows)

    def of(self, row: int) -> str:
        """The hash of a row, counted from 1."""
        value = 0
        for character in self._windows[row - 1]:
            value = (value * FACTOR + ord(character)) & _BITS
        return f"{value:x}:{self._numbers[row - 1]}"


def _halves(character: str) -> str:
    """A character beyond the first 65,536 as the two surrogates that UTF-16 writes it with."""
    high, low = divmod(ord(character) - 0x10000, 0x400)
    return chr(0xD800 + high) + chr(0xDC00 + low)
