"""One random initializer that is given to several layers, which get the same numbers from it."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._models import MODELS_MADE, parts_of_model
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall, ObjectCreated
from kerasast.flow.values import Kind, ObjectId, ObjectState, Ref
from kerasast.registry import rule

_NAMES = (
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
)
"""Initializers that draw random numbers."""

_RANDOM = frozenset(f"keras.initializers.{name}" for name in _NAMES)

_COPYING = frozenset({"keras.layers.MultiHeadAttention", "keras.layers.GroupQueryAttention"})
"""Layers that initialise each of their weights by a copy of the initializer that they are given."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ObjectCreated, ModelCall),
    calls=_NAMES,
    also=MODELS_MADE,
    keras=">=2.10",
    since="0.1",
)
def shared_initializer(ctx: Context, event: ObjectCreated | ModelCall) -> Iterator[Diagnostic]:
    users: dict[ObjectId, list[ObjectState]] = {}
    for part in parts_of_model(event):
        state = event.view.state(part)
        if state.kind is not Kind.LAYER or state.cls is not None or state.api in _COPYING:
            continue
        for name, value in state.arguments.items():
            if name.endswith("_initializer") and isinstance(value, Ref):
                users.setdefault(value.id, []).append(state)
    for target, layers in users.items():
        initializer = event.view.state(target)
        if (
            len(layers) < 2
            or initializer.api not in _RANDOM
            or initializer.foreign
            or initializer.created is None
        ):
            continue
        if event.view.state_of(initializer.arguments.get("seed")) is not None:
            continue  # a `SeedGenerator`, which gives another number each time
        name = initializer.api.rpartition(".")[2]
        steps = [
            ctx.step(layer.created, f"`{(layer.api or 'layer').rpartition('.')[2]}` gets its numbers from it")
            for layer in layers[:2]
            if layer.created is not None and not layer.foreign
        ]
        yield ctx.report(
            initializer.created,
            f"one `{name}` initializes several weights of this model: it gives the same random numbers each time",
            story=tuple(dict.fromkeys(steps)),
            help=f'give each layer an initializer of its own, or a name such as `kernel_initializer="{_snake(name)}"`',
        )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
