"""The generator gives the same programs every time, programs are Python, and kerasast stands all of them."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from hypothesis import given, settings
from hypothesis import strategies as st

from differential.choices import Drawn, Seeded, weigh
from differential.comparison import report
from differential.grammar import Program
from differential.harness import generate
from differential.rendering import render
from differential.strategies import draw_program


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program that Hypothesis has decided on."""
    return draw_program(Drawn(draw))


def test_the_seed_decides() -> None:
    first = [case.source for case in generate(5, 20)]
    assert first == [case.source for case in generate(5, 20)]
    assert first[7:] == [case.source for case in generate(5, 13, first=7)]
    assert first != [case.source for case in generate(6, 20)]


def test_programs_differ() -> None:
    assert len({case.source for case in generate(5, 100)}) > 95


def test_weights_are_proportions() -> None:
    choices = Seeded("x")
    drawn = [weigh(choices, {"often": 90, "seldom": 10, "never": 0}) for _ in range(1000)]
    assert 850 < drawn.count("often") < 950
    assert "never" not in drawn


@pytest.mark.parametrize("version", ["2.15", "3.15"])
def test_kerasast_stands_programs(version: str) -> None:
    for case in generate(5, 60):
        for text in case.files.values():
            ast.parse(text)
        assert "internal-error" not in {item.rule for item in report(case, version)}, case.source


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(programs())
def test_every_program_is_python(program: Program) -> None:
    for text in render(program).values():
        ast.parse(text)
