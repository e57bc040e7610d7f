"""Weights that are there as soon as an object is, without anything building it: `__init__` creates them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.values import ApiValue, ClassValue, External, ObjectId

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView
    from kerasast.versions import KerasVersion

_ADDS = ("add_weight", "add_variable")
_VARIABLES = frozenset({"keras.Variable", "keras.backend.variable", "tensorflow.Variable"})
_BUILT_AT_ONCE = frozenset({"keras.layers.TFSMLayer"})
"""Layers of Keras that have their weights from the start."""


def has_early_weights(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether an object, or a layer in it, may have weights that its `__init__` creates.

    They are saved although nothing has built the object (observed on Keras 2.15.0 and 3.15.1).
    """
    for item in (target, *view.contents(target)):
        state = view.state(item)
        if state.api in _BUILT_AT_ONCE:
            return True
        if state.cls is not None and _creates_early(class_facts(state.cls, version)):
            return True
    return False


def is_without_weights(facts: ClassFacts) -> bool:
    """Whether no instance of a class can ever have weights: its methods keep nothing, and add none."""
    if not facts.ancestry.complete or facts.dynamic:
        return False
    stores = (store for found in facts.stores.values() for store in found)
    return all(isinstance(store.value, ast.Constant) for store in stores) and not any(
        call.path[-1:] in [(name,) for name in _ADDS] for method in facts.methods() for call in method.calls
    )


def _creates_early(facts: ClassFacts, depth: int = 0) -> bool:
    if depth > 8:
        return True
    return any(
        _is_early(call, facts, depth) for method in _run_by_constructors(facts) for call in method.calls
    )


def _is_early(call: CallSite, facts: ClassFacts, depth: int) -> bool:
    if call.path[-1:] and call.path[-1] in _ADDS:
        return True
    match call.target:
        case ApiValue(api):
            return api.name in _VARIABLES or api.name in _BUILT_AT_ONCE
        case External(name):
            return name in _VARIABLES
        case ClassValue() as cls:
            return _creates_early(class_facts(cls, facts.version), depth + 1)
    return False


def _run_by_constructors(facts: ClassFacts) -> Iterator[MethodFacts]:
    """Every `__init__` of the lineage, and the methods that these call on `self`, and so on."""
    pending = [parent.own["__init__"] for parent in facts.lineage if "__init__" in parent.own]
    seen = {"__init__"}
    while pending:
        method = pending.pop()
        yield method
        for call in method.calls:
            if len(call.path) == 1 and call.path[0] not in seen:
                seen.add(call.path[0])
                found = facts.method(call.path[0])
                pending += [found] if found is not None else []
