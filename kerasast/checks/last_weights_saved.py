"""Early stopping that does not restore the best weights, before the model is saved."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.registry import rule

_WRITES = frozenset({"export", "save", "save_weights"})


@rule(
    category="training",
    severity=Severity.INFO,
    on=(ModelCall,),
    calls=("EarlyStopping",),
    also=("export", "save", "save_model", "save_weights"),
    since="0.1",
)
def last_weights_saved(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    step = event.before.past_best
    if event.method in _WRITES and step is not None and not event.before.escaped:
        yield ctx.report(
            event.node,
            f"`{event.method}()` keeps the weights of the last epoch, not those of the best:"
            " `EarlyStopping` has stopped the training after some that were worse",
            story=(step,),
            help="pass `restore_best_weights=True` to `EarlyStopping`, or keep the best with a `ModelCheckpoint`",
        )
