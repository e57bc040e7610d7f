"""A callback that Keras 2 lets look for the lowest value of a score."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.checks._scores import is_score
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe, set_keyword
from kerasast.flow.arguments import Arguments, place_of
from kerasast.flow.events import ObjectCreated
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_CALLBACKS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")

_WORST = {
    "EarlyStopping": "training stops while it improves, and the worst weights count as the best",
    "ModelCheckpoint": "the file keeps the worst model",
    "ReduceLROnPlateau": "the learning rate is reduced while it improves",
}


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ObjectCreated,),
    calls=_CALLBACKS,
    keras="<3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def score_monitored_as_loss(ctx: Context, event: ObjectCreated) -> Iterator[Diagnostic]:
    name = (event.state.api or "").removeprefix("keras.callbacks.")
    if name not in _CALLBACKS or event.state.cls is not None:
        return
    arguments = event.arguments
    monitor = arguments.get("monitor")
    if monitor is None or not isinstance(monitor.value, Const) or not isinstance(monitor.value.value, str):
        return
    if arguments.value("mode") not in (None, Const("auto")):
        return
    if name == "ModelCheckpoint" and arguments.value("save_best_only") != Const(True):
        return
    given = monitor.value.value
    if not is_score(given) or _is_maximised(name, given) or is_guarded(ctx, event.node):
        return
    yield ctx.report(
        place_of(monitor, event.node),
        f"`{name}` looks for the lowest `{given}`: {_WORST[name]}",
        help='pass `mode="max"`',
        fix=partial(_fix, ctx.source, event.node, arguments),
    )


def _fix(source: SourceFile, call: ast.AST, arguments: Arguments) -> Fix | None:
    written = {keyword.arg for keyword in call.keywords} if isinstance(call, ast.Call) else set()
    if "mode" in arguments and "mode" not in written:
        return None
    return safe('Pass `mode="max"`', set_keyword(source, call, "mode", '"max"'))


def _is_maximised(callback: str, monitor: str) -> bool:
    """Whether Keras 2 guesses that more is better. Observed with Keras 2.15; each callback has its own rule."""
    if callback == "EarlyStopping":
        return monitor.endswith(("acc", "accuracy", "auc"))
    return "acc" in monitor or (callback == "ModelCheckpoint" and monitor.startswith("fmeasure"))
