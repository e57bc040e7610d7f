"""`metrics=["accuracy"]` for a regression, of which it says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile, loss_name
from kerasast.checks._models import last_layer
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind, ObjectState, Tensor
from kerasast.registry import rule

_NAMES = """
mae mape msle mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error
huber huber_loss logcosh log_cosh MAE MAPE MSLE MeanAbsoluteError MeanAbsolutePercentageError
MeanSquaredLogarithmicError Huber LogCosh
"""
_NUMBERS = frozenset(_NAMES.split())
"""Losses that are for numbers, not for classes."""

_SQUARED = frozenset({"mse", "mean_squared_error", "MSE", "MeanSquaredError"})
"""A loss that a classifier of two classes may have too."""

_ERRORS = _NUMBERS | {"RootMeanSquaredError", "R2Score"}
"""Metrics that are for numbers, not for classes."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    since="0.1",
)
def accuracy_of_regression(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras) or not _has_one_output(event.before):
        return
    layer = last_layer(event)
    if layer is None or not _is_linear_unit(layer) or not _is_about_numbers(event):
        return
    for node, value in given(event, "metrics"):
        if isinstance(value, Const) and value.value in ("accuracy", "acc"):
            yield ctx.report(
                node,
                f'"{value.value}" counts the predictions that equal the label after rounding to 0 or 1:'
                " of a regression it stays at 0",
                story=event.story,
                help='pass an error, such as `"mae"`, or leave it out',
            )


def _is_about_numbers(event: ModelCall) -> bool:
    """Whether the model is trained to give numbers: a linear unit with a squared error may tell classes apart too."""
    losses = [loss_name(event, value) for _, value in given(event, "loss")]
    if len(losses) != 1 or losses[0] not in _NUMBERS | _SQUARED:
        return False
    return losses[0] in _NUMBERS or any(
        loss_name(event, value) in _ERRORS for _, value in given(event, "metrics")
    )


def _has_one_output(state: ObjectState) -> bool:
    if state.escaped or not state.complete:
        return False
    return state.kind is Kind.SEQUENTIAL or (
        state.kind is Kind.FUNCTIONAL and isinstance(state.arguments.get("outputs"), Tensor)
    )


def _is_linear_unit(layer: ObjectState) -> bool:
    """Whether a layer is a `Dense(1)` without an activation."""
    return (
        layer.api == "keras.layers.Dense"
        and layer.cls is None
        and layer.arguments_complete
        and not layer.escaped
        and "activation" not in layer.attributes
        and layer.arguments.get("units") == Const(1)
        and layer.arguments.get("activation", Const(None)) in (Const(None), Const("linear"))
    )
