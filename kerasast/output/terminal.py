"""Text for terminals: how wide characters are, and what must never reach one as it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

TAB = "    "

_INVISIBLE = frozenset({"Mn", "Me", "Cf"})
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def char_width(char: str) -> int:
    """How many columns a terminal gives to a character."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """How many columns a terminal gives to a text without control characters."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def printable(text: str) -> str:
    """A text on one line, with an escape sequence for everything that would not stay there or would not show.

    Those are control characters, line separators, changes of the writing direction, and lone surrogates, which
    stand for the undecodable bytes of file names.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _escape(char) for char in text)


def _is_harmless(char: str) -> bool:
    if char in _BIDI:
        return False
    category = unicodedata.category(char)
    return category not in ("Cc", "Cs", "Zl", "Zp")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def cells(line: str) -> list[str]:
    """What is shown for each code point of a line of code: tabs as spaces, control characters as pictures."""
    return [_cell(char) for char in line]


def _cell(char: str) -> str:
    if char == "\t":
        return TAB
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    return char if char.isascii() or _is_harmless(char) else "\ufffd"


@dataclass(frozen=True, slots=True)
class Palette:
    """The styles of the report; without `color` all of them leave text as it is."""

    color: bool

    def paint(self, text: str, style: str) -> str:
        """`text` in a named style."""
        if not self.color or not text:
            return text
        import click

        return click.style(text, **_STYLES[style])


_STYLES: dict[str, dict[str, Any]] = {
    "error": {"fg": "bright_red", "bold": True},
    "warning": {"fg": "bright_yellow", "bold": True},
    "info": {"fg": "bright_cyan", "bold": True},
    "good": {"fg": "bright_green", "bold": True},
    "frame": {"fg": "bright_blue", "bold": True},
    "note": {"fg": "bright_blue", "bold": True},
    "help": {"fg": "bright_cyan", "bold": True},
    "added": {"fg": "green"},
    "removed": {"fg": "red"},
    "plain": {},
    "strong": {"bold": True},
    "dim": {"dim": True},
}
