"""A `train_step` with a loss of its own that leaves out the penalties of the model's regularizers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

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
from kerasast.flow.reach import reached_methods
from kerasast.flow.values import Const, Ref, Value
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
def regularization_ignored(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Diagnostic]:
    facts = stepping_class(ctx, event)
    if facts is None:
        return
    method = training_step(facts)
    if method is None or _adds_penalties(facts):
        return
    for call in taped_calls(method):
        found = _in_class(call, facts) if isinstance(event, ClassDefined) else _in_object(call, event)
        if found is not None:
            yield ctx.report(
                call.node,
                f"`train_step` minimises a loss without the penalties of the model: its `{found}` does nothing",
                help=f"add `sum({ast.unparse(call.node.func)}.losses)` to the loss,"
                " or let `self.compute_loss(…)` compute it",
            )
            return


def _adds_penalties(facts: ClassFacts) -> bool:
    """Whether `train_step`, or a method that it calls, may use `losses`."""
    reached = reached_methods(facts, ["train_step"])
    return any(_uses_losses(method, facts) for method in reached) or any(
        True for method in reached for _ in method.super_calls("train_step")
    )


def _uses_losses(method: MethodFacts, facts: ClassFacts) -> bool:
    # `compiled_loss` of Keras 2 has the penalties only where it is given them: as `self.losses`.
    names = {"losses", "add_loss", "compute_loss", "_compute_loss", "regularization_losses"}
    if facts.version.major >= 3:
        names.add("compiled_loss")
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Name) and "regulari" in node.id)
        or (isinstance(node, ast.Attribute) and "regulari" in node.attr)
        for node in walk(method.node)
    )


def _in_class(call: CallSite, facts: ClassFacts) -> str | None:
    """A regularizer of a layer behind the call, as far as the class itself tells."""
    if call.path:
        return _regularizer(facts, call.path[0]) if len(call.path) == 1 else None
    forward = facts.method("call")
    for inner in forward.calls if forward is not None else ():
        if len(inner.path) == 1 and not inner.guards.conditional:
            found = _regularizer(facts, inner.path[0])
            if found is not None:
                return found
    return None


def _regularizer(facts: ClassFacts, attribute: str) -> str | None:
    for name, node in layers_kept(facts, attribute):
        for item in node.keywords if name.startswith("keras.layers.") else ():
            given = item.value
            if isinstance(given, ast.Constant) and given.value is None:
                continue
            if (item.arg or "").endswith("_regularizer") and isinstance(given, ast.Constant | ast.Call):
                return item.arg
    return None


def _in_object(call: CallSite, event: ModelCall) -> str | None:
    """A regularizer of a layer behind the call, in the model that is trained."""
    target = called_object(call, event)
    if target is None or event.view.state(target).escaped:
        return None
    for item in event.view.contents(target):
        layer = event.view.state(item)
        if layer.cls is None and (layer.api or "").startswith("keras.layers."):
            for name, given in layer.arguments.items():
                if name.endswith("_regularizer") and _is_regularizer(given):
                    return name
    return None


def _is_regularizer(value: Value) -> bool:
    return isinstance(value, Ref) or (isinstance(value, Const) and isinstance(value.value, str))
