"""A callback that monitors a name under which nothing is logged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._fits import (
    FITS,
    NO_EFFECT,
    RATES,
    Monitor,
    best_checkpoint_effect,
    has_validation,
    monitors,
)
from kerasast.checks._logs import LoggedMetric, all_logged, are_same
from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import set_string, unsafe
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Tri
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


# Before 2.3, `"accuracy"` was logged as `acc`.
@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=FITS,
    calls=FITS,
    keras=">=2.3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unknown_monitor(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method not in FITS or not event.before.kind.is_model:
        return
    metrics: list[LoggedMetric] | None = None
    for monitor in monitors(event, ctx.keras):
        name = monitor.name.removeprefix("val_")
        effect = _effect(monitor, ctx.keras.major)
        if effect is None or name == "loss" or name in RATES:
            continue
        if name != monitor.name and has_validation(event.arguments) is Tri.NO:
            continue  # It would not be logged under any name: another rule's business.
        metrics = all_logged(event.view, event.target, ctx.keras) if metrics is None else metrics
        if metrics is None:
            return
        if not any(metric.is_called(name) for metric in metrics):
            yield _report(ctx, event, monitor, metrics, effect)


def _effect(monitor: Monitor, major: int) -> str | None:
    """What comes of it; `None` if nothing does."""
    if major >= 3 and monitor.asks_direction:
        return "`fit()` raises `ValueError` after the first epoch"
    if monitor.callback != "ModelCheckpoint":
        return NO_EFFECT[monitor.callback]
    return best_checkpoint_effect(major) if monitor.keeps_best else None


def _report(
    ctx: Context, event: ModelCall, monitor: Monitor, metrics: list[LoggedMetric], effect: str
) -> Diagnostic:
    name = monitor.name.removeprefix("val_")
    prefix = monitor.name.removesuffix(name)
    logged = [f"{prefix}loss", *dict.fromkeys(prefix + metric.name for metric in metrics)]
    meant = [item.removeprefix(prefix) for item in logged[1:] if are_same(item.removeprefix(prefix), name)]
    help = (
        f'write `monitor="{prefix}{meant[0]}"`'
        if len(meant) == 1
        else "monitor one of these, or add the metric to `compile()`"
    )
    return ctx.report(
        monitor.place(event),
        f"`{monitor.callback}` monitors `{monitor.name}`, but the training logs {listed(logged)}: {effect}",
        story=(*event.story, ctx.step(event.node, f"`{event.method}()` logs {listed(logged)}")),
        help=help,
        fix=partial(_fix, ctx.source, monitor.place(event), prefix + meant[0]) if len(meant) == 1 else None,
    )


def _fix(source: SourceFile, place: ast.AST, name: str) -> Fix | None:
    return unsafe(f"Monitor `{name}`", set_string(source, place, name))
