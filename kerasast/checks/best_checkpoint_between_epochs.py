"""A checkpoint of the best model that is made between epochs, when Keras cannot tell the best."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._fits import best_checkpoint_effect
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, unsafe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ObjectCreated
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ObjectCreated,),
    calls=("ModelCheckpoint",),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def best_checkpoint_between_epochs(ctx: Context, event: ObjectCreated) -> Iterator[Diagnostic]:
    if event.state.api != "keras.callbacks.ModelCheckpoint" or event.state.cls is not None:
        return
    arguments = event.arguments
    frequency = arguments.get("save_freq")
    if frequency is None or not isinstance(frequency.value, Const) or not arguments.complete:
        return
    if not isinstance(frequency.value.value, int) or arguments.value("save_best_only") != Const(True):
        return
    monitor = arguments.value("monitor") or Const("val_loss")
    if not isinstance(monitor, Const) or not str(monitor.value).startswith("val_"):
        return
    if not is_guarded(ctx, event.node):
        yield ctx.report(
            place_of(frequency, event.node),
            f"`ModelCheckpoint` is to save the best model every {frequency.value.value} batches, "
            f"but `{monitor.value}` is not known between epochs: {best_checkpoint_effect(ctx.keras.major)}",
            help='leave `save_freq` at `"epoch"`',
            fix=partial(_fix, ctx.source, event.node),
        )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    return unsafe("Leave out `save_freq`", remove_argument(source, call, "save_freq"))
