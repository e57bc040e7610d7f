"""`load_weights(…, by_name=True)` of a file that is not read by names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._files import HDF5
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, safe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_POSITIONAL = (".weights.h5", ".keras")
"""Endings of the files whose weights Keras since 2.12 finds by their place in the model."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    keras=">=2.12",
    on=(ModelCall,),
    names=("load_weights",),
    calls=("load_weights",),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def by_name_not_supported(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    by_name = event.arguments.get("by_name")
    if event.method != "load_weights" or by_name is None or not isinstance(by_name.value, Const):
        return
    suffix = known_suffix(event.arguments.value("filepath"))
    if not event.before.kind.is_model or suffix is None:
        return
    raises = ctx.keras.major >= 3 and suffix.endswith(_POSITIONAL)
    if by_name.value != Const(True) and not (raises and by_name.value == Const(False)):
        return
    if suffix.endswith(_POSITIONAL):
        effect = "Keras 3 rejects `by_name`" if raises else "`by_name=True` is ignored"
        message = f"{effect} for this file: its weights are found by their place in the model, not by name"
        severity = Severity.ERROR if raises else Severity.WARNING
    elif not suffix.endswith(HDF5) and not any(ending.endswith(suffix) for ending in HDF5):
        message, severity = (
            "`by_name=True` is for `.h5` files only, and this name ends otherwise",
            Severity.ERROR,
        )
    else:
        return
    yield ctx.report(
        place_of(by_name, event.node),
        message,
        help="copy the weights of the layers that both models have, with `layer.set_weights()`, or save a whole model "
        "to an `.h5` file, which is read by name",
        severity=severity,
        fix=partial(_fix, ctx.source, event.node) if by_name.value == Const(False) else None,
    )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    return safe("Leave out `by_name`", remove_argument(source, call, "by_name"))
