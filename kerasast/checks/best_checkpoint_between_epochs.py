"""A checkpoint of the best model that is made between epochs, when Keras cannot tell the best."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import best_checkpoint_effect
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ObjectCreated
from kerasast.flow.values import Const
from kerasast.registry import rule


@rule(
    category="training", severity=Severity.ERROR, on=(ObjectCreated,), calls=("ModelCheckpoint",), since="0.1"
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
        )
