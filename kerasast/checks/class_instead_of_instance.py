"""`compile(loss=MeanSquaredError)`, `fit(callbacks=[History])`: a class where Keras wants an object."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import replace, safe, text_of
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ApiValue, ClassValue, Value
from kerasast.keras_api import ancestors, lookup
from kerasast.registry import FixAvailability, rule
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


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile", *FITS),
    calls=("compile", *FITS),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
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
                    fix=partial(_fix, ctx, node, value),
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


def _fix(ctx: Context, node: ast.AST, value: Value) -> Fix | None:
    if not isinstance(node, ast.Name | ast.Attribute) or not _needs_nothing(value, ctx.keras):
        return None
    return safe("Call the class", replace(ctx.source, node, f"{text_of(ctx.source, node)}()"))


def _needs_nothing(value: Value, version: KerasVersion) -> bool:
    """Whether an instance can be made without arguments."""
    match value:
        case ApiValue(api):
            return _has_defaults(api.name, version)
        case ClassValue():
            facts = class_facts(value, version)
            if not facts.ancestry.complete or value.decorators:
                return False
            if facts.constructor is not None:
                return not any(item.required for item in facts.constructor.parameters)
            return all(_has_defaults(name, version) for name in facts.ancestry.apis[:1])
    return False


def _has_defaults(name: str, version: KerasVersion) -> bool:
    symbol = lookup(name, version)
    if symbol is None or symbol.parameters is None:
        return False
    return all(item.has_default or item.kind.startswith("var_") for item in symbol.parameters)
