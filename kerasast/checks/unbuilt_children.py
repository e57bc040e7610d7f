"""`build` of a model that leaves the layers inside it without weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._building import build_in_order, does_nothing_else, remove_method
from kerasast.checks._children import holds_unbuilt_layers, is_rebuilt_by_keras
from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import unsafe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, role_of
from kerasast.flow.uses import may_be_a_layer
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_ALL_LAYERS = frozenset({"layers", "_layers", "submodules", "_flatten_layers", "call", "__call__"})
"""By reading one of these, `build` may reach every layer."""


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unbuilt_children(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("build")
    if role_of(facts) is not Role.MODEL or method is None or not is_rebuilt_by_keras(facts):
        return
    reached = reached_methods(facts, ["build"])
    if _builds_everything(facts, reached):
        return
    built = {read.attr for part in reached for read in part.reads} | set(_built_elsewhere(facts))
    used = {read.attr for part in reached_methods(facts, ["call"]) for read in part.reads}
    children = {
        attribute: stores[0]
        for attribute, stores in facts.stores.items()
        if attribute in used - built and holds_unbuilt_layers(attribute, facts)
    }
    if not children or may_be_a_layer(facts.cls):
        return
    names = listed([f"self.{name}" for name in children])
    effect = (
        "a loaded model has random weights there, silently"
        if facts.version.major >= 3
        else "a model saved as `.keras` cannot be loaded"
    )
    yield ctx.report(
        method.node,
        f"`build` of `{facts.cls.name}` does not build {names}: {effect}",
        story=tuple(
            ctx.step(store.node, "created without weights")
            for store in children.values()
            if any(store in own.stores for own in facts.own.values())
        ),
        help="build each of them in `build`, e.g. "
        + f"`self.{next(iter(children))}.build(…)`, or remove `build` if it does nothing else",
        severity=None if facts.version.major >= 3 else Severity.WARNING,
        fix=partial(_fix, ctx.source, facts, method, list(children)),
        confidence=kept_confidence(event, weights=True),
    )


def _fix(source: SourceFile, facts: ClassFacts, method: MethodFacts, children: list[str]) -> Fix | None:
    created = {store.method for name in children for store in facts.stores[name]}
    if does_nothing_else(method) and created == {"__init__"}:
        return unsafe("Leave `build` to Keras", remove_method(source, method))
    if facts.version.major < 3:
        return None  # Only a model that was called remembers the shape that its layers are built for (2.15).
    return unsafe("Build the layers in `build`", build_in_order(source, facts, method, children))


def _built_elsewhere(facts: ClassFacts) -> Iterator[str]:
    """The attributes whose layers another method builds: by name, or any that it sets or reads while it builds some."""
    for method in facts.methods():
        building = [call for call in method.calls if call.builds_another and method.name != "build"]
        yield from (call.path[0] for call in building if call.path)
        if any(not call.path for call in building):
            yield from (read.attr for read in method.reads)
            yield from (store.attr for store in method.stores)


def _builds_everything(facts: ClassFacts, reached: list[MethodFacts]) -> bool:
    """Whether `build` may build every layer: it runs the model, or hands it to other code."""
    for method in reached:
        if method.passes_self or any(read.attr in _ALL_LAYERS for read in method.reads):
            return True
        # In Keras 2 the `build` of `keras.Model` runs `call`; in Keras 3 it builds nothing.
        if facts.version.major < 3 and any(method.super_calls("build")):
            return True
        if any(
            isinstance(call.node.func, ast.Name) and call.node.func.id == method.self_name
            for call in method.calls
        ):
            return True
    return False
