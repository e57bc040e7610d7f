"""Assigning an attribute that Keras has as a property without a setter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import Edits, rename_attribute, unsafe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import SelfStore, self_path
from kerasast.flow.roles import Role, role_of
from kerasast.flow.uses import subclasses
from kerasast.registry import FixAvailability, rule
from kerasast.walking import walk

_LAYER = frozenset(
    {
        "compute_dtype",
        "dtype",
        "input",
        "losses",
        "metrics",
        "non_trainable_variables",
        "non_trainable_weights",
        "output",
        "trainable_variables",
        "trainable_weights",
        "variable_dtype",
        "variables",
        "weights",
    }
)
"""Properties of layers and models that cannot be assigned in 2.15.0, nor in 3.15.1, whatever the value."""

_LAYER_2 = frozenset(
    {
        "dtype_policy",
        "dynamic",
        "inbound_nodes",
        "input_mask",
        "input_shape",
        "name",
        "name_scope",
        "outbound_nodes",
        "output_mask",
        "output_shape",
        "submodules",
        "updates",
    }
)
_LAYER_3 = frozenset({"input_dtype", "path"})
_MODEL = frozenset({"distribute_strategy", "layers", "metrics_names"})
_MODEL_2 = frozenset({"state_updates"})


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def reserved_attribute(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    kind, names = _reserved(facts)
    if not names or not facts.ancestry.complete or facts.is_decorated or facts.cls.node.keywords:
        return
    if facts.defines("__setattr__") or facts.defines("__getattribute__"):
        return
    seen: set[str] = set()
    for method in facts.own.values():
        for store in method.stores:
            if store.attr in seen or not _certain(store, names) or facts.defines(store.attr):
                continue
            seen.add(store.attr)
            where = f"making a `{facts.cls.name}`" if method.name == "__init__" else f"`{method.name}()`"
            yield ctx.report(
                store.node,
                f"`{store.attr}` is a property of every {kind} that cannot be assigned: {where} fails",
                help=f"give the attribute another name, such as `{_other(store.attr, facts)}`",
                fix=partial(_fix, ctx, facts, store.attr),
            )


def _fix(ctx: Context, facts: ClassFacts, name: str) -> Fix | None:
    """Another name for the attribute in all methods of the class; other classes must not share it."""
    if facts.parents or facts.dynamic or any(True for _ in subclasses(ctx.project, facts.cls.name)):
        return None
    if name in ("name", "dtype") or any(name in method.probed for method in facts.methods()):
        return None  # these are meant for the base class
    new = _other(name, facts)
    parts: list[Edits] = [
        rename_attribute(ctx.source, node, new)
        for method in facts.own.values()
        for node in walk(method.node)
        if isinstance(node, ast.Attribute) and self_path(node, method.self_name) == (name,)
    ]
    return unsafe(f"Name it `{new}`", *parts)


def _reserved(facts: ClassFacts) -> tuple[str, frozenset[str]]:
    """What the class is, and the names that are reserved in such a class."""
    legacy = facts.version.major < 3
    if facts.ancestry.derives("keras.callbacks.Callback"):
        return "callback", frozenset() if legacy else frozenset({"model"})
    match role_of(facts):
        case Role.LAYER:
            return "layer", _LAYER | (_LAYER_2 if legacy else _LAYER_3)
        case Role.MODEL:
            return "model", _LAYER | _MODEL | (_LAYER_2 | _MODEL_2 if legacy else _LAYER_3)
        case Role.METRIC:
            return "metric", _LAYER | _LAYER_2 if legacy else frozenset({"dtype", "variables"})
        case Role.LOSS:
            return "loss", frozenset() if legacy else frozenset({"dtype"})
    return "", frozenset()


def _certain(store: SelfStore, names: frozenset[str]) -> bool:
    """Whether this assignment is made whenever its method runs, and fails."""
    if store.attr not in names or store.guards.conditional or store.guards.looped:
        return False
    # Keras 3 lets `path = None` pass as long as it is `None`.
    return not (store.attr == "path" and isinstance(store.value, ast.Constant) and store.value.value is None)


def _other(name: str, facts: ClassFacts) -> str:
    """A name that is free: `layers` becomes `layers_`."""
    return f"own_{name}" if f"{name}_" in facts.stores else f"{name}_"
