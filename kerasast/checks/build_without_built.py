"""A layer that the `build` of a model builds, and that does not know afterwards that it is built."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._children import is_rebuilt_by_keras, looped_attribute
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import insert_last, safe
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, MethodFacts, made_calls
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.roles import Role, role_of
from kerasast.flow.uses import may_be_a_layer
from kerasast.flow.values import ClassValue
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


# Keras 3 wraps every `build` so that it sets `built`.
@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    text=r"\.build\(",
    keras="<3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def build_without_built(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("build")
    if role_of(facts) is not Role.MODEL or method is None or not is_rebuilt_by_keras(facts):
        return
    if method.passes_self or any(method.super_calls("build")):
        return  # What runs `call` builds the layers in the way that Keras does.
    for call in method.calls:
        if not call.builds_another or call.guards.conditional:
            continue
        for child in _built(call, method, facts):
            build = class_facts(child, facts.version).method("build")
            if build is None or not _forgets(build, facts) or may_be_a_layer(facts.cls):
                continue
            yield ctx.report(
                call.node,
                f"`build` of `{child.name}` does not say that the layer is built: its first call makes other weights"
                " in place of those that were loaded",
                story=(ctx.step(build.node, "this `build` does not set `self.built`"),)
                if build.owner.scope.module is facts.cls.scope.module
                else (),
                help=f"call `super().build(…)` at the end of `build` of `{child.name}`",
                fix=partial(_fix, ctx.source, build),
                confidence=kept_confidence(event, weights=True),
            )


def _fix(source: SourceFile, build: MethodFacts) -> Fix | None:
    edits = insert_last(source, build.node, f"{build.self_name}.built = True")
    return safe("Say that the layer is built", edits)


def _built(call: CallSite, method: MethodFacts, facts: ClassFacts) -> list[ClassValue]:
    """The classes of the project whose `build` certainly is called: that of an attribute, or of those in a list."""
    attribute = call.path[0] if len(call.path) == 2 else looped_attribute(call, method)
    stores = facts.stores.get(attribute or "", [])
    maker = facts.method(stores[0].method) if len(stores) == 1 else None
    if maker is None or stores[0].guards.conditional:
        return []
    made = [maker.resolve(node.func) for node in made_calls(stores[0].value)]
    return list({item: None for item in made if isinstance(item, ClassValue)})


def _forgets(build: MethodFacts, facts: ClassFacts) -> bool:
    """Whether a `build` makes weights each time that it is run, and does not set `built`."""
    child = class_facts(build.owner, facts.version)
    if role_of(child) is not Role.LAYER or not child.ancestry.complete or child.is_decorated or child.dynamic:
        return False
    if any(store.attr == "built" for method in child.methods() for store in method.stores):
        return False
    if any(build.super_calls("build")) or build.passes_self:
        return False
    return any(not call.guards.conditional for call in build.self_calls("add_weight")) or any(
        call.builds_another and not call.guards.conditional for call in build.calls
    )
