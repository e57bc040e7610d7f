"""A training that goes on where another one ended, with an optimizer that starts anew."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind, Tri
from kerasast.registry import rule

_KEEP_STATE = frozenset(
    {"adadelta", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam", "rmsprop"}
)
"""Optimizers that train in another way when they start anew. Plain `SGD` does not."""


@rule(category="training", severity=Severity.WARNING, on=(ModelCall,), names=FITS, calls=FITS, since="0.1")
def resumed_without_optimizer(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    restored = before.restored
    if restored is None or event.method not in FITS or before.escaped or before.compiled is not Tri.YES:
        return
    epoch = event.arguments.value("initial_epoch")
    if not isinstance(epoch, Const) or not isinstance(epoch.value, int) or epoch.value <= 0:
        return
    if not _is_fresh(ctx, event) or _changes_rate(event) or _restores_itself(ctx):
        return
    if before.cls is not None and decides_for_itself(before, ctx.keras, "fit", "compile", "load_weights"):
        return
    story = before.trace if restored in before.trace else (*before.trace, restored)
    yield ctx.report(
        event.node,
        f"`fit()` goes on with epoch {epoch.value + 1}, but with a new optimizer: what it had learned is lost",
        story=story,
        help="save the whole model, `load_model()` it, and do not compile it again",
    )


def _is_fresh(ctx: Context, event: ModelCall) -> bool:
    """Whether the optimizer of the last `compile()` has certainly no state yet, and would have had some."""
    optimizer = event.before.compile_arguments.get("optimizer")
    if isinstance(optimizer, Const):
        return str(optimizer.value).lower() in _KEEP_STATE
    state = event.view.state_of(optimizer)
    if state is None or state.kind is not Kind.OPTIMIZER or state.cls is not None or state.escaped:
        return False
    if state.trace[-1:] and state.trace[-1].span != ctx.source.header_span(event.node):
        return False  # It has trained before.
    name = (state.api or "").rpartition(".")[2].lower()
    momentum = state.arguments.get("momentum", Const(0.0))
    return name in _KEEP_STATE or (name == "sgd" and momentum not in (Const(0.0), Const(0), Const(None)))


def _changes_rate(event: ModelCall) -> bool:
    """Whether a loaded model was compiled with an optimizer of which something is said: to go on in another way."""
    before = event.before
    state = event.view.state_of(before.compile_arguments.get("optimizer"))
    return state is not None and bool(state.arguments) and before.trace[:1] == (before.restored,)


def _restores_itself(ctx: Context) -> bool:
    """Whether the project gives optimizers their state in another way."""
    return ctx.project.mentions(
        r"optimizer\.(?:build|set_weights|load_own_variables)\(|_make_train_function\("
    )
