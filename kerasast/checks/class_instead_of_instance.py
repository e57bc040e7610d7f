"""`compile(loss=MeanSquaredError)`, `fit(callbacks=[History])`: a class where Keras wants an object."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ApiValue, ClassValue, Value
from kerasast.keras_api import ancestors
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_ROLES = {
    "loss": (Role.LOSS,),
    "metrics": (Role.METRIC, Role.LOSS),
    "weighted_metrics": (Role.METRIC, Role.LOSS),
}
_BASES = {
    "optimizer": ("keras.optimizers.Optimizer", "keras.optimizers.legacy.Optimizer"),
    "loss": ("keras.losses.Loss",),
    "metrics": ("keras.metrics.Metric", "keras.losses.Loss"),
    "weighted_metrics": ("keras.metrics.Metric", "keras.losses.Loss"),
    "callbacks": ("keras.callbacks.Callback",),
}
_COMPILED = tuple(name for name in _BASES if name != "callbacks")


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), calls=("compile", *FITS), since="0.1")
def class_instead_of_instance(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if is_compile(event, ctx.keras):
        # Keras 3 makes instances by itself, except of an optimizer.
        parameters = _COMPILED if ctx.keras.major < 3 else ("optimizer",)
    elif event.method in FITS and not decides_for_itself(event.before, ctx.keras, event.method):
        parameters = ("callbacks",)
    else:
        return
    for parameter in parameters:
        for node, value in given(event, parameter):
            name = _class_name(value, parameter, ctx.keras)
            if name is not None and not is_guarded(ctx, event.node):
                raises = "`compile()` raises" if parameter == "optimizer" else "training raises"
                yield ctx.report(
                    node,
                    f"`{name}` is a class, and `{event.method}()` wants an instance of it: {raises}",
                    help=f"call it: `{name}(…)`" if parameter == "callbacks" else f"call it: `{name}()`",
                )


def _class_name(value: Value, parameter: str, version: KerasVersion) -> str | None:
    match value:
        case ApiValue(api):
            if any(base == api.name or base in ancestors(api.name, version) for base in _BASES[parameter]):
                return api.name.rpartition(".")[2]
        case ClassValue() if parameter == "callbacks":
            return value.name if ancestry(value, version).derives(*_BASES[parameter]) else None
        case ClassValue() if role_of(class_facts(value, version)) in _ROLES.get(parameter, ()):
            return value.name
    return None
