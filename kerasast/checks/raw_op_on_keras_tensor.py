"""A function of TensorFlow or NumPy that is given a symbolic tensor of Keras."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import is_part_of
from kerasast.flow.events import ExternalCall
from kerasast.flow.values import Tensor, Tri, Value
from kerasast.keras_api import lookup
from kerasast.registry import rule
from kerasast.versions import KERAS_3

_MODULES = tuple(f"tensorflow.{name}." for name in ("image", "linalg", "math", "nn", "strings"))
"""Modules of which every function fails."""

_OF_TENSORFLOW = """
abs acos acosh add argmax argmin argsort as_string asin asinh atan atan2 atanh boolean_mask broadcast_to
cast clip_by_norm clip_by_value complex concat convert_to_tensor cos cosh cumsum divide ensure_shape equal
exp expand_dims floor gather gather_nd greater greater_equal identity less less_equal logical_and
logical_not logical_or matmul maximum meshgrid minimum multiply negative norm not_equal one_hot ones_like
pad pow rank reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum
repeat reshape reverse reverse_sequence roll round scatter_nd sequence_mask shape sigmoid sign sin sinh size
slice sort split sqrt square squeeze stack stop_gradient strided_slice subtract tan tanh tensordot tile
transpose truediv unstack where zeros_like
"""

_FUNCTIONS = frozenset(f"tensorflow.{name}" for name in _OF_TENSORFLOW.split())
"""Functions of `tf` itself that raise for a symbolic tensor: each was called with one in Keras 3.15."""

_OF_NUMPY = """
abs absolute add amax amin argmax argmin argsort array asarray average clip concatenate cos cumsum divide dot
exp expand_dims floor log log10 log1p matmul max maximum mean median min minimum multiply negative ones_like
outer pad percentile power prod ravel repeat reshape round sign sin sqrt square stack std subtract sum swapaxes
take tan tanh tile transpose var where zeros_like
"""

_NUMPY = frozenset(f"numpy.{name}" for name in _OF_NUMPY.split())
"""Functions of NumPy that raise for a symbolic tensor in Keras 2.15 and 3.15."""

_IN_OPS = {
    "concat": "concatenate",
    "reduce_all": "all",
    "reduce_any": "any",
    "reduce_logsumexp": "logsumexp",
    "reduce_max": "max",
    "reduce_mean": "mean",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_sum": "sum",
    "pow": "power",
    "gather": "take",
    "clip_by_value": "clip",
    "resize": "image.resize",
    "l2_normalize": "normalize",
}
"""Functions of `keras.ops` that are called otherwise there."""


@rule(
    category="architecture",
    severity=Severity.ERROR,
    on=(ExternalCall,),
    names=("tensorflow.*", "numpy.*"),
    calls=("Input",),
    text=r"t(?:f|ensorflow)\.(?!keras\b)[\w.]+\(",
    since="0.1",
)
def raw_op_on_keras_tensor(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    node = event.node
    if not isinstance(node, ast.Call) or not _raises(event.name, ctx.keras.major):
        return
    first = event.arguments.positional[0] if event.arguments.positional else None
    if first is None or not is_part_of(first.node, node) or not _is_symbolic(first.value, event):
        return
    if is_guarded(ctx, node):
        return
    package = "NumPy" if event.name.startswith("numpy.") else "TensorFlow"
    yield ctx.report(
        node,
        f"`{ast.unparse(node.func)}` is given a symbolic tensor of Keras, with which {package} cannot compute",
        help=_advice(event.name, ctx.keras.major),
    )


def _raises(name: str, major: int) -> bool:
    if name in _NUMPY:
        return True
    if major < 3:
        return False  # Keras 2 makes a layer of it.
    return name in _FUNCTIONS or (name.startswith(_MODULES) and "()" not in name and name.count(".") == 2)


def _is_symbolic(value: Value, event: ExternalCall) -> bool:
    """Whether a value is a symbolic tensor, or a list that holds one; not what other libraries make of tensors."""
    values = (value,) if isinstance(value, Tensor) else event.view.items(value) or ()
    return any(isinstance(item, Tensor) and item.symbolic is Tri.YES and item.complete for item in values)


def _advice(name: str, major: int) -> str:
    if major < 3:
        return "use a function of TensorFlow or a layer, such as `keras.layers.Lambda`"
    last = name.rpartition(".")[2]
    last = _IN_OPS.get(last, last)
    if lookup(f"keras.ops.{last}", KERAS_3) is not None:
        return f"use `keras.ops.{last}`, or call it in the `call` of a layer of your own"
    return "call it in the `call` of a layer of your own"
