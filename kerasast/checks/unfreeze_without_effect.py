"""`model.trainable = True` on a model whose own flag is on already: its frozen layers stay frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import AttributeSet
from kerasast.flow.values import Const, Tri
from kerasast.flow.weights import trains
from kerasast.registry import rule

if TYPE_CHECKING:
    from kerasast.flow.values import ObjectId
    from kerasast.flow.world import WorldView
    from kerasast.versions import KerasVersion


@rule(
    category="training",
    severity=Severity.WARNING,
    keras=">=3",
    on=(AttributeSet,),
    calls=(".trainable",),
    text=r"\.trainable\s*=\s*True",
    since="0.1",
)
def unfreeze_without_effect(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    state = event.state
    if event.attribute != "trainable" or event.value != Const(True) or state.trainable is not Tri.YES:
        return
    if state.escaped or not state.kind.has_weights:
        return
    frozen = _is_frozen(event.view, event.target, ctx.keras)
    if not frozen and state.layers_trainable is not Tri.NO:
        return
    yield ctx.report(
        event.node,
        "this changes nothing: `trainable` is on already, and the frozen layers inside stay frozen",
        story=state.trace,
        help="unfreeze the layers themselves: `for layer in model.layers: layer.trainable = True`",
    )


def _is_frozen(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether a layer inside is frozen for certain, and has weights."""
    parts = ((part, view.state(part)) for part in view.contents(target))
    return any(
        state.trainable is Tri.NO and not state.escaped and trains(view, part, version)
        for part, state in parts
    )
