"""`layer.kernel_regularizer = …` on a layer that has its weights: only `build` looks at the attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import AttributeSet
from kerasast.flow.values import Kind, ObjectState, Tri
from kerasast.keras_api.attributes import instance_attributes
from kerasast.registry import rule

_WEIGHTS = ("beta", "bias", "depthwise", "embeddings", "gamma", "kernel", "pointwise")

_ATTRIBUTES = frozenset(
    f"{weight}_{what}" for weight in _WEIGHTS for what in ("constraint", "initializer", "regularizer")
)

_EFFECT = re.compile(
    r"clone_model|from_config|from_json|from_yaml|get_config|load_model|to_json|to_yaml|\.build\(|\bbuilt\b"
)
"""What makes new layers from the configs of old ones, which have the new value, or builds a layer once more."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(AttributeSet,),
    calls=[f".{name}" for name in sorted(_ATTRIBUTES)] + ["setattr"],
    since="0.1",
)
def attribute_read_by_build(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    name, state = event.attribute, event.state
    if name not in _ATTRIBUTES or state.built is not Tri.YES or not _is_layer_of_keras(ctx, state, name):
        return
    if _may_have_effect(ctx, event):
        return
    what = name.rpartition("_")[2]
    yield ctx.report(
        event.node,
        f"this {what} has no effect: a layer reads `{name}` when it makes its weights, and this one has them already",
        story=state.trace,
        help=f"give `{name}=` to the constructor, or make the model anew: `keras.models.clone_model(model)` "
        "and `set_weights`",
    )


def _is_layer_of_keras(ctx: Context, state: ObjectState, name: str) -> bool:
    """Whether it is a layer of Keras's with such an attribute, or one of the layers of a model that is built."""
    if state.kind is not Kind.LAYER or state.cls is not None:
        return False
    if state.api == "keras.layers.Layer":
        return True
    return not state.escaped and name in instance_attributes(state.api or "", ctx.keras)


def _may_have_effect(ctx: Context, event: AttributeSet) -> bool:
    """Whether the program makes something of the attribute: a new layer, or a call of its own."""
    code = ctx.source.code
    if event.enclosing.function is None and not event.enclosing.loops:
        code = code[ctx.span(event.node).end :]
    return _EFFECT.search(code) is not None or ctx.project.mentions(rf"\.{event.attribute}\s*\(")
