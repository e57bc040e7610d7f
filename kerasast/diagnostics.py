"""What the analysis says: spans, edits, fixes, steps of a story, and diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeVar

_E = TypeVar("_E", bound=Enum)


def _parse_member(enum: type[_E], text: str) -> _E:
    try:
        return enum[text.upper()]
    except KeyError:
        choices = ", ".join(member.name.lower() for member in enum)
        raise ValueError(f"{text!r} is not one of {choices}") from None


class Severity(IntEnum):
    """How much harm is done: `ERROR` is lost or wrong state, or a certain crash."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    @classmethod
    def parse(cls, text: str) -> Severity:
        """Return the severity called `text` in any case.

        Raises:
            ValueError: `text` names no severity.
        """
        return _parse_member(cls, text)

    @property
    def label(self) -> str:
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the analysis is. Reports below `HIGH` are hidden unless asked for."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @classmethod
    def parse(cls, text: str) -> Confidence:
        """Return the confidence called `text` in any case.

        Raises:
            ValueError: `text` names no confidence.
        """
        return _parse_member(cls, text)

    @property
    def label(self) -> str:
        return self.name.lower()


class Applicability(Enum):
    """Whether a fix keeps the meaning of the program (`SAFE`), may change it, or is only shown."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)` of code-point offsets into `SourceFile.text`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text under `span` by `text`; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair of one file: `title` is an imperative sentence without a full stop."""

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story that ends in a diagnostic. `path` may be another file than the diagnostic's."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `path` is as the user named it, `span` is in that file, `cell` is a notebook's cell number.

    `cell` counts code cells from 1, in file order; it is `None` outside notebooks.
    """

    rule: str
    path: str
    span: Span
    message: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    steps: tuple[Step, ...] = ()
    fix: Fix | None = None
    cell: int | None = None
    help: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        return (self.path, self.span.start, self.span.end, self.rule)
