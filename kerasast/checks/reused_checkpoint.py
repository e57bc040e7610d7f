"""A checkpoint of the best model that still knows how good another model was."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import FITS, known_callbacks
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.checkpoints import first_model
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Tri
from kerasast.registry import rule


@rule(category="saving", severity=Severity.ERROR, on=(ModelCall,), names=FITS, calls=FITS, since="0.1")
def reused_checkpoint(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if (
        event.method not in FITS
        or before.escaped
        or before.restored is not None
        or before.trained is not Tri.NO
    ):
        return
    parts = {event.target, *event.view.contents(event.target)}
    for callback in known_callbacks(event.view, event.arguments.value("callbacks")):
        best = callback.arguments.get("save_best_only")
        earlier = first_model(callback)
        if best != Const(True) or not earlier or callback.escaped or "best" in callback.attributes:
            continue
        first = event.view.state(earlier[0])
        # What shares layers with the first model, or is not known in full, may be a continuation of it.
        if parts.isdisjoint(earlier) and first.complete and before.complete:
            yield ctx.report(
                event.node,
                "`ModelCheckpoint` still knows the best of the model it was used for before: "
                "this one is saved only when it is better than that",
                story=(*callback.trace, *(step for step in event.story if step not in callback.trace)),
                help="make a new `ModelCheckpoint`, with a path of its own, for each model",
            )
