"""Sequential models: what their list of layers says about them."""

from __future__ import annotations

from typing import Any

from kerasast.flow.containers import held_objects
from kerasast.flow.machine import Machine
from kerasast.flow.values import Const, Kind, ObjectState, Ref, Tensor, Tri, Value
from kerasast.versions import KerasVersion

SHAPE_ARGUMENTS = ("input_shape", "batch_input_shape", "batch_shape", "input_dim")


def sequential_changes(machine: Machine, items: tuple[Value, ...]) -> dict[str, Any]:
    """The fields of a Sequential model's state that follow from its layers."""
    held = tuple(part for item in items for part in held_objects(machine, item))
    complete = all(isinstance(item, Tensor) or held_objects(machine, item) for item in items)
    built = sequential_built(machine, items)
    if built is Tri.YES:
        for part in held:
            machine.world.update(part, built=Tri.YES)
    return {"items": items, "contents": tuple(dict.fromkeys(held)), "complete": complete, "built": built}


def sequential_built(machine: Machine, items: tuple[Value, ...]) -> Tri:
    """Whether a Sequential model with these layers has its weights before it is called.

    It has when the first layer says its input's shape (observed on Keras 2.15.0 and 3.15.1).
    """
    if not items:
        return Tri.NO
    first = items[0]
    if isinstance(first, Tensor):
        return Tri.YES if len(items) > 1 else Tri.MAYBE
    state = machine.world.state_of(first)
    if not isinstance(first, Ref) or state is None or not state.kind.has_weights:
        return Tri.MAYBE
    if state.kind.is_model:
        return _built_around(machine, state, len(items))
    if state.api == "keras.layers.InputLayer" and state.cls is None:
        return Tri.YES if len(items) > 1 else Tri.MAYBE
    return _first_layer_shape(machine, first, machine.version)


def _built_around(machine: Machine, first: ObjectState, count: int) -> Tri:
    """Whether a Sequential model of `count` layers that begins with another model has its weights.

    Keras 3.15 asks that model for the shape of its input, and has to have a second layer. Keras 2.15 asks the first
    layer inside it, where an `Input` of a Sequential model does not count.
    """
    if first.kind not in (Kind.SEQUENTIAL, Kind.FUNCTIONAL) or first.escaped:
        return Tri.MAYBE
    if machine.version.major >= 3:
        known = Tri.YES if first.built is Tri.YES and count > 1 else Tri.MAYBE
        return Tri.NO if first.kind is Kind.SEQUENTIAL and first.built is Tri.NO else known
    if first.kind is Kind.FUNCTIONAL:
        return Tri.YES
    layers = [item for item in first.items if not _is_input(machine, item)]
    if not layers or not first.complete:
        return Tri.MAYBE
    state = machine.world.state_of(layers[0])
    if not isinstance(layers[0], Ref) or state is None or not state.kind.has_weights:
        return Tri.MAYBE
    if state.kind.is_model:
        return _built_around(machine, state, 1)
    return _first_layer_shape(machine, layers[0], machine.version)


def _is_input(machine: Machine, item: Value) -> bool:
    state = machine.world.state_of(item)
    return isinstance(item, Tensor) or (state is not None and state.api == "keras.layers.InputLayer")


def _first_layer_shape(machine: Machine, first: Ref, version: KerasVersion) -> Tri:
    state = machine.world.state(first.id)
    is_embedding = (state.api or "").endswith(".Embedding")
    for name in SHAPE_ARGUMENTS:
        if name == "input_dim" and is_embedding:
            continue
        value = state.arguments.get(name)
        if value is not None and value != Const(None):
            return Tri.YES if state.cls is None else Tri.MAYBE
    if is_embedding and version.major < 3:
        return Tri.YES  # Keras 2 gives an Embedding an input of any length.
    if state.escaped or not state.arguments_complete:
        return Tri.MAYBE
    if state.built is not Tri.NO and version.major >= 3:  # Keras 2 does not ask what it was built for.
        return Tri.MAYBE
    return Tri.NO
