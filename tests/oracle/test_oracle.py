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
from judge import Outcome, all_examples, is_bare_key, is_captured, is_run, judge, marked_for, run_examples

from kerasast.documents import document, read_document
from kerasast.error_messages import messages_of
from kerasast.explaining import Report, explain
from kerasast.registry import all_rules
from kerasast.testing import Example
from kerasast.tracebacks import clean, frames
from kerasast.versions import KerasVersion

sys.path.insert(0, str(ROOT / "scripts"))
import generate_evidence

Outcomes = Mapping[str, Mapping[str, Outcome]]

_MISSING = reason_missing()
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(_MISSING is not None, reason=_MISSING or "")]

EXAMPLES = all_examples()

KERAS_FRAME = (
    'File "/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py", line 122, in error_handler\n'
)
"""Where Keras raises again what was raised in it."""


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
    parameters = [item.callspec.params for item in items if hasattr(item, "callspec")]
    selected = [values["example"] for values in parameters if "example" in values]
    everything = len(selected) < len(items)
    return run_examples(EXAMPLES if everything else dict.fromkeys(selected))


@pytest.mark.parametrize("example, keras", _runs())
def test_keras_agrees(example: Example, keras: str, outcomes: Outcomes) -> None:
    verdict = judge(example, KerasVersion.parse(keras), outcomes[keras])
    if not verdict.agrees:
        pytest.fail(f"{example.document}:{example.line}: Keras {keras}: {verdict.text}", pytrace=False)


@pytest.mark.parametrize("rule", [name for name, item in all_rules().items() if item.category != "meta"])
def test_listed_messages_came_out_of_keras(rule: str, outcomes: Outcomes) -> None:
    """Each message of a document was printed, in the versions that it says, by a program about this rule."""
    examples = marked_for(rule, EXAMPLES)
    missing = []
    for message in messages_of(read_document(ROOT / "rules" / f"{rule}.md")):
        for version in message.versions:
            seen = outcomes[str(version)]
            ran = [seen.get(name) for example in examples for name in (example.id, f"{example.id}+proof")]
            if not is_captured(message, [text for outcome in ran if outcome for text in outcome.printed]):
                missing.append(f"Keras {version}: {message.text}")
    assert not missing, "no program printed:\n" + "\n".join(missing)


@pytest.mark.parametrize("keras", [generation.version for generation in GENERATIONS])
def test_what_keras_raises_leads_to_the_rule(keras: str, outcomes: Outcomes) -> None:
    """Pasting the exception of a document's example into `kerasast explain` finds the rule."""
    messages = [message for name in all_rules() for message in messages_of(document(name))]
    missed = []
    for example in EXAMPLES:
        outcome = outcomes[keras].get(example.id)
        if not example.is_document or not example.has_errors or outcome is None or outcome.raised is None:
            continue
        failure = outcome.raised
        if not failure.message or is_bare_key(failure):
            continue  # Nothing was said that could be looked for.
        cleaned = clean(f"{KERAS_FRAME}{failure.type}: {failure.message}")
        found = explain(Report.read(cleaned, frames(cleaned)), messages)
        if example.document.stem not in [item.rule for item in found]:
            missed.append(f"{example.id}: {failure}")
    assert not missed, "not found by:\n" + "\n".join(missed)


def test_evidence_is_up_to_date(outcomes: Outcomes) -> None:
    pages = generate_evidence.pages(EXAMPLES, outcomes)
    stale = [path for path, text in pages if not generate_evidence.is_current(path, text)]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    assert not stale, f"{names}: run `python scripts/generate_evidence.py`"
