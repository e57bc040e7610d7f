"""A layer that a `Lambda`, or the `call` of a class, takes from the names around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kerasast.checks._models import MODELS_MADE, has_own_weights, parts_of_model
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ModelCall, ObjectCreated
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import FunctionValue, Kind, ObjectId, Ref, Tri
from kerasast.flow.world import WorldView
from kerasast.registry import rule
from kerasast.versions import KerasVersion
from kerasast.walking import walk


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ObjectCreated, ModelCall, ClassDefined),
    names=MODELS_MADE,
    calls=("Lambda",),
    also=MODELS_MADE,
    since="0.1",
)
def layer_outside_model(
    ctx: Context, event: ObjectCreated | ModelCall | ClassDefined
) -> Iterator[Diagnostic]:
    if isinstance(event, ClassDefined):
        yield from _in_class(ctx, event)
    else:
        yield from _in_lambdas(ctx, event)


def _in_lambdas(ctx: Context, event: ObjectCreated | ModelCall) -> Iterator[Diagnostic]:
    parts = frozenset(parts_of_model(event))
    for part in parts:
        state = event.view.state(part)
        function = state.arguments.get("function")
        if state.api != "keras.layers.Lambda" or state.foreign or state.created is None:
            continue
        if not isinstance(function, FunctionValue):
            continue
        for name, target in _called(function):
            layer = event.view.state(target)
            if target not in parts and _is_lost(event.view, target, ctx.keras):
                yield ctx.report(
                    state.created,
                    f"this `Lambda` calls the layer `{name}`, which is no part of the model: "
                    "it is neither trained nor saved with it",
                    story=layer.trace[:1],
                    help=f"call `{name}` itself on the tensor, or write a layer class that keeps it as an attribute",
                )


def _called(function: FunctionValue) -> Iterator[tuple[str, ObjectId]]:
    """The objects that a function takes from around it by name, and calls."""
    arguments = function.node.args
    own = {item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for node in walk(function.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in own:
            value = function.scope.lookup(node.func.id)
            if isinstance(value, Ref):
                yield node.func.id, value.id


def _is_lost(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether a layer or model has weights that training was to change."""
    state = view.state(target)
    if state.escaped or not state.kind.has_weights:
        return False
    if state.trainable is not Tri.YES or state.layers_trainable is not Tri.YES:
        return False
    if state.trained is not Tri.NO or state.compiled is Tri.YES:
        return False  # It has been trained by itself, and may be meant to stay as it is.
    if state.kind in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
        if (state.api or "").startswith("keras.applications."):
            return False
        return any(has_own_weights(view.state(part), version) for part in view.contents(target))
    return has_own_weights(state, version)


def _in_class(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    """A layer that a module makes for one class, whose `call` takes it by its global name."""
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or facts.is_decorated:
        return
    for method in reached_methods(facts, ["call"]):
        for call in method.calls if method.owner == facts.cls else ():
            if not isinstance(call.node.func, ast.Name):
                continue
            name = call.node.func.id
            value = method.resolve(call.node.func)
            if not isinstance(value, Ref) or facts.cls.scope.module.source is not ctx.source:
                continue
            layer = event.view.state(value.id)
            if layer.kind is not Kind.LAYER or not has_own_weights(layer, ctx.keras) or layer.foreign:
                continue
            if _is_used_elsewhere(ctx, name, facts.cls.node):
                continue
            yield ctx.report(
                call.node,
                f"`{method.name}` of `{facts.cls.name}` uses the layer `{name}`, which is no part of it: "
                "it is neither trained nor saved with it",
                story=layer.trace[:1],
                help=f"keep it as an attribute, set in `__init__`: `self.{name} = …`",
            )


def _is_used_elsewhere(ctx: Context, name: str, cls: ast.ClassDef) -> bool:
    """Whether code outside of the class mentions the name, other than to bind it once, or the class keeps it."""
    inside = range(cls.lineno, (cls.end_lineno or cls.lineno) + 1)
    lines = ctx.source.code.splitlines()
    mentions = [number for number, line in enumerate(lines, 1) if re.search(rf"\b{re.escape(name)}\b", line)]
    outside = [number for number in mentions if number not in inside]
    kept = re.compile(rf"=\s*{re.escape(name)}\b(?!\s*\()")
    return len(outside) != 1 or any(kept.search(lines[number - 1]) for number in mentions if number in inside)
