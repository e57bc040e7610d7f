"""Attributes: read, assigned and deleted, of modules, classes, Keras objects and the project's own objects."""

from __future__ import annotations

import ast

from kerasast.flow.ancestry import Ancestry, ancestry, class_bindings
from kerasast.flow.arguments import Arguments
from kerasast.flow.containers import held_objects
from kerasast.flow.events import AttributeSet
from kerasast.flow.machine import Machine
from kerasast.flow.scopes import attribute_of, static_value
from kerasast.flow.trainable import set_trainable
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    BoundMethod,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Kind,
    LayersOf,
    ModuleValue,
    ObjectState,
    Ref,
    SuperValue,
    Tensor,
    Text,
    Tri,
    Unknown,
    Value,
    WeightSet,
    WeightsOf,
)

WEIGHT_ATTRIBUTES = {
    "weights": WeightSet.ALL,
    "variables": WeightSet.ALL,
    "trainable_weights": WeightSet.TRAINABLE,
    "trainable_variables": WeightSet.TRAINABLE,
    "_trainable_weights": WeightSet.TRAINABLE,
    "non_trainable_weights": WeightSet.NON_TRAINABLE,
    "non_trainable_variables": WeightSet.NON_TRAINABLE,
}

_TENSOR_ATTRIBUTES = frozenset({"input", "inputs", "output", "outputs"})


def get_attribute(machine: Machine, value: Value, attr: str, node: ast.AST) -> Value:
    """The value of `value.attr`."""
    match value:
        case ApiValue() | External() | ModuleValue():
            found = attribute_of(value, attr, machine.project)
            return found if not isinstance(found, Unknown) else machine.unknown(node)
        case Ref(target):
            return _of_object(machine, value, machine.world.state(target), attr, node)
        case LayersOf(element=True):
            return _of_some_layer(value, attr)
        case WeightsOf() | Tensor() if attr in ("shape", "dtype", "name", "ndim", "rank"):
            return machine.unknown(node)
        case WeightsOf() | Tensor() | LayersOf() | Text() | Const() | SuperValue():
            return BoundMethod(value, attr)
        case ClassValue():
            return _of_class(machine, value, attr, node)
        case BoundMethod() | FunctionValue():
            return UNKNOWN
    return BoundMethod(value, attr) if isinstance(value, Unknown) else UNKNOWN


def _of_some_layer(value: LayersOf, attr: str) -> Value:
    if attr in _TENSOR_ATTRIBUTES:
        return Tensor(Tri.YES, (value.owner,))
    if attr in WEIGHT_ATTRIBUTES:
        return WeightsOf(value.owner, WEIGHT_ATTRIBUTES[attr], attr)
    if attr in ("layers", "_layers"):
        return LayersOf(value.owner, sliced=True)
    return BoundMethod(value, attr)


def _of_class(machine: Machine, cls: ClassValue, attr: str, node: ast.AST) -> Value:
    lineage = ancestry(cls, machine.version)
    function = lineage.method(attr)
    if function is None:
        bound = _class_attribute(machine, lineage, attr)
        return BoundMethod(cls, attr) if bound is None else bound
    if _is_decorated(function, "builtins.classmethod"):
        return BoundMethod(cls, attr, function)
    return function


def _class_attribute(machine: Machine, lineage: Ancestry, attr: str) -> Value | None:
    """A constant of a class body; anything else there that binds the name is unknown."""
    for cls in lineage.classes:
        statement = class_bindings(cls.node).get(attr)
        if statement is None:
            continue
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant):
            return Const(statement.value.value)
        return UNKNOWN
    return None


def _of_object(machine: Machine, ref: Ref, state: ObjectState, attr: str, node: ast.AST) -> Value:
    if attr in state.attributes:
        return state.attributes[attr]
    if state.cls is not None:
        found = _of_instance(machine, ref, state.cls, attr, node)
        if found is not None:
            return found
    if state.kind is Kind.DICT or state.kind.is_container:
        return BoundMethod(ref, attr)
    if state.kind.has_weights:
        if attr in WEIGHT_ATTRIBUTES:
            return WeightsOf(ref.id, WEIGHT_ATTRIBUTES[attr], attr)
        if attr in ("layers", "_layers"):
            return LayersOf(ref.id)
        if attr in _TENSOR_ATTRIBUTES:
            return Tensor(Tri.YES, (ref.id,))
        if attr in (
            "optimizer",
            "history",
            "metrics_names",
            "name",
            "built",
            "trainable",
            "losses",
            "metrics",
        ):
            return machine.unknown(node)
    if state.arguments_complete and attr in state.arguments and state.kind not in (Kind.INSTANCE,):
        return state.arguments[attr]
    return BoundMethod(ref, attr)


def _of_instance(machine: Machine, ref: Ref, cls: ClassValue, attr: str, node: ast.AST) -> Value | None:
    lineage = ancestry(cls, machine.version)
    function = lineage.method(attr)
    if function is None:
        return _class_attribute(machine, lineage, attr)
    if _is_decorated(function, "builtins.property") or _is_decorated(function, "functools.cached_property"):
        return machine.call_function(function, Arguments(), node, ref)
    if _is_decorated(function, "builtins.staticmethod"):
        return function
    if _is_decorated(function, "builtins.classmethod"):
        return BoundMethod(cls, attr, function)
    return BoundMethod(ref, attr, function)


def _is_decorated(function: FunctionValue, name: str) -> bool:
    node = function.node
    if isinstance(node, ast.Lambda):
        return False
    return any(static_value(item, function.scope) == External(name) for item in node.decorator_list)


def set_attribute(machine: Machine, value: Value, attr: str, item: Value, node: ast.AST) -> None:
    """`value.attr = item`."""
    match value:
        case Ref(target) if not machine.world.state(target).kind.is_container:
            _set_on_object(machine, value, attr, item, node)
        case LayersOf() if attr == "trainable":
            set_trainable(machine, value, item, node)
        case _:
            # Set on something that is not followed: whoever holds it can reach the item.
            machine.world.escape(item)


def _set_on_object(machine: Machine, ref: Ref, attr: str, item: Value, node: ast.AST) -> None:
    state = machine.world.state(ref.id)
    if attr == "trainable" and state.kind.has_weights:
        set_trainable(machine, ref, item, node)
    else:
        contents = state.contents
        if state.kind.has_weights and state.cls is not None:
            contents = tuple(dict.fromkeys((*contents, *held_objects(machine, item))))
        changes: dict[str, Tri] = {}
        if attr == "built":
            changes["built"] = _truth(item)
        machine.world.update(
            ref.id, attributes={**state.attributes, attr: item}, contents=contents, **changes
        )
    if machine.wants(AttributeSet) and state.kind is not Kind.INSTANCE and machine.visible([ref.id]):
        machine.emit(
            AttributeSet(machine.anchor(node), attr, ref.id, state, item, machine.enclosing, machine.world)
        )


def _truth(value: Value) -> Tri:
    return Tri.of(bool(value.value)) if isinstance(value, Const) else Tri.MAYBE


def delete_attribute(machine: Machine, value: Value, attr: str) -> None:
    """`del value.attr`."""
    if isinstance(value, Ref):
        state = machine.world.state(value.id)
        kept = {name: item for name, item in state.attributes.items() if name != attr}
        machine.world.update(value.id, attributes=kept)
