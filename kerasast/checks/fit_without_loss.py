"""`fit()` on a model that was compiled without a loss and has none of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Tri, Unknown
from kerasast.registry import rule
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})
_EVALUATION = frozenset({"evaluate", "test_on_batch"})


@rule(
    category="training", severity=Severity.ERROR, on=(ModelCall,), calls=_TRAINING | _EVALUATION, since="0.1"
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
    if _may_add_loss(event.view, event.target, ctx.keras):
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
    step = ("train_step", "make_train_function") if trains else ("test_step", "make_test_function")
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
    """Whether a method does nothing but call the one that it replaces."""
    function = lineage.method(name)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    match [item for item in function.node.body if not isinstance(item, ast.Expr)]:
        case [
            ast.Return(value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name("super")), attr=attr)))
        ]:
            return attr == name and len(lineage.classes) == 1
    return False


def _may_add_loss(view: WorldView, model: ObjectId, version: KerasVersion) -> bool:
    """Whether some layer may call `add_loss()`, or have a regularizer; true unless the opposite is certain."""
    return any(_adds_loss(view.state(item), version) for item in (model, *view.contents(model)))


def _adds_loss(state: ObjectState, version: KerasVersion) -> bool:
    if state.escaped or state.has_loss is Tri.YES or not state.arguments_complete:
        return True
    if state.cls is not None:
        lineage = ancestry(state.cls, version)
        gaps = any(isinstance(value, Unknown) for value in state.attributes.values())
        return gaps or not lineage.complete or any(_mentions_loss(cls.node) for cls in lineage.classes)
    if state.kind is Kind.LAYER:
        return state.api == "keras.layers.ActivityRegularization" or any(
            name.endswith("regularizer") and value != Const(None) for name, value in state.arguments.items()
        )
    is_application = (state.api or "").startswith("keras.applications.")
    return not state.complete and not is_application


@lru_cache(maxsize=256)
def _mentions_loss(node: ast.ClassDef) -> bool:
    """Whether a class body speaks of added losses or regularizers at all."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(attr="add_loss" | "losses"):
                return True
            case ast.keyword(arg=str(name)) if name.endswith("regularizer"):
                return True
    return False
