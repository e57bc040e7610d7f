"""Probabilities in float16, because the last layer takes the global policy `mixed_float16`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.checks._models import last_layer
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, ObjectState
from kerasast.registry import rule

_POLICIES = frozenset({"mixed_float16", "float16"})
_SETS = re.compile(r"set_global_policy|set_dtype_policy|set_policy")
_PROBABILITIES = frozenset({"softmax", "sigmoid"})


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    since="0.1",
)
def half_precision_output(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    model = event.before
    if event.method != "compile" or model.escaped or model.cls is not None or not model.complete:
        return
    last = last_layer(event)
    if last is None or not _gives_half(last) or _is_unclear(ctx.source.code):
        return
    message = (
        f"the model's probabilities are computed in float16: its last layer takes the policy `{last.policy}`"
    )
    help = 'pass `dtype="float32"` to the layer, or end with `keras.layers.Activation(…, dtype="float32")`'
    made = last.trace[0] if last.trace else None
    if made is not None and made.path == ctx.source.path:
        used = ctx.step(event.node, "the model is compiled here")
        yield ctx.report(made.span, message, story=(used,), help=help)
    else:
        yield ctx.report(event.node, message, story=event.story, help=help)


def _is_unclear(code: str) -> bool:
    """Whether a cast outside of the layers may make up for it, or there are several policies."""
    return "cast" in code or len(_SETS.findall(code)) != 1


def _gives_half(layer: ObjectState) -> bool:
    if layer.policy not in _POLICIES or layer.cls is not None or not layer.arguments_complete:
        return False
    if "dtype" in layer.arguments or layer.escaped:
        return False
    if layer.api == "keras.layers.Softmax":
        return True
    given = layer.arguments.get("activation")
    return isinstance(given, Const) and given.value in _PROBABILITIES
