"""Where the generator's decisions come from: a seed, or Hypothesis.

The strategies are written against `Choices` alone. From a seed they give the same programs with every version of
Python and Hypothesis, in the proportions that the weights say: that is for batches in real Keras. From Hypothesis
they give programs that shrink: that is for properties of kerasast by itself.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

_T = TypeVar("_T")


class Choices(Protocol):
    """A source of decisions."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit - 1`."""
        ...


class Seeded:
    """Decisions that follow from a seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit - 1`."""
        return int(self._random.random() * limit)


class Drawn:
    """Decisions that Hypothesis makes, and shrinks towards the first alternative."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def below(self, limit: int) -> int:
        """A number from 0 to `limit - 1`."""
        from hypothesis import strategies

        return self._draw(strategies.integers(0, limit - 1))


def pick(choices: Choices, options: Sequence[_T]) -> _T:
    """One of the options, each as likely as the others."""
    return options[choices.below(len(options))]


def weigh(choices: Choices, options: Mapping[_T, int]) -> _T:
    """One of the options, each as likely as its weight says."""
    number = choices.below(sum(options.values()))
    for option, weight in options.items():
        number -= weight
        if number < 0:
            return option
    raise AssertionError("unreachable: the number is below the sum of the weights")


def chance(choices: Choices, percent: int) -> bool:
    """True in so many of a hundred cases."""
    return choices.below(100) >= 100 - percent
