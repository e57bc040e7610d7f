"""Using a model that was made like another one, without its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.registry import rule

_IN_TESTS = re.compile(r"(?:^|[/\\])(?:tests?[/\\]|test_[^/\\]*$|[^/\\]*_test\.py$)")
"""Tests make models again to compare them, also such as have no weights at all."""

_USES = frozenset({"evaluate", "predict", "predict_on_batch", "test_on_batch"})

_BUILDS = frozenset({"predict", "predict_on_batch"})


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_USES,
    calls=("clone_model", "from_config", "model_from_config", "model_from_json"),
    since="0.1",
)
def copy_without_weights(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method not in _USES or before.bare is None or before.escaped:
        return
    if event.method in _BUILDS and _is_discarded(ctx, event):
        return  # This only builds the copy, perhaps for `load_weights()`.
    steps = (before.bare, *(step for step in event.story if step.span != before.bare.span))
    yield ctx.report(
        event.node,
        f"`{event.method}()` on a model that has the layers of another, but none of its weights",
        story=steps,
        help="give it the weights first: `copy.set_weights(model.get_weights())`, or `load_weights()` of a file",
        confidence=Confidence.MEDIUM if _IN_TESTS.search(ctx.source.path) else Confidence.HIGH,
    )


def _is_discarded(ctx: Context, event: ModelCall) -> bool:
    """Whether nothing stands before the call on its line that could take what it returns."""
    start = ctx.span(event.node).start
    text = ctx.source.text
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()
