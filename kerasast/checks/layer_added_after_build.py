"""A layer that is set on a subclassed model which is built already: Keras 3 does not take it."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import AttributeSet
from kerasast.flow.roles import is_functional
from kerasast.flow.values import Kind, Ref, Tri
from kerasast.registry import rule


@rule(
    category="architecture",
    severity=Severity.ERROR,
    on=(AttributeSet,),
    calls=("build", "evaluate", "fit", "predict", "train_on_batch"),
    text=r"\n[ \t]*(?!self\.)\w+\.\w+ *=[^=]",
    keras=">=3",
    since="0.1",
)
def layer_added_after_build(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    state = event.state
    if state.kind is not Kind.SUBCLASSED or state.built is not Tri.YES or state.escaped or state.cls is None:
        return
    if not isinstance(event.value, Ref) or any(
        event.value.id == part or event.value.id in event.view.contents(part) for part in state.contents
    ):
        return
    layer = event.view.state(event.value.id)
    if not layer.kind.has_weights and layer.kind is not Kind.METRIC:
        return
    lineage = ancestry(state.cls, ctx.keras)
    if (
        not lineage.complete
        or lineage.defines("__setattr__")
        or is_functional(class_facts(state.cls, ctx.keras))
    ):
        return
    if "_tracker" in ctx.source.code or is_guarded(ctx, event.node):
        return
    what = "metric" if layer.kind is Kind.METRIC else "layer" if layer.kind is Kind.LAYER else "model"
    yield ctx.report(
        event.node,
        f"a {what} is set on a `{state.cls.name}` that is built already, which Keras 3 does not allow: it raises",
        story=state.trace,
        help="create it in `__init__`, or make a new model around this one",
    )
