"""Saving a layer with an attribute that was changed after Keras recorded what the constructor was given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._loss_functions import full_name
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, Parameter, class_facts
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.methods import SelfStore
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import base_parameters, keras_base
from kerasast.flow.values import UNKNOWN, Const, Kind, ObjectState, Ref, Value
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("save",),
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
        found = _lost(state, class_facts(state.cls, ctx.keras))
        if found is not None:
            what, advice = found
            yield ctx.report(event.node, what, story=state.trace, help=advice)


def _lost(state: ObjectState, facts: ClassFacts) -> tuple[str, str] | None:
    """What of a layer is not saved, and what to do about it."""
    name = _learned(state, facts)
    if name is not None:
        return (
            f"`{name}` of a `{facts.cls.name}` is not saved: of a layer Keras saves the weights, and what the "
            "constructor was given",
            f"keep `{name}` in a weight, `self.add_weight(…, trainable=False)`, or make it an argument of the "
            "constructor that `get_config` returns",
        )
    name = _changed(state, facts)
    if name is not None:
        return (
            f"the new `{name}` of a `{facts.cls.name}` is not saved: Keras records what the constructor was given",
            f"pass `{name}` to the constructor, or return it from a `get_config`",
        )
    return None


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


def _learned(state: ObjectState, facts: ClassFacts) -> str | None:
    """An attribute that `call` reads, that begins as a constant, and that a method gave another value since."""
    if facts.dynamic or not facts.ancestry.complete or keras_base(facts) is not None:
        return None
    if any(map(facts.defines, _OWN_WAYS)):
        return None
    used = {read.attr for method in reached_methods(facts, ["call"]) for read in method.reads}
    kept = {read.attr for method in reached_methods(facts, ["get_config"]) for read in method.reads}
    names = (name for name in facts.stores if name in used - kept and not facts.defines(name))
    return next((name for name in names if _is_learned(name, state, facts)), None)


_OWN_WAYS = (
    "from_config",
    "save_own_variables",
    "load_own_variables",
    "get_build_config",
    "save_assets",
    "__new__",
)
"""Methods by which a class may save or restore what is no weight."""


def _is_learned(name: str, state: ObjectState, facts: ClassFacts) -> bool:
    now = state.attributes.get(name)
    first = [store for store in facts.stores[name] if store.method == "__init__"]
    later = [store for store in facts.stores[name] if store.method != "__init__"]
    if len(first) != 1 or first[0].guards.conditional or not isinstance(first[0].value, ast.Constant):
        return False
    if now in (None, UNKNOWN, Const(first[0].value.value)) or isinstance(now, Ref):
        return False
    traced = {method.name for method in reached_methods(facts, ["call", "build"])}
    return bool(later) and all(store.method not in traced and _is_plain_data(store, facts) for store in later)


def _is_plain_data(store: SelfStore, facts: ClassFacts) -> bool:
    """Whether what is assigned is a constant, or comes from NumPy, rather than a weight."""
    method = facts.method(store.method)
    match store.value:
        case ast.Constant():
            return True
        case ast.Call(func=function) if method is not None:
            return full_name(method.resolve(function)).startswith("numpy.")
    return False


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
