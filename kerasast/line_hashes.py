"""The hashes by which GitHub tells whether an alert is still the same one: `primaryLocationLineHash`.

Code scanning recognizes an alert by this value alone, and its upload action computes it for results that lack it and
warns of every other value (github/codeql-action, src/fingerprints.ts). So it is computed here in the same way: a
polynomial over the 100 characters from the start of the line, without blanks and tabs, with `\\n` for every line end,
and the number of the line among those of equal hash.
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import accumulate

BLOCK = 100
FACTOR = 37
END = 65535
"""Stands for the end of the file."""

_BITS = (1 << 64) - 1
_SHIFT = pow(FACTOR, BLOCK, 1 << 64)


def line_hashes(text: str) -> list[str]:
    """The hash of each line of a text, in order."""
    codes: list[int] = []
    starts = [0]
    # JavaScript's characters are UTF-16 code units
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    units = plain.encode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass")
    for code in memoryview(units).cast("H"):
        if code not in (0x20, 0x09):
            codes.append(code)
            if code == 0x0A:
                starts.append(len(codes))
    codes += [END, *[0] * BLOCK]
    sums = list(accumulate(codes, lambda total, code: (total * FACTOR + code) & _BITS, initial=0))
    counts: Counter[int] = Counter()
    hashes = []
    for start in starts:
        value = (sums[start + BLOCK] - sums[start] * _SHIFT) & _BITS
        counts[value] += 1
        hashes.append(f"{value:x}:{counts[value]}")
    return hashes
