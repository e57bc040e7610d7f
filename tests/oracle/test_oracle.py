"""Real Keras, in both generations, agrees with the marks of every document and every file of cases.

All programs run at once, in a fork each, before the first test of this file. `pytest -m "not oracle"` leaves them
out; `python tests/oracle/run_document.py` shows more of what one document does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from environments import GENERATIONS, ROOT, reason_missing
from judge import Outcome, all_examples, is_run, judge, run_examples

from kerasast.testing import Example
from kerasast.versions import KerasVersion

sys.path.insert(0, str(ROOT / "scripts"))
import generate_evidence

Outcomes = Mapping[str, Mapping[str, Outcome]]

_MISSING = reason_missing()
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(_MISSING is not None, reason=_MISSING or "")]

EXAMPLES = all_examples()


def _runs() -> list[object]:
    return [
        pytest.param(example, generation.version, id=f"{example.id}-keras-{generation.version}")
        for example in EXAMPLES
        for generation in GENERATIONS
        if is_run(example, KerasVersion.parse(generation.version))
    ]


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    """What every example did that a selected test wants to know of, by version and id."""
    items = [item for item in request.session.items if item.path == Path(__file__)]
    selected = [item.callspec.params["example"] for item in items if hasattr(item, "callspec")]
    everything = len(selected) < len(items)
    return run_examples(EXAMPLES if everything else dict.fromkeys(selected))


@pytest.mark.parametrize("example, keras", _runs())
def test_keras_agrees(example: Example, keras: str, outcomes: Outcomes) -> None:
    verdict = judge(example, KerasVersion.parse(keras), outcomes[keras])
    if not verdict.agrees:
        pytest.fail(f"{example.document}:{example.line}: Keras {keras}: {verdict.text}", pytrace=False)


def test_evidence_is_up_to_date(outcomes: Outcomes) -> None:
    pages = generate_evidence.pages(EXAMPLES, outcomes)
    stale = [path for path, text in pages if not generate_evidence.is_current(path, text)]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    assert not stale, f"{names}: run `python scripts/generate_evidence.py`"
