"""A callback of Keras 3 that monitors a metric of which nobody has said whether more is better."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._fits import FITS, has_validation, monitors
from kerasast.checks._guards import is_guarded
from kerasast.checks._logs import logged_metrics
from kerasast.checks._scores import is_error, is_score
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe, set_keyword, unsafe
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ObjectState, Tri
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_DIRECTIONS = {
    "binaryaccuracy": "max",
    "categoricalaccuracy": "max",
    "falsenegatives": "min",
    "falsepositives": "min",
    "sparsecategoricalaccuracy": "max",
    "sparsetopkcategoricalaccuracy": "max",
    "topkcategoricalaccuracy": "max",
    "truenegatives": "max",
    "truepositives": "max",
}
"""Which way metrics of Keras are better, of those that do not say so themselves."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=FITS,
    calls=FITS,
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
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
                fix=partial(_fix, ctx.source, monitor.state, name),
            )


def _fix(source: SourceFile, callback: ObjectState, name: str) -> Fix | None:
    known = _DIRECTIONS.get(re.sub(r"_\d+$", "", name).replace("_", "").lower())
    guessed = "max" if is_score(name) or "acc" in name.lower() else "min" if is_error(name) else None
    mode = known or guessed
    if mode is None or callback.foreign or callback.created is None:
        return None
    edits = set_keyword(source, callback.created, "mode", f'"{mode}"')
    title = f'Pass `mode="{mode}"`'
    return safe(title, edits) if known else unsafe(title, edits)
