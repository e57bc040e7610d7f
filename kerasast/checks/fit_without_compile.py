"""`fit()` and its like on a model that no path has compiled."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Tri
from kerasast.registry import rule

NEEDS_COMPILE = frozenset({"fit", "evaluate", "train_on_batch", "test_on_batch"})
NEEDS_COMPILE_IN_KERAS_2 = frozenset({"fit_generator", "evaluate_generator"})


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=NEEDS_COMPILE | NEEDS_COMPILE_IN_KERAS_2,
    calls=NEEDS_COMPILE | NEEDS_COMPILE_IN_KERAS_2,
    since="0.1",
)
def fit_without_compile(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if before.compiled is not Tri.NO or before.escaped or not before.kind.is_model:
        return
    needs = NEEDS_COMPILE if ctx.keras.major >= 3 else NEEDS_COMPILE | NEEDS_COMPILE_IN_KERAS_2
    if event.method not in needs or event.method in before.attributes:
        return
    if before.cls is not None:
        lineage = ancestry(before.cls, ctx.keras)
        if not lineage.complete or lineage.defines(event.method):
            return
    yield ctx.report(
        event.node,
        f"`{event.method}()` is called on a model that is not compiled",
        story=event.story,
        help="call `compile(optimizer=…, loss=…)` on this very model object first",
    )
