"""Layers that do something else while a model is trained."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerasast.flow.values import Const, ObjectId, ObjectState, Tri

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView

DROPOUT = frozenset(
    f"keras.layers.{name}"
    for name in (
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    )
)
"""The layers that drop values, or add noise to them."""

BATCH_NORM = "keras.layers.BatchNormalization"

EFFECTS = {
    True: "its `BatchNormalization` does not learn the statistics that it uses for predictions",
    False: "its dropout is off",
}
"""What becomes of a model in inference mode, by whether the layer with a mode is a batch normalisation."""


def mode_layer(view: WorldView, model: ObjectId) -> str | None:
    """The name of a layer of Keras in a model that is other in training mode for certain."""
    for item in view.contents(model):
        layer = view.state(item)
        name = layer.api or ""
        if layer.cls is None and (name in DROPOUT or name == BATCH_NORM) and _is_plain(layer):
            return name
    return None


def _is_plain(layer: ObjectState) -> bool:
    fixed = "trainable" in layer.arguments or layer.arguments.get("rate") == Const(0)
    return not fixed and (layer.api != BATCH_NORM or layer.trainable is Tri.YES)


def trains_by_default(spec: ast.arguments) -> bool:
    """Whether `training` is a parameter with a default other than `None` or `False`."""
    arguments = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(arguments[len(arguments) - len(spec.defaults) :], spec.defaults, strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    return any(
        item.arg == "training" and not (isinstance(default, ast.Constant) and not default.value)
        for item, default in pairs
    )
