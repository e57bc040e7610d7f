"""Which Keras a verdict is for: a version, and ranges of versions that rules are limited to."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class KerasVersion:
    """A release of Keras by its first two numbers, e.g. `KerasVersion(3, 15)`."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> KerasVersion:
        """Parse `3`, `2.15` or `2.15.0`; a bare major means its newest known release.

        Raises:
            ValueError: `text` is not a version.
        """
        match = re.fullmatch(r"\s*v?(\d+)(?:\.(\d+))?(?:\.\w+)*\s*", text)
        if match is None:
            raise ValueError(f"{text!r} is not a Keras version such as 2.15 or 3.15")
        major = int(match[1])
        if match[2] is not None:
            return cls(major, int(match[2]))
        return cls(major, KERAS_2.minor if major <= 2 else KERAS_3.minor)


KERAS_2 = KerasVersion(2, 15)
"""The release of Keras 2 that the behaviour of rules is measured on."""

KERAS_3 = KerasVersion(3, 15)
"""The release of Keras 3 that the behaviour of rules is measured on; the default where nothing is known."""

_CLAUSE = re.compile(r"\s*(>=|<=|>|<|==)?\s*(\d+)(?:\.(\d+))?\s*")


@dataclass(frozen=True, slots=True)
class KerasRange:
    """A set of versions, written `>=2`, `<3`, `>=2.6,<3` or `2.15` (which means exactly that release)."""

    text: str
    clauses: tuple[tuple[str, tuple[int, ...]], ...]

    @classmethod
    def parse(cls, text: str) -> KerasRange:
        """Parse comma-separated clauses, all of which must hold.

        Raises:
            ValueError: a clause is not a comparison with a version.
        """
        clauses = []
        for part in text.split(","):
            match = _CLAUSE.fullmatch(part)
            if match is None:
                raise ValueError(f"{part!r} is not a range of Keras versions such as >=3")
            numbers = tuple(int(number) for number in match.groups()[1:] if number is not None)
            clauses.append((match[1] or "==", numbers))
        return cls(text, tuple(clauses))

    def __contains__(self, version: KerasVersion) -> bool:
        return all(_holds(version, operator, numbers) for operator, numbers in self.clauses)

    def __str__(self) -> str:
        return self.text


def _holds(version: KerasVersion, operator: str, numbers: tuple[int, ...]) -> bool:
    actual = (version.major, version.minor)[: len(numbers)]
    match operator:
        case ">=":
            return actual >= numbers
        case "<=":
            return actual <= numbers
        case ">":
            return actual > numbers
        case "<":
            return actual < numbers
        case _:
            return actual == numbers
