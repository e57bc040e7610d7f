"""A callback that monitors the validation of a training that has none."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import (
    FITS,
    NO_EFFECT,
    Monitor,
    best_checkpoint_effect,
    decides_for_itself,
    has_validation,
    monitors,
)
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Tri
from kerasast.registry import rule


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), names=FITS, calls=FITS, since="0.1")
def monitor_without_validation(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method not in FITS or not event.before.kind.is_model:
        return
    if has_validation(event.arguments) is not Tri.NO:
        return
    if decides_for_itself(event.before, ctx.keras, *FITS, "train_step", "make_train_function"):
        return
    for monitor in monitors(event, ctx.keras):
        if not monitor.name.startswith("val_"):
            continue
        effect = _effect(monitor, ctx.keras.major)
        if effect is not None:
            yield _report(ctx, event, monitor, effect)


def _effect(monitor: Monitor, major: int) -> str | None:
    if monitor.callback != "ModelCheckpoint":
        return NO_EFFECT[monitor.callback]
    if not monitor.keeps_best:
        return None
    return best_checkpoint_effect(major)


def _report(ctx: Context, event: ModelCall, monitor: Monitor, effect: str) -> Diagnostic:
    place = monitor.place(event)
    story = (*event.story, ctx.step(event.node, f"`{event.method}()` is given no validation data here"))
    name = f"`{monitor.name}`" if monitor.given else f"`{monitor.name}`, the default,"
    return ctx.report(
        place,
        f"`{monitor.callback}` monitors {name} but `{event.method}()` has no validation data: {effect}",
        story=story,
        help=f'pass `validation_data=…` to `{event.method}()`, or `monitor="{monitor.name.removeprefix("val_")}"`',
        severity=None if monitor.callback == "ModelCheckpoint" else Severity.WARNING,
    )
