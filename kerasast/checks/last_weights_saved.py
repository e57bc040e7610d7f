"""Early stopping that does not restore the best weights, before the model is saved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import set_keyword, unsafe
from kerasast.flow.events import ModelCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_WRITES = frozenset({"export", "save", "save_weights"})


@rule(
    category="training",
    severity=Severity.INFO,
    on=(ModelCall,),
    names=_WRITES,
    calls=("EarlyStopping",),
    also=("export", "save", "save_model", "save_weights"),
    fix=FixAvailability.SOMETIMES,
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
            fix=partial(_fix, ctx.source) if step.path == ctx.source.path else None,
        )


def _fix(source: SourceFile) -> Fix | None:
    """Restore the best weights, if there is no doubt which `EarlyStopping` does not."""
    made = [
        node
        for node in walk(source.parse())
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "EarlyStopping"
    ]
    if len(made) != 1 or len(made[0].args) > 6:
        return None
    return unsafe(
        "Pass `restore_best_weights=True`", set_keyword(source, made[0], "restore_best_weights", "True")
    )
