"""Measure which layers of the running interpreter's Keras create weights: build a tiny one of each and look.

Used by `generate_keras_api.py`, which explains how to run it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_FAILURES = (TypeError, ValueError, AttributeError, RuntimeError, LookupError, ImportError)
"""What Keras raises for an argument or input that a layer does not take, or a package that it lacks.

TensorFlow's own errors are added when it is there.
"""


@dataclass(frozen=True)
class Weights:
    """How many weights a built layer has, and how many of these `trainable=True` does not make trainable."""

    total: int
    frozen: int


def measure(layer_class: type, keras: ModuleType, tensorflow: ModuleType) -> Weights | None:
    """Count the weights of a layer built with default arguments, or `None` if no tiny input suits it."""
    failures = (*_FAILURES, tensorflow.errors.OpError)
    for inputs in _inputs(tensorflow):
        try:
            layer = layer_class(**_arguments(layer_class, keras))
            layer(*inputs)
        except failures:
            continue
        return Weights(len(layer.weights), len(layer.non_trainable_weights))
    return None


def _arguments(layer_class: type, keras: ModuleType) -> dict[str, Any]:
    """Values for the parameters that have no default."""
    own = _OWN_ARGUMENTS.get(layer_class.__name__, {})
    if layer_class.__name__ == "SpectralNormalization":  # Takes only layers with a kernel or embeddings.
        own = {"layer": keras.layers.Dense(2)}
    constructor = inspect.signature(layer_class.__init__)  # type: ignore[misc]  # Its own, not a subclass's.
    parameters = list(constructor.parameters.values())[1:]
    values = _values(keras)
    required = (parameter.name for parameter in parameters if parameter.default is parameter.empty)
    return {name: values[name]() for name in required if name in values} | own


_OWN_ARGUMENTS: dict[str, dict[str, Any]] = {
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"bin_boundaries": [0.0]},
    "GroupNormalization": {"groups": 1},
    "IntegerLookup": {"vocabulary": [1, 2]},
    "RandomPosterization": {"factor": 2},
    "StringLookup": {"vocabulary": ["a"]},
    "TextVectorization": {"vocabulary": ["a"]},
}
"""Arguments without which a layer cannot be called on a tiny input, although the signature has defaults."""


def _values(keras: ModuleType) -> dict[str, Callable[[], Any]]:
    """Something for each parameter that layers require, by name; made anew for each layer."""
    layers = keras.layers
    return {
        "activation": lambda: "relu",
        "axes": lambda: -1,
        "cell": lambda: layers.LSTMCell(2),
        "cells": lambda: [layers.LSTMCell(2)],
        "dims": lambda: (2, 1),
        "equation": lambda: "ab,bc->ac",
        "factor": lambda: 0.1,
        "filters": lambda: 2,
        "function": lambda: lambda x: x,
        "height": lambda: 4,
        "height_factor": lambda: 0.1,
        "width": lambda: 4,
        "width_factor": lambda: 0.1,
        "input_dim": lambda: 5,
        "kernel_size": lambda: 1,
        "head_dim": lambda: 2,
        "key_dim": lambda: 2,
        "layer": lambda: layers.LSTM(2),
        "layers": lambda: [layers.Rescaling(2.0)],
        "n": lambda: 2,
        "num_bins": lambda: 3,
        "max_number": lambda: 2,
        "num_heads": lambda: 1,
        "num_key_value_heads": lambda: 1,
        "num_query_heads": lambda: 1,
        "num_tokens": lambda: 4,
        "output_dim": lambda: 2,
        "output_shape": lambda: 2,
        "output_size": lambda: 2,
        "pool_size": lambda: 2,
        "rate": lambda: 0.5,
        "scale": lambda: 2.0,
        "stddev": lambda: 0.5,
        "target_shape": lambda: (-1,),
        "units": lambda: 2,
    }


def _inputs(tensorflow: ModuleType) -> Iterator[tuple[Any, ...]]:
    """The arguments of calls to try, the likeliest first."""
    shapes = [(2, 4), (2, 4, 3), (2, 4, 4, 3), (2, 4, 4, 4, 3), (2, 4, 4, 4, 4, 3), (4, 4, 3)]
    for shape in shapes:
        yield (tensorflow.zeros(shape),)
    for shape in shapes:
        yield ([tensorflow.zeros(shape), tensorflow.zeros(shape)],)
        yield (tensorflow.zeros(shape), tensorflow.zeros(shape))
    state = tensorflow.zeros((2, 2))
    for states in ([state], [state, state], [[state, state]]):
        yield (tensorflow.zeros((2, 4)), states)
    yield (tensorflow.zeros((2, 4), dtype="int32"),)
    yield (tensorflow.constant(["a", "b"]),)
    yield ((tensorflow.constant(["a"]), tensorflow.constant(["b"])),)
