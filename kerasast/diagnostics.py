"""What the analysis says: spans, edits, fixes, steps of a story, and diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class _Level(IntEnum):
    """Levels in rising order, called by their names in lower case."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the level called `text` in any case.

        Raises:
            ValueError: `text` names no level.
        """
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not one of {', '.join(level.label for level in cls)}") from None

    @property
    def label(self) -> str:
        return self.name.lower()


class Severity(_Level):
    """How much harm is done: `ERROR` is lost or wrong state, or a certain crash."""

    INFO = 0
    WARNING = 1
    ERROR = 2


class Confidence(_Level):
    """How sure the analysis is. Reports below `HIGH` are hidden unless asked for."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


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
class FileEdits:
    """Edits of one file; `path` is as in the diagnostics of that file."""

    path: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair: `title` is an imperative sentence without a full stop.

    `edits` are those of the diagnostic's own file, `elsewhere` those of others. All of them are made, or none.
    """

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    elsewhere: tuple[FileEdits, ...] = ()


MakeFix = Callable[[], Fix | None]
"""Computes a fix when it is known to be wanted; `None` if the code is such that there is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story that ends in a diagnostic. `path` may be another file than the diagnostic's."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `path` is as the user named it, `span` is in that file, `cell` is a notebook's cell number.

    `cell` counts code cells from 1, in file order; it is `None` outside notebooks. `make_fix` is for the engine, which
    replaces it by the `fix` that it makes; no diagnostic of a result has it.
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
    make_fix: MakeFix | None = field(default=None, repr=False, compare=False)

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        return (self.path, self.span.start, self.span.end, self.rule)
