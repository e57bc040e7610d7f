"""Saving a layer with an attribute that was changed after Keras recorded what the constructor was given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, Parameter, class_facts
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import base_parameters, keras_base
from kerasast.flow.values import Const, Kind, ObjectState, Value
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.WARNING,
    on=(ModelCall,),
    calls=("save", "save_model"),
    preview=True,
    since="0.1",
)
def changed_after_init(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method != "save" or not event.before.kind.is_model:
        return
    for item in saved_parts(event.view, event.target):
        state = event.view.state(item)
        if state.kind is not Kind.LAYER or state.cls is None or state.escaped or not state.arguments_complete:
            continue
        name = _changed(state, class_facts(state.cls, ctx.keras))
        if name is not None:
            yield ctx.report(
                event.node,
                f"the new `{name}` of a `{state.cls.name}` is not saved: Keras records what the constructor was given",
                story=state.trace,
                help=f"pass `{name}` to the constructor, or return it from a `get_config`",
            )


def _changed(state: ObjectState, facts: ClassFacts) -> str | None:
    """An argument that Keras recorded with another value than its attribute has now."""
    constructor = facts.constructor
    if constructor is None or not _is_recorded_by_keras(facts):
        return None
    for item in constructor.parameters:
        now = state.attributes.get(item.name)
        if item.name not in base_parameters(facts) and _keeps(facts, item.name) and _is_plain(now):
            recorded = _recorded(state, item)
            if _is_plain(recorded) and recorded != now:
                return item.name
    return None


def _is_recorded_by_keras(facts: ClassFacts) -> bool:
    """Whether nothing but the constructor's arguments decides about the config."""
    if facts.dynamic or not facts.ancestry.complete or keras_base(facts) is not None:
        return False
    return not any(facts.defines(name) for name in ("get_config", "from_config", "__new__"))


def _keeps(facts: ClassFacts, name: str) -> bool:
    """Whether the constructor keeps an argument as it is, under its name."""
    stores = facts.stores.get(name, [])
    return any(
        store.method == "__init__"
        and isinstance(store.value, ast.Name)
        and store.value.id == name
        and not store.guards.conditional
        for store in stores
    )


def _recorded(state: ObjectState, parameter: Parameter) -> Value | None:
    given = state.arguments.get(parameter.name)
    by_position = not isinstance(state.created, ast.Call) or bool(state.created.args)
    if given is None and not by_position and isinstance(parameter.default, ast.Constant):
        return Const(parameter.default.value)
    return given


def _is_plain(value: Value | None) -> bool:
    return isinstance(value, Const) and isinstance(value.value, int | float | str)
