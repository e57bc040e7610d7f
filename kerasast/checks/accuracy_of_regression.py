"""`metrics=["accuracy"]` for a model that predicts a quantity."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile, loss_name
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind
from kerasast.registry import rule

_NAMES = """
Huber LogCosh MAE MAPE MSE MSLE MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
MeanSquaredLogarithmicError huber huber_loss log_cosh logcosh mae mape mean_absolute_error
mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mse msle
"""
_REGRESSION = frozenset(_NAMES.split())

_UNBOUNDED = frozenset({None, "linear", "relu", "softplus", "exponential", "elu", "selu"})
"""Activations of a last layer that gives a quantity, not a probability."""


@rule(
    category="training",
    severity=Severity.INFO,
    on=(ModelCall,),
    calls=("compile",),
    preview=True,
    since="0.1",
)
def accuracy_of_regression(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras) or not _gives_quantity(event):
        return
    losses = {loss_name(event, value) for _, value in given(event, "loss")}
    if len(losses) != 1 or (loss := losses.pop()) not in _REGRESSION:
        return
    for node, value in given(event, "metrics"):
        if value in (Const("accuracy"), Const("acc")):
            yield ctx.report(
                node,
                f"an accuracy of a regression with the loss `{loss}` counts the predictions that are right exactly:"
                " it stays near 0",
                help='measure an error, such as `metrics=["mae"]`',
            )


def _gives_quantity(event: ModelCall) -> bool:
    """Whether a sequential model certainly ends in one unit that is no probability."""
    state = event.before
    if state.kind is not Kind.SEQUENTIAL or not state.complete or state.escaped or not state.contents:
        return False
    last = event.view.state(state.contents[-1])
    if (
        last.api != "keras.layers.Dense"
        or last.cls is not None
        or not last.arguments_complete
        or last.escaped
    ):
        return False
    activation = last.arguments.get("activation", Const(None))
    if not isinstance(activation, Const) or activation.value not in _UNBOUNDED:
        return False
    return last.arguments.get("units") == Const(1)
