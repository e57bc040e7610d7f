"""A key of a training's history under which nothing was logged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._fits import FITS, RATES, is_validated, leave_logs_alone
from kerasast.checks._guards import is_asked_for, is_guarded
from kerasast.checks._logs import all_logged, are_same
from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe, set_string
from kerasast.flow.events import HistoryRead
from kerasast.flow.values import Ref, Tri
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


# Before 2.3, `"accuracy"` was logged as `acc`.
@rule(
    category="training",
    severity=Severity.ERROR,
    on=(HistoryRead,),
    calls=FITS,
    keras=">=2.3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unknown_history_key(ctx: Context, event: HistoryRead) -> Iterator[Diagnostic]:
    history, view = event.history, event.view
    model = history.arguments.get("self")
    name = event.key.removeprefix("val_")
    is_validation = name != event.key
    rate = "learning_rate" if ctx.keras.major >= 3 else name if name in RATES else ""
    if not isinstance(model, Ref) or name == rate or not history.arguments_complete or history.escaped:
        return
    if not leave_logs_alone(view, history.arguments.get("callbacks"), ctx.keras):
        return
    metrics = all_logged(view, model.id, ctx.keras, history.compile_arguments)
    if metrics is None or not history.compile_complete:
        return
    given = [history.arguments.get(item) for item in ("validation_data", "validation_split")]
    is_missing = is_validation and is_validated(given) is Tri.NO
    known = name == "loss" or any(metric.is_called(name) for metric in metrics)
    if (known and not is_missing) or is_guarded(ctx, event.node) or is_asked_for(ctx.source, event.node):
        return
    prefix = "val_" if is_validation and not is_missing else ""
    logged = [f"{prefix}loss", *dict.fromkeys(prefix + metric.name for metric in metrics)]
    meant = [item for item in logged[1:] if are_same(item.removeprefix(prefix), name)]
    help: str | None
    if is_missing:
        why, help = "`fit()` had no validation data", "pass `validation_data=…` to `fit()`"
    elif name == "lr" and not meant:
        why, help = "Keras 3 logs the learning rate under another name", 'write `["learning_rate"]`'
    else:
        why = f"the training logged {listed(logged)}"
        help = f'write `["{meant[0]}"]`' if len(meant) == 1 else None
    yield ctx.report(
        event.node,
        f"the history has no `{event.key}`, which raises `KeyError`: {why}",
        story=view.state(model.id).trace,
        help=help,
        fix=partial(_fix, ctx.source, event.node, meant[0]) if len(meant) == 1 and not is_missing else None,
    )


def _fix(source: SourceFile, read: ast.AST, name: str) -> Fix | None:
    key = read.slice if isinstance(read, ast.Subscript) else read
    return safe(f'Read `["{name}"]`', set_string(source, key, name))
