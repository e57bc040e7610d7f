"""`fit()` on a model that was compiled without a loss and has none of its own."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Tri
from kerasast.registry import rule

_TRAINING = {
    "fit": ("train_step", "make_train_function"),
    "train_on_batch": ("train_step", "make_train_function"),
    "fit_generator": ("train_step", "make_train_function"),
}
_EVALUATION = {
    "evaluate": ("test_step", "make_test_function"),
    "test_on_batch": ("test_step", "make_test_function"),
}


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), since="0.1")
def fit_without_loss(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if before.compiled is not Tri.YES or before.has_loss is not Tri.NO or before.escaped:
        return
    # Without a loss, Keras 2.15 evaluates the metrics and returns 0.0 as the loss; Keras 3.15 raises.
    hooks = _TRAINING.get(event.method)
    if hooks is None and ctx.keras.major >= 3:
        hooks = _EVALUATION.get(event.method)
    if hooks is None:
        return
    if before.cls is not None:
        lineage = ancestry(before.cls, ctx.keras)
        own = (event.method, "compute_loss", *hooks)
        if not lineage.complete or any(lineage.defines(name) for name in own):
            return
    what = "minimise" if event.method in _TRAINING else "measure"
    yield ctx.report(
        event.node,
        f"`{event.method}()` has nothing to {what}: `compile()` was given no loss and no layer adds one",
        story=event.story,
        help="pass `loss=…` to `compile()`",
    )
