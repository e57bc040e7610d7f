"""A callback of Keras 3 that monitors a metric of which nobody has said whether more is better."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import FITS, has_validation, monitors
from kerasast.checks._guards import is_guarded
from kerasast.checks._logs import logged_metrics
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Tri
from kerasast.registry import rule


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), calls=FITS, keras=">=3", since="0.1")
def monitor_without_mode(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method not in FITS or not event.before.kind.is_model:
        return
    for monitor in monitors(event, ctx.keras):
        name = monitor.name.removeprefix("val_")
        if not monitor.asks_direction or name == "loss":
            continue
        if name != monitor.name and has_validation(event.arguments) is Tri.NO:
            continue  # Then the metric is not logged at all.
        metrics = logged_metrics(event.view, event.target, ctx.keras) or ()
        found = [metric for metric in metrics if metric is not None and metric.is_called(name)]
        if found and not any(metric.directed for metric in found) and not is_guarded(ctx, event.node):
            yield ctx.report(
                monitor.place(event),
                f"`{monitor.callback}` does not know whether a high `{monitor.name}` is good or bad: "
                "`fit()` raises `ValueError` after the first epoch",
                story=(*event.story, ctx.step(event.node, f"`{event.method}()` asks for `{monitor.name}`")),
                help='pass `mode="max"` or `mode="min"`',
            )
