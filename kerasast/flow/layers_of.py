"""Which layers of a model `model.layers[…]` and `get_layer(…)` give, where that is known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerasast.flow.containers import MAX_UNROLL, sliced
from kerasast.flow.values import Const, Kind, LayersOf, ObjectState, Ref, Tensor, TupleValue, Value
from kerasast.flow.weights import trains

if TYPE_CHECKING:
    from kerasast.flow.machine import Machine


def some_layers(machine: Machine, layers: LayersOf, node: ast.expr, index: Value) -> Value | None:
    """What `layers[index]` is, for all the layers of a Sequential model that are known one by one."""
    if layers.sliced or layers.element:
        return None
    state = machine.world.state(layers.owner)
    if state.kind is Kind.FUNCTIONAL and _may_be_without_weights(machine, layers, index):
        return machine.unknown(node)
    known = _layers(machine, layers)
    if known is None:
        return None
    if isinstance(node, ast.Slice):
        part = sliced(known, node)
        return TupleValue(part) if part and len(part) <= MAX_UNROLL else None
    number = index.value if isinstance(index, Const) else None
    return known[number] if isinstance(number, int) and -len(known) <= number < len(known) else None


def _may_be_without_weights(machine: Machine, layers: LayersOf, index: Value) -> bool:
    """Whether `layers[index]` of a functional model may have nothing to train; the first one is its `Input`."""
    if not isinstance(index, Const):
        return False
    world = machine.world
    if index == Const(0) or not isinstance(world.state(layers.owner).arguments.get("inputs"), Tensor):
        return True
    return not all(trains(world, part, machine.version) for part in world.state(layers.owner).contents)


def _layers(machine: Machine, layers: LayersOf) -> tuple[Value, ...] | None:
    """The items of `model.layers`, in order: an `Input` is not among those of a Sequential model."""
    state = machine.world.state(layers.owner)
    if state.kind is not Kind.SEQUENTIAL or not state.complete or state.escaped:
        return None
    items = state.items
    first = machine.world.state_of(items[0]) if items else None
    if items and (first is None or first.api == "keras.layers.InputLayer"):
        items = items[1:]
    return items if items and all(_is_layer(machine.world.state_of(item)) for item in items) else None


def _is_layer(state: ObjectState | None) -> bool:
    return state is not None and state.kind.has_weights


def named_layer(machine: Machine, model: Ref, name: Value | None) -> Ref | None:
    """The layer of a graph that was given this name: names are unique there."""
    state = machine.world.state(model.id)
    if not isinstance(name, Const) or state.kind not in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
        return None
    named = [part for part in state.contents if machine.world.state(part).arguments.get("name") == name]
    return Ref(named[0]) if len(named) == 1 else None
