"""A function of TensorFlow as activation, of which Keras finds nothing when the saved model is loaded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._files import HDF5
from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.checks._whole_models import WRITERS, whole_saves
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import replace, safe
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.values import External, Kind, ObjectState
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_FOUND = "elu gelu leaky_relu relu relu6 selu sigmoid softplus softsign tanh"
_KNOWN = {
    2: frozenset(f"{_FOUND} silu softmax swish".split()),
    3: frozenset(f"{_FOUND} log_sigmoid".split()),
}
"""The functions of TensorFlow that Keras 2.15 and 3.15 find again by their names (all of them were tried)."""

_SAME = {
    2: {"exp": "exponential", "identity": "linear"},
    3: {
        "exp": "exponential",
        "identity": "linear",
        "log_softmax": "log_softmax",
        "silu": "silu",
        "softmax": "softmax",
        "swish": "silu",
    },
}
"""Keras's own names for others."""

_FUNCTION = re.compile(r"tensorflow\.(?:nn\.|math\.)?([a-z]\w*)")
_ARGUMENTS = ("activation", "recurrent_activation")


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("save", *FITS),
    calls=WRITERS,
    text=r"activation|Activation",
    keras=">=2.13",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def tensorflow_activation(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not event.before.kind.is_model or decides_for_itself(event.before, ctx.keras, "get_config", "save"):
        return
    if not any(save.ends(".keras", *HDF5) for save in whole_saves(event)):
        return
    for part in saved_parts(event.view, event.target):
        state = event.view.state(part)
        for name in _ARGUMENTS:
            activation = _unknown(state, name, ctx.keras.major)
            if activation is None:
                continue
            place = _place(state, name) or event.node
            if is_guarded(ctx, place) or ctx.project.mentions(r"custom_object|CustomObject"):
                continue
            same = _SAME[ctx.keras.major].get(activation)
            yield ctx.report(
                place,
                f"the model is saved with `tf` function `{activation}` as {name.replace('_', ' ')}:"
                " Keras does not find it when it loads the file",
                story=event.story,
                help=f'write `{name}="{same}"`' if same else "write a registered function that calls it",
                fix=partial(_fix, ctx.source, place, same) if same and place is not event.node else None,
            )


def _unknown(state: ObjectState, argument: str, major: int) -> str | None:
    """The name of the function of TensorFlow that a layer of Keras has as activation, if Keras does not know it."""
    value = state.arguments.get(argument)
    if state.kind is not Kind.LAYER or state.cls is not None or state.escaped or argument in state.attributes:
        return None
    match = _FUNCTION.fullmatch(value.name) if isinstance(value, External) else None
    return match.group(1) if match is not None and match.group(1) not in _KNOWN[major] else None


def _place(state: ObjectState, argument: str) -> ast.AST | None:
    """The argument of the call that made a layer, if it is written there."""
    made = state.created
    if state.foreign or not isinstance(made, ast.Call):
        return None
    for keyword in made.keywords:
        if keyword.arg == argument:
            return keyword.value
    return made.args[0] if state.api == "keras.layers.Activation" and made.args else made


def _fix(source: SourceFile, place: ast.AST, name: str) -> Fix | None:
    if not isinstance(place, ast.Attribute):
        return None
    return safe(f'Give the activation as `"{name}"`', replace(source, place, f'"{name}"'))
