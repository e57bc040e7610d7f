"""`compile(loss=MeanSquaredError)`: a class where Keras wants an object."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
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
}


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), calls=("compile",), since="0.1")
def class_instead_of_instance(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    for parameter in _BASES:
        if parameter != "optimizer" and ctx.keras.major >= 3:
            continue  # Keras 3 makes an instance by itself.
        for node, value in given(event, parameter):
            name = _class_name(value, parameter, ctx.keras)
            if name is not None and not is_guarded(ctx, event.node):
                when = "`compile()` raises" if parameter == "optimizer" else "training raises"
                yield ctx.report(
                    node,
                    f"`{name}` is a class, and `compile()` wants an instance of it: {when}",
                    help=f"call it: `{name}()`",
                )


def _class_name(value: Value, parameter: str, version: KerasVersion) -> str | None:
    match value:
        case ApiValue(api):
            if any(base == api.name or base in ancestors(api.name, version) for base in _BASES[parameter]):
                return api.name.rpartition(".")[2]
        case ClassValue() if (
            parameter in _ROLES and role_of(class_facts(value, version)) in _ROLES[parameter]
        ):
            return value.name
    return None
