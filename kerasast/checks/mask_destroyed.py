"""A layer between an `Embedding` that masks and a recurrent layer, which does not pass the mask on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._loss_functions import full_name
from kerasast.checks._models import MODELS_MADE
from kerasast.checks._training_steps import local_value
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall, ObjectCreated
from kerasast.flow.roles import Role, keras_base, role_of
from kerasast.flow.values import ClassValue, Const, FunctionValue, Kind, ObjectId, ObjectState, Ref, Tensor
from kerasast.flow.world import WorldView
from kerasast.registry import rule
from kerasast.versions import KerasVersion


def _layers(names: str) -> frozenset[str]:
    return frozenset(f"keras.layers.{name}" for name in names.split())


_USERS = _layers("Bidirectional GRU LSTM SimpleRNN")

_PASSING = _layers(
    "Activation BatchNormalization Dense Dropout GaussianDropout GaussianNoise InputLayer LayerNormalization ReLU "
    "SpatialDropout1D"
)
"""Layers after which the mask is still there."""

_DESTROYING = _layers(
    "AveragePooling1D Conv1D Cropping1D EinsumDense MaxPooling1D Permute Reshape SeparableConv1D UpSampling1D "
    "ZeroPadding1D"
)
"""Layers after which it is gone. Both lists were seen in Keras 2.15 and 3.15: does more padding change the result?"""


@rule(
    category="architecture",
    severity=Severity.WARNING,
    on=(ObjectCreated, ModelCall),
    names=("__call__", "compile", "fit", "summary"),
    calls=MODELS_MADE,
    text=r"ask(?:_zero|ing)",
    since="0.1",
)
def mask_destroyed(ctx: Context, event: ObjectCreated | ModelCall) -> Iterator[Diagnostic]:
    found = _lost(event.view, _path(event), ctx.keras)
    if found is None:
        return
    source, destroyer, user = found
    if destroyer.created is None or destroyer.foreign:
        return
    steps = [
        (source, "the mask is made here"),
        (user, f"`{_name(user)}` would use it"),
    ]
    yield ctx.report(
        destroyer.created,
        f"this `{_name(destroyer)}` does not pass the mask of `{_name(source)}` on: `{_name(user)}` takes the "
        "padding for data",
        story=tuple(
            ctx.step(state.created, text)
            for state, text in steps
            if state.created is not None and not state.foreign
        ),
        help="pass the mask on in a layer that supports masking, or leave the masking out",
    )


def _path(event: ObjectCreated | ModelCall) -> list[ObjectId]:
    """The layers that data passes one after the other, up to the end of a model or to the layer that is called."""
    if isinstance(event, ObjectCreated):
        if event.state.kind is not Kind.SEQUENTIAL:
            return []
        return [item.id for item in event.view.state(event.target).items if isinstance(item, Ref)]
    if event.method in ("compile", "fit", "summary") and event.before.kind is Kind.SEQUENTIAL:
        return [item.id for item in event.before.items if isinstance(item, Ref)]
    if event.method != "__call__" or event.before.api not in _USERS or not event.arguments.positional:
        return []
    value = event.arguments.positional[0].value
    if not isinstance(value, Tensor) or not value.complete or "mask" in event.arguments:
        return []
    return [*value.layers, event.target]


def _lost(
    view: WorldView, path: list[ObjectId], version: KerasVersion
) -> tuple[ObjectState, ObjectState, ObjectState] | None:
    """What makes a mask, what destroys it, and what would have used it; `None` where that is not certain."""
    source: ObjectState | None = None
    destroyer: ObjectState | None = None
    for target in path:
        state = view.state(target)
        if state.kind is not Kind.LAYER:
            return None
        if state.cls is not None:
            if not _is_without_masks(state, state.cls, version):
                return None
            destroyer = destroyer or state
            continue
        if not state.arguments_complete:
            return None
        if _makes_mask(state):
            source, destroyer = state, None
        elif state.api in _USERS:
            if source is not None and destroyer is not None:
                return source, destroyer, state
            if state.arguments.get("return_sequences") != Const(True):
                source = None
        elif state.api in _DESTROYING or _is_new_tensor(state):
            destroyer = destroyer or state
        elif state.api not in _PASSING and state.api != "keras.layers.Embedding":
            return None
    return None


def _makes_mask(state: ObjectState) -> bool:
    if state.api == "keras.layers.Masking":
        return True
    return state.api == "keras.layers.Embedding" and state.arguments.get("mask_zero") == Const(True)


def _is_new_tensor(state: ObjectState) -> bool:
    """Whether it is a `Lambda` that computes something, with operators or functions, and is told nothing of masks."""
    function = state.arguments.get("function")
    if (
        state.api != "keras.layers.Lambda"
        or "mask" in state.arguments
        or not isinstance(function, FunctionValue)
    ):
        return False
    return isinstance(function.node, ast.Lambda) and isinstance(function.node.body, ast.BinOp)


_SAME_TENSOR = ("cast", "convert_to_tensor", "identity")
"""Functions that may return the very tensor that they are given."""


def _is_without_masks(state: ObjectState, cls: ClassValue, version: KerasVersion) -> bool:
    """Whether it is a layer of one's own that knows nothing of masks, and whose `call` makes a new tensor.

    Not the tensor of a layer inside, which may carry the mask along.
    """
    facts = class_facts(cls, version)
    if role_of(facts) is not Role.LAYER or keras_base(facts) is not None or facts.dynamic:
        return False
    if not facts.ancestry.complete or any(
        map(facts.defines, ("compute_mask", "supports_masking", "__call__"))
    ):
        return False
    if any("supports_masking" in name for name in (*facts.stores, *state.attributes)):
        return False
    method = facts.method("call")
    if method is None or len(method.returns) != 1 or "_keras_mask" in ast.unparse(method.node):
        return False
    match local_value(method, method.returns[0].value):
        case ast.BinOp():
            return True
        case ast.Call(func=function):
            name = full_name(method.resolve(function))
            return name.startswith(("tensorflow.", "keras.ops.")) and not name.endswith(_SAME_TENSOR)
    return False


def _name(state: ObjectState) -> str:
    if state.cls is not None:
        return state.cls.name
    return (state.api or "layer").rpartition(".")[2]
