"""`fit()` on a model that was compiled without a loss and has none of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._added_losses import may_add_loss
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ObjectState, Tri
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})
_EVALUATION = frozenset({"evaluate", "test_on_batch"})


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=(*_TRAINING, *_EVALUATION),
    calls=_TRAINING | _EVALUATION,
    since="0.1",
)
def fit_without_loss(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if before.compiled is not Tri.YES or before.has_loss is not Tri.NO or before.escaped:
        return
    trains = event.method in _TRAINING
    # Without a loss, Keras 2.15 evaluates the metrics and returns 0.0 as the loss; Keras 3.15 raises.
    if not trains and (event.method not in _EVALUATION or ctx.keras.major < 3):
        return
    if _replaces_step(before, event.method, trains, ctx.keras):
        return
    if may_add_loss(event.view, event.target, ctx.keras):
        return
    yield ctx.report(
        event.node,
        f"`{event.method}()` has nothing to {'minimise' if trains else 'measure'}: "
        "`compile()` was given no loss, and no layer adds one",
        story=event.story,
        help="pass `loss=…` to `compile()`",
    )


def _replaces_step(state: ObjectState, method: str, trains: bool, version: KerasVersion) -> bool:
    """Whether a model decides for itself what is minimised or measured."""
    step = ["train_step", "make_train_function", *([] if trains else ["test_step", "make_test_function"])]
    names = (method, "compute_loss", "compiled_loss", *step)
    if any(name in state.attributes for name in names):
        return True
    if state.cls is None:
        return False
    lineage = ancestry(state.cls, version)
    return not lineage.complete or any(
        lineage.defines(name) and not _only_inherits(lineage, name) for name in names
    )


def _only_inherits(lineage: Ancestry, name: str) -> bool:
    """Whether a method begins with a call of the one that it replaces, and a step may go on as it likes."""
    function = lineage.method(name)
    if function is None or isinstance(function.node, ast.Lambda) or len(lineage.classes) != 1:
        return False
    match [item for item in function.node.body if not isinstance(item, ast.Expr)]:
        case [ast.Return(value=ast.Call() as call)]:
            return _is_super_call(call, name)
        case [ast.Assign(value=ast.Call() as call), *_]:
            return name in ("train_step", "test_step") and _is_super_call(call, name)
    return False


def _is_super_call(call: ast.Call, name: str) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name("super")), attr=attr):
            return attr == name
    return False
