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
from differential.fixing import Effect, Repair, describe_repair, judge_repair, repairs
from differential.harness import Case, Observation, generate, observe, observe_each
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


@pytest.fixture(scope="session")
def repaired(observations: dict[str, dict[str, Observation]]) -> list[Repair]:
    """What the fixes made of the programs that were run, and what real Keras showed of that."""
    todo = repairs(
        compare(case, version, found[case.id])
        for version, found in observations.items()
        for case in CASES
        if case.id in found
    )
    wanted = {
        generation: [item.after for item in todo if item.before.version == generation.version]
        for generation in GENERATIONS
    }
    found = observe_each(wanted)
    return [judge_repair(item, found[item.before.version][item.after.id]) for item in todo]


@pytest.mark.parametrize("version", VERSIONS)
def test_fixes_break_nothing(version: str, repaired: list[Repair]) -> None:
    done = [item for item in repaired if item.version == version]
    broken = [describe_repair(item) for item in done if item.effect is Effect.BROKEN]
    assert not broken, "\n\n".join(broken)
    assert any(item.effect is Effect.REPAIRED for item in done)


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
