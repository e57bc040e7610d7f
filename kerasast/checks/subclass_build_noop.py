"""`build()` of a subclassed model that does not define it."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind, Tri
from kerasast.flow.weights import has_weights_to_build
from kerasast.registry import rule

_USES_MODELS = (
    "compile",
    "fit",
    "get_weights",
    "load_weights",
    "predict",
    "save",
    "save_weights",
    "set_weights",
    "summary",
)
"""What is done with a model. A `build` method that builds layers does nothing of it."""


@rule(
    category="saving",
    severity=Severity.WARNING,
    keras=">=3",
    on=(ModelCall,),
    calls=("build",),
    also=_USES_MODELS,
    since="0.1",
)
def subclass_build_noop(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method != "build" or before.kind is not Kind.SUBCLASSED or before.cls is None:
        return
    if before.built is not Tri.NO or before.escaped:
        return
    lineage = ancestry(before.cls, ctx.keras)
    if not lineage.complete or lineage.defines("build"):
        return
    if not has_weights_to_build(event.view, event.target, ctx.keras):
        return
    yield ctx.report(
        event.node,
        f"`build()` creates no weights: `{before.cls.name}` defines no `build()` of its own",
        story=event.story,
        help="call the model on data or on `keras.Input(shape=…)`, or define a `build()` that builds its layers",
    )
