"""Validation of a model that has a `train_step` of its own and neither a `test_step` nor a compiled loss."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._added_losses import may_add_loss
from kerasast.checks._fits import decides_for_itself
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import Arguments
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, ObjectState, Tri
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_OWN = ("test_step", "make_test_function", "compute_loss", "compiled_loss", "evaluate", "fit")


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("fit", "evaluate", "test_on_batch"),
    calls=("fit", "evaluate", "test_on_batch"),
    since="0.1",
)
def evaluate_without_test_step(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if before.compiled is not Tri.YES or before.has_loss is not Tri.NO or before.escaped:
        return
    if not _evaluates(event.method, event.arguments) or not _trains_by_itself(before, ctx.keras):
        return
    if may_add_loss(event.view, event.target, ctx.keras):
        return
    if ctx.keras.major >= 3:
        effect = "the evaluation raises"
    elif decides_for_itself(before, ctx.keras, "metrics"):
        return  # The loss is not among what is logged.
    else:
        effect = f"`{'val_loss' if event.method == 'fit' else 'loss'}` is always 0.0"
    yield ctx.report(
        event.node,
        f"`{event.method}()` evaluates a model that has no `test_step` and was compiled without a loss: {effect}",
        story=event.story,
        help="write a `test_step` next to the `train_step`",
    )


def _evaluates(method: str, arguments: Arguments) -> bool:
    if method != "fit":
        return method in ("evaluate", "test_on_batch")
    data, split = arguments.get("validation_data"), arguments.value("validation_split")
    if data is not None and data.value != Const(None):
        return True
    return isinstance(split, Const) and bool(split.value)


def _trains_by_itself(state: ObjectState, version: KerasVersion) -> bool:
    if state.cls is None or any(name in state.attributes for name in ("train_step", *_OWN)):
        return False
    lineage = ancestry(state.cls, version)
    return (
        lineage.complete and lineage.defines("train_step") and not any(lineage.defines(name) for name in _OWN)
    )
