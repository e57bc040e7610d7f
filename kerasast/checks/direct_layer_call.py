"""`self.dropout.call(x)`: what Keras does around `call` does not happen."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, SelfStore
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, creates_state, makes_weights, role_of
from kerasast.flow.values import ApiValue, ClassValue, Value
from kerasast.registry import rule

_FOR_TRAINING = frozenset(
    {
        f"keras.layers.{name}"
        for name in (
            "AlphaDropout",
            "BatchNormalization",
            "Dropout",
            "GaussianDropout",
            "GaussianNoise",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
        )
    }
)
"""Layers whose `call` does as in inference unless it is told `training=True`: seen in Keras 2.15 and 3.15."""


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def direct_layer_call(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or facts.is_decorated:
        return
    for method in reached_methods(facts, ["call"]):
        for call in method.calls if method.owner == facts.cls else ():
            if len(call.path) != 2 or call.path[1] != "call":
                continue
            attribute = call.path[0]
            made = _made(facts, attribute)
            if made is None:
                continue
            store, target, node = made
            effect = _effect(facts, call, attribute, target, node)
            if effect is not None:
                story: tuple[Step, ...] = ()
                if any(store is own for found in facts.own.values() for own in found.stores):
                    story = (ctx.step(store.node, f"`self.{attribute}` is created here"),)
                yield ctx.report(
                    call.node,
                    f"`self.{attribute}.call(…)` {effect}",
                    story=story,
                    help=f"write `self.{attribute}(…)`, which Keras surrounds with all that a layer needs",
                )


def _made(facts: ClassFacts, attribute: str) -> tuple[SelfStore, Value, ast.Call] | None:
    """The one assignment that makes the layer kept in an attribute, and what it calls; `None` if there are more."""
    stores = facts.stores.get(attribute, [])
    if len(stores) != 1 or not isinstance(stores[0].value, ast.Call):
        return None
    method = facts.method(stores[0].method)
    if method is None or stores[0] not in method.stores:
        return None
    return stores[0], method.resolve(stores[0].value.func), stores[0].value


def _effect(facts: ClassFacts, call: CallSite, attribute: str, target: Value, node: ast.Call) -> str | None:
    """What goes wrong; `None` if nothing need."""
    if _needs_build(target, node, facts) and not _is_built_otherwise(facts, attribute):
        return "does not build the layer: it has no weights, and raises an error"
    if isinstance(target, ApiValue) and target.api.name in _FOR_TRAINING and not _is_told(call):
        name = target.api.name.rpartition(".")[2]
        return f"does not tell the `{name}` layer when the model is training: it always does as in inference"
    return None


def _is_told(call: CallSite) -> bool:
    """Whether a call may pass `training` itself."""
    given = {keyword.arg for keyword in call.node.keywords}
    starred = any(isinstance(argument, ast.Starred) for argument in call.node.args)
    return "training" in given or None in given or starred or len(call.node.args) > 1


def _needs_build(target: Value, node: ast.Call, facts: ClassFacts) -> bool:
    """Whether an object that `target` makes has weights that its own `build` creates."""
    if isinstance(target, ApiValue):
        return target.api.name.startswith("keras.layers.") and creates_state(target, node, facts.version)
    if not isinstance(target, ClassValue):
        return False
    inner = class_facts(target, facts.version)
    build = inner.method("build")
    if role_of(inner) is not Role.LAYER or build is None or not inner.ancestry.complete:
        return False
    return any(
        call.path == ("add_weight",) and not call.guards.conditional and makes_weights(call, facts.version)
        for call in build.calls
    )


def _is_built_otherwise(facts: ClassFacts, attribute: str) -> bool:
    """Whether the class mentions the layer in any other way than to create it and to run its `call`."""
    return any(
        read.attr == attribute and not _is_run(facts, read.node)
        for method in facts.methods()
        for read in method.reads
    )


def _is_run(facts: ClassFacts, node: ast.Attribute) -> bool:
    """Whether an attribute is that of a call `self.attribute.call(…)`."""
    return any(
        isinstance(call.node.func, ast.Attribute)
        and call.node.func.value is node
        and call.path[1:] == ("call",)
        for method in facts.methods()
        for call in method.calls
    )
