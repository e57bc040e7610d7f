"""Functions that are given tensors, and give something else: a number, a shape, a truth value."""

from __future__ import annotations

_OF_PYTHON = "bool callable float hasattr hash id int isinstance len print repr type"

_OF_KERAS = """
backend.dtype backend.int_shape backend.is_keras_tensor backend.is_sparse backend.ndim
ops.dtype ops.is_tensor ops.ndim ops.shape utils.is_keras_tensor
"""

NO_TENSOR = frozenset(
    [
        *(f"builtins.{name}" for name in _OF_PYTHON.split()),
        *(f"keras.{name}" for name in _OF_KERAS.split()),
        "numpy.ndim",
        "numpy.shape",
        "tensorflow.get_static_value",
        "tensorflow.is_tensor",
    ]
)
"""By absolute or canonical name. `keras.ops.shape` of a symbolic tensor is a tuple."""
