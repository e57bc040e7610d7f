"""A `relu` layer whose weights all begin as zeros: it never learns."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ObjectCreated
from kerasast.flow.values import ApiValue, Const, External, Value
from kerasast.flow.world import WorldView
from kerasast.registry import rule

_LAYERS = frozenset(
    f"keras.layers.{name}"
    for name in ("Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Convolution2D", "Dense")
)

_RELU = (Const("relu"), External("tensorflow.nn.relu"))

_ZEROS = (Const("zeros"), Const("zero"), Const("Zeros"))


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ObjectCreated,),
    calls=("Input", "Sequential"),
    text=r"_initializer\s*=.*[zZ]ero",
    since="0.1",
)
def zero_initialized_relu(ctx: Context, event: ObjectCreated) -> Iterator[Diagnostic]:
    state = event.state
    if state.api not in _LAYERS or state.cls is not None or not event.arguments.complete:
        return
    kernel = event.arguments.get("kernel_initializer")
    if kernel is None or not _is_zeros(kernel.value, event.view) or "weights" in event.arguments:
        return
    if not _is_relu(event.arguments.value("activation")):
        return
    bias = event.arguments.value("bias_initializer")
    if (
        bias is not None
        and not _is_zeros(bias, event.view)
        and event.arguments.value("use_bias") != Const(False)
    ):
        return
    name = state.api.rpartition(".")[2]
    yield ctx.report(
        event.node,
        f"the weights of this `{name}` begin as zeros, where `relu` has no gradient: it never learns",
        help="leave `kernel_initializer` out, or use one such as `he_normal`",
    )


def _is_relu(value: Value | None) -> bool:
    return value in _RELU or (isinstance(value, ApiValue) and value.api.name == "keras.activations.relu")


def _is_zeros(value: Value, view: WorldView) -> bool:
    state = view.state_of(value)
    if state is not None:
        return state.api == "keras.initializers.Zeros"
    return value in _ZEROS or (isinstance(value, ApiValue) and value.api.name == "keras.initializers.Zeros")
