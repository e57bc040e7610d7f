"""Real Keras and kerasast agree on generated programs, but for the limits that `limits.py` lists.

All programs run at once, in a fork each, before the first test of this file. A failing test shows its program;
`python tests/differential/run.py --show ID` runs one again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from environments import GENERATIONS, reason_missing

from differential.comparison import Comparison, Verdict, compare, describe
from differential.harness import Case, Observation, generate, observe
from differential.limits import LIMITS, Limit, limit_of
from kerasast.versions import KerasRange, KerasVersion

SEED = 1
PROGRAMS = 300

_MISSING = reason_missing()
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(_MISSING is not None, reason=_MISSING or "")]

CASES = generate(SEED, PROGRAMS)
VERSIONS = [generation.version for generation in GENERATIONS]


@pytest.fixture(scope="session")
def observations(request: pytest.FixtureRequest) -> dict[str, dict[str, Observation]]:
    """What real Keras shows of every program that a selected test wants to know of."""
    items = [item for item in request.session.items if item.path == Path(__file__)]
    params: list[Any] = [item.callspec.params for item in items if isinstance(item, pytest.Function)]
    wanted: list[Case] = [param["case"] for param in params if "case" in param]
    wanted += [param["limit"].case for param in params if "limit" in param]
    return observe({case.id: case for case in wanted}.values())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_verdicts_agree(case: Case, version: str, observations: dict[str, dict[str, Observation]]) -> None:
    comparison = compare(case, version, observations[version][case.id])
    if comparison.verdict.disagrees and limit_of(comparison) is None:
        pytest.fail(describe(comparison), pytrace=False)


def _limit_runs() -> list[tuple[Limit, str]]:
    return [
        (limit, version)
        for limit in LIMITS
        for version in VERSIONS
        if KerasVersion.parse(version) in KerasRange.parse(limit.keras)
    ]


@pytest.mark.parametrize("limit, version", _limit_runs(), ids=lambda item: getattr(item, "name", item))
def test_limits_occur(limit: Limit, version: str, observations: dict[str, dict[str, Observation]]) -> None:
    case = limit.case
    comparison: Comparison = compare(case, version, observations[version][case.id])
    assert comparison.verdict in (Verdict.MISS, Verdict.MISPLACED), describe(comparison)
    assert limit_of(comparison) is limit, describe(comparison)
