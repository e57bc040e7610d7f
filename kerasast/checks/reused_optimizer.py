"""An optimizer that is bound to the weights of one model, and has to train others."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import decides_for_itself
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.optimizers import trained_flags, unknown_weights
from kerasast.flow.values import Kind, ObjectState, Tri
from kerasast.keras_api import weightless
from kerasast.registry import rule

_TRAINING = frozenset({"fit", "fit_generator", "train_on_batch"})


# The optimizers of Keras before 2.11, now in `optimizers.legacy`, take any weights.
@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_TRAINING,
    calls=_TRAINING,
    keras=">=2.11",
    since="0.1",
)
def reused_optimizer(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    state = event.after
    if event.method not in _TRAINING or state.compiled is not Tri.YES or state.escaped:
        return
    optimizer = event.view.state_of(state.compile_arguments.get("optimizer"))
    if optimizer is None or optimizer.kind is not Kind.OPTIMIZER or optimizer.escaped:
        return
    flags = trained_flags(state, event.method, ctx.keras)
    if flags is None or _takes_any(optimizer) or decides_for_itself(state, ctx.keras, "fit", "train_step"):
        return
    unknown = [
        frozen
        for part, frozen in unknown_weights(event.view, optimizer, event.target, flags)
        if _has_weights(ctx, event.view.state(part))
    ]
    if unknown:
        why = (
            "which were frozen when it was bound" if all(unknown) else "it is bound to those of another model"
        )
        yield ctx.report(
            event.node,
            f"`{event.method}()` trains weights that its optimizer does not know: {why}",
            story=(*optimizer.trace, *(step for step in event.story if step not in optimizer.trace)),
            help="make a new optimizer for each `compile()`",
        )


def _takes_any(optimizer: ObjectState) -> bool:
    api = optimizer.api or ""
    return optimizer.cls is not None or "legacy" in api or "LossScale" in api


def _has_weights(ctx: Context, state: ObjectState) -> bool:
    """Whether a part of a model certainly has weights of its own."""
    api = state.api or ""
    if state.kind is Kind.LAYER:
        return state.cls is None and weightless(api, ctx.keras) is False
    return api.startswith("keras.applications.")
