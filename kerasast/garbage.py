"""Garbage collection while much is made and little is thrown away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 1_000_000
"""New objects between two collections; Python's own default is 700."""


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collect garbage rarely, and as before afterwards.

    Syntax trees and the states of objects are very many small objects, of which nearly all stay: looking through
    them again and again took half of the time of an analysis, and once for all still a tenth. What is no garbage is
    not collected either way; the rest is up to 150 MB.

    Python looks through all of them when this ends: a command should not let it end before it does.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(RARELY, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_when_told() -> None:
    """Collect garbage in `collect` alone from now on: it would come when somebody waits."""
    gc.disable()


def collect() -> None:
    """Collect garbage now."""
    gc.collect()


def keep() -> None:
    """Take all that there is now for something that stays, so that nobody looks for garbage in it."""
    gc.collect()
    gc.freeze()
