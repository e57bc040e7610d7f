"""A `functools.partial` in a model that is saved whole: Keras has no name to write for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.checks._files import HDF5
from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.checks._whole_models import WRITERS, WholeSave, whole_saves
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.values import (
    ApiValue,
    Const,
    External,
    FunctionValue,
    Kind,
    Partial,
    TupleValue,
    Value,
)
from kerasast.registry import rule

_NAMES = re.compile(r"__name__\s*=[^=]|\bupdate_wrapper\b|\bwraps\b|\bsetattr\b")
"""What gives a partial function a name, under which Keras writes it."""

_OWN_CONFIGS = ("compile", "get_compile_config", "get_config", "save")


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("save", *FITS),
    calls=WRITERS,
    also=("partial",),
    since="0.1",
)
def partial_in_saved_model(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not event.before.kind.is_model:
        return
    for save in whole_saves(event):
        role = _role(event, save) if save.ends(".keras", *HDF5) else None
        if role is None or decides_for_itself(event.before, ctx.keras, *_OWN_CONFIGS):
            continue
        if not _gives_names(ctx) and not is_guarded(ctx, save.place):
            yield ctx.report(
                save.place,
                f"{save.call} raises: the model has a `functools.partial` as {role}, which Keras cannot write",
                story=event.story,
                help="write a function with a name, or a subclass of the layer or loss with a `get_config`",
            )


def _gives_names(ctx: Context) -> bool:
    """Whether code of the project may give a partial function a name."""
    sources = [ctx.source, *map(ctx.project.source, ctx.project.modules)]
    return any(
        source is not None and "partial" in source.code and _NAMES.search(source.code) is not None
        for source in sources
    )


def _role(event: ModelCall, save: WholeSave) -> str | None:
    """What a partial function is in the model that is written, if there is one."""
    if event.arguments.value("include_optimizer") in (None, Const(True)) or not save.ends(*HDF5):
        state = event.before
        if state.kind is not Kind.MODEL and not state.escaped:
            for name, role in (("loss", "loss"), ("metrics", "metric"), ("weighted_metrics", "metric")):
                if _holds_partial(event, state.compile_arguments.get(name)):
                    return role
    for part in saved_parts(event.view, event.target):
        held = event.view.state(part)
        if held.cls is None and not held.escaped and held.kind is Kind.LAYER:
            for name, role in _LAYER_FUNCTIONS.items():
                if _is_partial(held.arguments.get(name)):
                    return role
    return None


_LAYER_FUNCTIONS = {
    "activation": "activation",
    "recurrent_activation": "activation",
    "function": "function of a `Lambda` layer",
    "kernel_regularizer": "regularizer",
}


def _holds_partial(event: ModelCall, value: Value | None, depth: int = 0) -> bool:
    if isinstance(value, TupleValue) or (value is not None and event.view.items(value) is not None):
        items = event.view.items(value) or ()
        return depth < 4 and any(_holds_partial(event, item, depth + 1) for item in items)
    return _is_partial(value)


def _is_partial(value: Value | None) -> bool:
    """Whether a value is a partial function: a partial class makes objects, which is another matter."""
    if not isinstance(value, Partial):
        return False
    match value.function:
        case FunctionValue():
            return True
        case ApiValue(api):
            return api.name.rpartition(".")[2].islower()
        case External(name):
            return name.startswith("tensorflow.nn.")
    return False
