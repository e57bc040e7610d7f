"""Pasted error reports: cleaned of what terminals, notebooks and logs add, with the places in code that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_BARE_ANSI = re.compile(r"\[(?:\d{1,3};)*\d{1,3}m(?!\])")
"""Colours whose escape character was lost on the way, as notebooks and logs show them: `[1mtext[0m`."""

_MARGIN = re.compile(r"^(?:>\s?)+|^E\s{2,}|^\s*[│┃║|]\s?|\s*[│┃║]$|^[╭╰┌└].*[╮╯┐┘]$")
"""What stands around a line: quotation marks of mails, pytest's `E`, the frame of a box."""

_OP = re.compile(r"\{\{\w+ [^{}]*\}\}\s*")
"""What TensorFlow puts before the text of an operation: `{{function_node …}}`."""

_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u2032", "'") | dict.fromkeys("\u201c\u201d\u201e\u2033", '"')
)

_PLACES = (
    # Python; IPython 8 writes `File ~/a.py:12, in f(x)`.
    re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>[\w<>.]+))?'),
    re.compile(r"^\s*File (?P<path>[^\"\s][^:\n]*?):(?P<line>\d+)(?:, in (?P<function>[\w<>.]+))?"),
    # pytest, rich and the warnings module: `a.py:12: in f`, `a.py:12 in f`, `a.py:12: UserWarning: ...`.
    re.compile(r"^\s*(?P<path>[^\s:\"'<>][^:\n\"'<>]*\.py):(?P<line>\d+)(?::? in (?P<function>[\w<>.]+)|:)"),
)
_ARROW = re.compile(r"^-+>\s*(\d+)\s(.*)$")
_OLD_HEAD = re.compile(r"^(?P<path>[~/\w][^\s]*\.py) in (?P<function>[\w<>.]+)\(")
"""A frame as IPython 7 writes it; its line is where the arrow below points."""

_LIBRARY = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|lib/python\d[\d.]*|lib64/python\d[\d.]*)/|^<|/importlib/"
)
_KERAS = re.compile(r"/(?:keras|tf_keras|tensorflow|keras_core|tensorflow_estimator)/")


@dataclass(frozen=True, slots=True)
class Frame:
    """A place that a report names. `path` is as it stands there, `code` the line of code shown, if one is."""

    path: str
    line: int
    function: str = ""
    code: str = ""

    @property
    def in_library(self) -> bool:
        """Whether it is in an installed package, or in no file at all."""
        return _LIBRARY.search(self.path.replace("\\", "/")) is not None

    @property
    def in_keras(self) -> bool:
        """Whether it is in Keras or TensorFlow as installed."""
        return self.in_library and _KERAS.search(self.path.replace("\\", "/")) is not None


def clean(text: str) -> str:
    """The report without colours, frames around lines and names of operations, with plain quotation marks."""
    text = _OP.sub("", _BARE_ANSI.sub("", _ANSI.sub("", text))).translate(_QUOTES)
    lines = (line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").rstrip("\r").split("\n"))
    return "\n".join(_MARGIN.sub("", _MARGIN.sub("", line)).rstrip() for line in lines)


def frames(cleaned: str) -> list[Frame]:
    """The places that a cleaned report names, in its order."""
    lines = cleaned.split("\n")
    return list(_frames(lines))


def _frames(lines: list[str]) -> Iterator[Frame]:
    for number, line in enumerate(lines):
        match = next((found for pattern in _PLACES if (found := pattern.search(line))), None)
        below = lines[number + 1 : number + 12]
        if match is not None:
            yield Frame(
                match["path"], int(match["line"]), match["function"] or "", _code(int(match["line"]), below)
            )
        elif head := _OLD_HEAD.match(line):
            arrow = next((found for text in below if (found := _ARROW.match(text))), None)
            if arrow is not None:
                yield Frame(head["path"], int(arrow[1]), head["function"], arrow[2].strip())


def _code(line: int, below: Sequence[str]) -> str:
    """The line of code that stands under the head of a frame: with an arrow, or as the next line, indented."""
    arrows = (_ARROW.match(text) for text in below)
    arrow = next((found for found in arrows if found and int(found[1]) == line), None)
    if arrow is not None:
        return arrow[2].strip()
    first = below[0] if below else ""
    return first.strip() if re.match(r"    \s*(?!File |Traceback|\d+ )\S", first) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A frame in a file that exists here."""

    path: Path
    line: int


def places_here(found: Iterable[Frame], folder: Path) -> list[Place]:
    """The frames that lie in files which exist, as seen from `folder`, and belong to no installed package.

    A path of another machine stands for the file under `folder` with the longest same ending, if the code that the
    report shows stands on that line there.
    """
    places: dict[Place, None] = {}
    for frame in found:
        path = None if frame.in_library else _resolve(frame, folder)
        if path is not None:
            places.setdefault(Place(path, frame.line))
    return list(places)


def _resolve(frame: Frame, folder: Path) -> Path | None:
    try:
        named = Path(frame.path).expanduser()
        if (folder / named).is_file():
            return folder / named
        parts = Path(frame.path.replace("\\", "/")).parts
        for start in range(1, len(parts)):
            candidate = folder.joinpath(*parts[start:])
            if candidate.is_file() and frame.code and _line(candidate, frame.line) == frame.code:
                return candidate
    except (OSError, RuntimeError, ValueError):  # a home that is unknown, a name too long, a null byte
        return None
    return None


def _line(path: Path, number: int) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[number - 1].strip() if number <= len(lines) else ""
