"""Changing an attribute of a layer of which Keras saves what the constructor was given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import AttributeSet
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.roles import base_parameters, keras_base
from kerasast.flow.values import Const, Kind
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.WARNING,
    on=(AttributeSet,),
    preview=True,
    since="0.1",
)
def changed_after_init(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    state, name = event.state, event.attribute
    if state.kind is not Kind.LAYER or state.cls is None or event.enclosing.cls is not None:
        return
    if not isinstance(event.value, Const) or not isinstance(event.value.value, int | float | str):
        return
    facts = class_facts(state.cls, ctx.keras)
    if _is_recorded_once(facts, name) and event.value != _before(event, facts):
        yield ctx.report(
            event.node,
            f"a saved `{state.cls.name}` does not know of this `{name}`: Keras saves what its constructor was given",
            story=state.trace,
            help=f"pass `{name}` to the constructor, or return it from a `get_config`",
            confidence=kept_confidence(state.cls),
        )


def _is_recorded_once(facts: ClassFacts, name: str) -> bool:
    """Whether Keras by itself records the argument `name`, which the constructor keeps under that name."""
    constructor = facts.constructor
    if constructor is None or constructor.parameter(name) is None or name in base_parameters(facts):
        return False
    if facts.dynamic or not facts.ancestry.complete or keras_base(facts) is not None:
        return False
    if facts.defines("get_config") or facts.defines("from_config") or facts.defines(name):
        return False
    return any(
        isinstance(store.value, ast.Name) and store.value.id == name
        for store in constructor.method.stores
        if store.attr == name and not store.guards.conditional
    )


def _before(event: AttributeSet, facts: ClassFacts) -> object:
    """The value that the constructor was given, or its default."""
    given = event.state.arguments.get(event.attribute)
    if given is not None:
        return given
    parameter = None if facts.constructor is None else facts.constructor.parameter(event.attribute)
    default = None if parameter is None else parameter.default
    return Const(default.value) if isinstance(default, ast.Constant) else None
