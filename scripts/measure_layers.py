"""Measure which layers of the running interpreter's Keras create weights: build a tiny one of each and look.

Used by `generate_keras_api.py`, which explains how to run it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_FAILURES = (TypeError, ValueError, AttributeError, RuntimeError, LookupError, ImportError)
"""What Keras raises for an argument or input that a layer does not take, or a package that it lacks."""


@dataclass(frozen=True)
class Weights:
    """How many weights a built layer has, and how many of these `trainable=True` does not make trainable."""

    total: int
    frozen: int


def measure(layer_class: type, keras: ModuleType, tensorflow: ModuleType) -> Weights | None:
    """Count the weights of a layer built with default arguments, or `None` if no tiny input suits it."""
    for inputs in _inputs(tensorflow):
        layer = None
        try:
            layer = layer_class(**_arguments(layer_class, keras))
            if layer_class is not keras.layers.InputLayer:  # Is complete when made; Keras 3 cannot call it.
                layer(*inputs)
        except _FAILURES:
            continue
        except tensorflow.errors.OpError:
            if layer is None or not layer.built:  # It is where only the computation needs a GPU.
                continue
        return Weights(len(layer.weights), len(layer.non_trainable_weights))
    return None


def _arguments(layer_class: type, keras: ModuleType) -> dict[str, Any]:
    """Values for the parameters that have no default."""
    own = _OWN_ARGUMENTS.get(layer_class.__name__, {})
    if layer_class is keras.layers.InputLayer:
        own = {"input_shape": (4,)} if keras.__version__.startswith("2") else {"shape": (4,)}
    constructor = inspect.signature(layer_class.__init__)  # type: ignore[misc]  # Its own, not a subclass's.
    parameters = list(constructor.parameters.values())[1:]
    required = (parameter.name for parameter in parameters if parameter.default is parameter.empty)
    return {name: _VALUES[name] for name in required if name in _VALUES} | own


_OWN_ARGUMENTS: dict[str, dict[str, Any]] = {
    "CategoryEncoding": {"num_tokens": 4},
    "GroupNormalization": {"groups": 1},
    "RandomPosterization": {"factor": 2},
}
"""Arguments without which a layer cannot be called on a tiny input, although the signature has defaults."""


_VALUES = {
    "activation": "relu",
    "axes": -1,
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "factor": 0.1,
    "filters": 2,
    "height": 4,
    "height_factor": 0.1,
    "width": 4,
    "width_factor": 0.1,
    "input_dim": 5,
    "kernel_size": 1,
    "head_dim": 2,
    "key_dim": 2,
    "n": 2,
    "num_bins": 3,
    "max_number": 2,
    "num_heads": 1,
    "num_key_value_heads": 1,
    "num_query_heads": 1,
    "num_tokens": 4,
    "output_dim": 2,
    "output_shape": 2,
    "output_size": 2,
    "pool_size": 2,
    "rate": 0.5,
    "scale": 2.0,
    "stddev": 0.5,
    "target_shape": (-1,),
    "units": 2,
}
"""Something for each parameter that layers require, by name."""


def _inputs(tensorflow: ModuleType) -> Iterator[tuple[Any, ...]]:
    """The arguments of calls to try, the likeliest first."""
    shapes = [(2, 4), (2, 4, 3), (2, 4, 4, 3), (2, 4, 4, 4, 3), (2, 4, 4, 4, 4, 3), (4, 4, 3)]
    for shape in shapes:
        yield (tensorflow.zeros(shape),)
    for shape in shapes:
        yield ([tensorflow.zeros(shape), tensorflow.zeros(shape)],)
        yield (tensorflow.zeros(shape), tensorflow.zeros(shape))
    state = tensorflow.zeros((2, 2))
    for states in ([state], [state, state]):
        yield (tensorflow.zeros((2, 4)), states)
    yield (tensorflow.zeros((2, 4), dtype="int32"),)
    yield ((tensorflow.constant(["a"]), tensorflow.constant(["b"])),)
