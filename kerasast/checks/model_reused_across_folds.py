"""Cross-validation that goes on training one model, fold after fold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import Loop, ModelCall
from kerasast.flow.values import External, Tri
from kerasast.registry import rule

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})

_FOLDS = re.compile(
    r"sklearn\.(?:model_selection|cross_validation)\."
    r"(?:(?:Stratified)?(?:Group)?KFold|Repeated(?:Stratified)?KFold|(?:Stratified|Group)?ShuffleSplit"
    r"|Leave(?:One|P)(?:GroupsOut|GroupOut|Out))\(\)\.split\(\)"
)
"""What gives folds that each need a new model; that of a time series goes on with one on purpose."""

_RESETS = re.compile(r"set_weights|set_value|load|clone|restore|reset|initiali|\.assign")


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_TRAINING,
    calls=_TRAINING,
    also=("split",),
    since="0.1",
)
def model_reused_across_folds(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method not in _TRAINING or not before.kind.is_model or before.escaped:
        return
    loop = next((item for item in event.enclosing.loops if _gives_folds(item)), None)
    if loop is None or not loop.is_older(event.target):
        return
    # Weights that are given to the model may be those that it began with.
    if before.adapted is not Tri.NO or _RESETS.search(_text(ctx, loop.node)):
        return
    yield ctx.report(
        event.node,
        f"every fold goes on training the same model: `{event.method}()` has seen the data that it is validated on",
        story=event.story,
        help="make the model in the loop, or give it the weights back that it began with",
    )


def _gives_folds(loop: Loop) -> bool:
    return isinstance(loop.iterable, External) and _FOLDS.fullmatch(loop.iterable.name) is not None


def _text(ctx: Context, node: ast.AST) -> str:
    lines = ctx.source.code.splitlines()
    return "\n".join(lines[getattr(node, "lineno", 1) - 1 : getattr(node, "end_lineno", len(lines))])
