"""`fit()` of a model whose `call` has no `training`, so that dropout and batch normalisation do nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._fits import decides_for_itself
from kerasast.checks._modes import BATCH_NORM, EFFECTS, mode_layer, trains_by_default
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import FunctionValue, Kind
from kerasast.registry import rule
from kerasast.walking import walk

_TRAINING = frozenset({"fit", "train_on_batch"})

_STEPS = ("__call__", "compute_loss", "make_train_function", "train_function", "train_step", *_TRAINING)
"""What a model defines that may call it with `training=True`."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=_TRAINING,
    calls=_TRAINING,
    keras=">=3",
    since="0.1",
)
def call_without_training(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    state = event.before
    if event.method not in _TRAINING or state.cls is None or state.kind is not Kind.SUBCLASSED:
        return
    if state.escaped or not state.complete or decides_for_itself(state, ctx.keras, *_STEPS):
        return
    forward = _forward(ancestry(state.cls, ctx.keras))
    if forward is None or _decides_itself(event):
        return
    layer = mode_layer(event.view, event.target)
    if layer is not None:
        yield ctx.report(
            event.node,
            f"`{event.method}()` runs in inference mode, because `call` of `{state.cls.node.name}` has no"
            f" `training` argument: {EFFECTS[layer == BATCH_NORM]}",
            story=event.story,
            help="write `def call(self, inputs, training=None)`, and pass `training` on",
        )


def _forward(lineage: Ancestry) -> FunctionValue | None:
    """The `call` of a class, if it certainly has no parameter `training`."""
    function = lineage.method("call")
    if function is None or not isinstance(function.node, ast.FunctionDef) or function.node.decorator_list:
        return None
    spec = function.node.args
    names = {item.arg for item in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    return None if "training" in names or spec.vararg is not None else function


def _decides_itself(event: ModelCall) -> bool:
    """Whether a class of the model, or of a layer in it, may say itself in which mode its layers run."""
    states = [event.before, *(event.view.state(item) for item in event.view.contents(event.target))]
    return any(_sets_mode(state.cls.node) for state in states if state.cls is not None)


def _sets_mode(cls: ast.ClassDef) -> bool:
    return any(_is_mode(part) for part in walk(cls))


def _is_mode(part: ast.AST) -> bool:
    """Whether a piece of code gives a mode other than the one that `call` is given as `training`."""
    match part:
        case ast.keyword(arg="training", value=ast.Name("training")):
            return False
        case ast.keyword(arg="training") | ast.Attribute(attr="training" | "learning_phase"):
            return True
        case ast.Name("training", ctx=ast.Store()):
            return True
        case ast.arguments():
            return trains_by_default(part)
    return False
