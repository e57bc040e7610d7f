"""A `train_step` that calls the model in inference mode, so that dropout and batch normalisation do nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._modes import BATCH_NORM, DROPOUT, EFFECTS, mode_layer, trains_by_default
from kerasast.checks._training_steps import (
    called_object,
    layers_kept,
    stepping_class,
    taped_calls,
    training_step,
)
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.values import ObjectState
from kerasast.registry import rule
from kerasast.walking import walk


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ClassDefined, ModelCall),
    names=("fit",),
    calls=("fit",),
    since="0.1",
)
def train_step_without_training(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Diagnostic]:
    facts = stepping_class(ctx, event)
    method = None if facts is None else training_step(facts)
    if facts is None or method is None:
        return
    for call in taped_calls(method):
        if _says_training(call, method) or _also_trains(call, method):
            continue
        layer = _in_class(call, facts) if isinstance(event, ClassDefined) else _in_object(call, event)
        if layer is not None:
            yield ctx.report(
                call.node,
                f"`{ast.unparse(call.node.func)}()` runs in inference mode in `train_step`:"
                f" {EFFECTS[layer == BATCH_NORM]}",
                help="pass `training=True`",
            )


def _says_training(call: CallSite, method: MethodFacts) -> bool:
    node = call.node
    return len(node.args) != 1 or any(item.arg in ("training", None) for item in node.keywords)


def _also_trains(call: CallSite, method: MethodFacts) -> bool:
    """Whether the step calls the same thing in training mode too: then the other call is meant."""
    function = ast.unparse(call.node.func)
    return any(
        ast.unparse(other.node.func) == function and _says_training(other, method) for other in method.calls
    )


def _in_class(call: CallSite, facts: ClassFacts) -> str | None:
    """A layer behind the call that has a training mode, as far as the class itself tells."""
    if call.path:
        return _mode_layer(facts, call.path[0]) if len(call.path) == 1 else None
    forward = facts.method("call")
    if forward is None or _trains_by_default(forward):
        return None
    for inner in forward.calls:
        if len(inner.path) == 1 and not inner.guards.conditional and not _is_fixed(inner):
            layer = _mode_layer(facts, inner.path[0])
            if layer is not None:
                return layer
    return None


def _trains_by_default(forward: MethodFacts) -> bool:
    """Whether `call` takes `training` with a default of its own, or changes what it is given."""
    return trains_by_default(forward.node.args) or any(
        isinstance(node, ast.Name) and node.id == "training" and isinstance(node.ctx, ast.Store)
        for node in walk(forward.node)
    )


def _is_fixed(call: CallSite) -> bool:
    """Whether a call says itself in which mode it runs, rather than passing on what `call` was given."""
    given = [item.value for item in call.node.keywords if item.arg in ("training", None)] + call.node.args[1:]
    return any(not (isinstance(item, ast.Name) and item.id == "training") for item in given)


def _mode_layer(facts: ClassFacts, attribute: str) -> str | None:
    """A layer with a training mode that is certainly in an attribute."""
    for name, node in layers_kept(facts, attribute):
        given = {item.arg for item in node.keywords}
        if (name in DROPOUT or name == BATCH_NORM) and not given & {"trainable", None}:
            return name
    return None


def _in_object(call: CallSite, event: ModelCall) -> str | None:
    """A layer behind the call that has a training mode, in the model that is trained."""
    target = called_object(call, event)
    if target is None or (not call.path and "call" in _methods(event.before)):
        return None
    state = event.view.state(target)
    if state.escaped or not state.complete or (call.path and state.cls is not None):
        return None
    return mode_layer(event.view, target)


def _methods(state: ObjectState) -> set[str]:
    if state.cls is None:
        return set()
    return {node.name for node in state.cls.node.body if isinstance(node, ast.FunctionDef)}
