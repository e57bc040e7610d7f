"""Garbage is collected rarely during an analysis, and as before after it, also after a failure."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kerasast.garbage import RARELY, rare_collection


@pytest.fixture(autouse=True)
def _usual_threshold() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_rare_inside_and_as_before_outside() -> None:
    gc.set_threshold(700, 10, 10)
    with rare_collection():
        assert gc.get_threshold() == (RARELY, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_a_failure_restores_it() -> None:
    gc.set_threshold(700, 10, 10)

    @rare_collection()
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("threshold", [0, 2 * RARELY])
def test_what_is_rarer_stays(threshold: int) -> None:
    gc.set_threshold(threshold, 10, 10)
    with rare_collection():
        assert gc.get_threshold()[0] == threshold
