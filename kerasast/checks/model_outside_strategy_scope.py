"""A model made outside the distribution strategy that it is trained under."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall, With
from kerasast.flow.values import External, Tri
from kerasast.registry import rule

_METHODS = frozenset({"compile", "fit", "train_on_batch"})

_SCOPE = re.compile(
    r"tensorflow\.distribute\.(?:experimental\.)?(?:MultiWorker)?MirroredStrategy\(\)\.scope\(\)"
)


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_METHODS,
    calls=("scope",),
    since="0.1",
)
def model_outside_strategy_scope(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method not in _METHODS or not before.kind.is_model or before.escaped:
        return
    scope = next((item for item in event.enclosing.withs if _is_strategy(item)), None)
    # Without variables it does not matter where the model was made.
    if scope is None or not scope.is_older(event.target) or before.built is not Tri.YES:
        return
    entered = ctx.span(scope.node)
    if any(
        step.path == ctx.source.path and entered.start <= step.span.start < entered.end
        for step in before.trace
    ):
        return  # Told at its `compile()`.
    yield ctx.report(
        event.node,
        "this model has its variables from outside the scope of the strategy: training it raises an exception",
        story=event.story,
        help="make the model in the `with strategy.scope():` block as well",
    )


def _is_strategy(item: With) -> bool:
    return isinstance(item.manager, External) and _SCOPE.fullmatch(item.manager.name) is not None
