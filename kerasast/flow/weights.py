"""Which of an object's layers can have weights, as far as that is known without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasast.flow.class_facts import class_facts
from kerasast.flow.custom_objects import registered_name, saved_parts
from kerasast.flow.early_weights import is_without_weights
from kerasast.flow.roles import is_stateless, keras_base
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Tri
from kerasast.keras_api.symbols import non_trainable_state, weightless

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView
    from kerasast.versions import KerasVersion


def may_have_weights(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether an object may come to have weights: false only if all its layers are known to have none.

    A model without any layer has none either.
    """
    state = view.state(target)
    if state.kind is Kind.LAYER:
        return state.cls is not None or state.api is None or weightless(state.api, version) is not True
    if not state.complete or state.kind is Kind.MODEL:
        return True
    if state.kind is Kind.SUBCLASSED and not state.contents:
        # It may have weights of its own, or make its layers later.
        return state.cls is None or not is_without_weights(class_facts(state.cls, version))
    return any(may_have_weights(view, item, version) for item in state.contents)


def trains(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether training may change something in an object: false only for a layer that is known to have no weights."""
    state = view.state(target)
    if state.kind is not Kind.LAYER or state.escaped or state.contents:
        return True
    if state.cls is None:
        return may_have_weights(view, target, version)
    facts = class_facts(state.cls, version)
    plain = facts.ancestry.complete and not facts.dynamic and keras_base(facts) is None
    known = all(isinstance(value, Const) for value in state.attributes.values())
    return not (plain and known and is_stateless(facts))


def holds_built_parts(view: WorldView, target: ObjectId) -> bool:
    """Whether a layer in an object was, or may have been, built on its own: its weights exist and are saved."""
    states = (view.state(item) for item in view.contents(target))
    return any(state.built is not Tri.NO or state.escaped for state in states)


def has_weights_to_build(view: WorldView, target: ObjectId, version: KerasVersion) -> bool:
    """Whether an object certainly holds, at any depth, a layer of Keras that has weights and is not built."""
    for item in view.contents(target):
        state = view.state(item)
        is_plain = state.kind is Kind.LAYER and state.cls is None and not state.escaped
        if is_plain and state.built is Tri.NO and weightless(state.api or "", version) is False:
            return True
    return False


def keeps_non_trainable(
    view: WorldView, target: ObjectId, version: KerasVersion
) -> tuple[Tri, ObjectState | None]:
    """Whether some weights of an object are not among its trainable ones, and what it is that has them."""
    found = Tri.NO
    for item in (target, *view.contents(target)):
        state = view.state(item)
        own = _own_non_trainable(state, version)
        if own is Tri.YES:
            return own, state
        found = found.either(own)
    return found, None


def _own_non_trainable(state: ObjectState, version: KerasVersion) -> Tri:
    if not state.kind.has_weights:
        return Tri.NO
    if state.trainable is Tri.NO:
        return Tri.YES
    unsure = Tri.of(state.trainable is not Tri.YES or state.layers_trainable is not Tri.YES or state.escaped)
    if state.kind.is_model:
        known = state.complete and state.kind in (Kind.SEQUENTIAL, Kind.FUNCTIONAL)
        return Tri.NO if known and unsure is Tri.NO else Tri.MAYBE
    if state.cls is not None or state.api is None:
        return Tri.MAYBE
    own = non_trainable_state(state.api, version)
    if own is None:
        return Tri.NO if weightless(state.api, version) else Tri.MAYBE
    if own:
        return Tri.YES
    return Tri.MAYBE if unsure is Tri.YES else Tri.NO


def is_constant(value: object, *expected: object) -> bool:
    """Whether a value is a constant equal to one of `expected`, of the same type."""
    return isinstance(value, Const) and any(
        type(value.value) is type(item) and value.value == item for item in expected
    )


def unloadable_parts(view: WorldView, target: ObjectId, version: KerasVersion) -> list[str]:
    """The names of unregistered classes of the project's that a pickled model cannot be read back with.

    Reading a pickle looks classes up as `load_model` does. Keras 2.15 also finds a model's class (but no
    layer's) by importing its module; Keras 3.15 finds neither (observed on both).
    """
    found: dict[str, None] = {}
    for item in saved_parts(view, target):
        state = view.state(item)
        if state.cls is None or registered_name(state.cls.node, state.cls) is not None:
            continue
        if state.kind is Kind.LAYER or (state.kind.is_model and version.major >= 3):
            found[state.cls.name] = None
    return list(found)
