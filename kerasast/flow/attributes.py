"""Attributes: read, assigned and deleted, of modules, classes, Keras objects and the project's own objects."""

from __future__ import annotations

import ast

from kerasast.flow.ancestry import Ancestry, accessor, ancestry, class_bindings, is_overridden
from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.constants import evaluate_text
from kerasast.flow.containers import held_objects
from kerasast.flow.events import AttributeSet
from kerasast.flow.machine import Machine
from kerasast.flow.scopes import attribute_of, module_scope, static_value
from kerasast.flow.text import path_attribute
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
    LogNames,
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
from kerasast.index.project import ProjectIndex
from kerasast.keras_api import lookup_method, members
from kerasast.keras_api.attributes import instance_attributes
from kerasast.walking import walk

WEIGHT_ATTRIBUTES = {
    "weights": WeightSet.ALL,
    "variables": WeightSet.ALL,
    "trainable_weights": WeightSet.TRAINABLE,
    "trainable_variables": WeightSet.TRAINABLE,
    "_trainable_weights": WeightSet.TRAINABLE,
    "non_trainable_weights": WeightSet.NON_TRAINABLE,
    "non_trainable_variables": WeightSet.NON_TRAINABLE,
}

_GETTERS = frozenset({"property", "cached_property", "abstractproperty"})
"""Decorators, by the last part of their name, of methods that are read like attributes."""

_LAYERS = frozenset({"layers", "_layers", "submodules"})

_READERS = frozenset({"get", "items", "keys", "values"})
"""Methods that leave a dict as it is."""

_TENSOR_ATTRIBUTES = frozenset({"input", "inputs", "output", "outputs"})


_SAME_FUNCTION = frozenset({"get_concrete_function", "python_function", "__call__", "__wrapped__"})
"""Attributes of a function that run it when they are called: `get_concrete_function` traces a `tf.function`."""


def get_attribute(machine: Machine, value: Value, attr: str, node: ast.AST) -> Value:
    """The value of `value.attr`."""
    match value:
        case External("keras.saving.get_custom_objects()" as name):
            return External(f"{name}.{attr}")
        case ApiValue() | External() | ModuleValue():
            found = attribute_of(value, attr, machine.project)
            is_constant = isinstance(found, Const | Text) or (
                isinstance(found, External) and "()." in found.name
            )
            if isinstance(found, Unknown) or (is_constant and _may_be_assigned(machine, attr)):
                return machine.unknown(node)
            return found
        case Ref(target):
            return _of_object(machine, value, machine.world.state(target), attr, node)
        case LayersOf(element=True):
            return _of_some_layer(value, attr)
        case WeightsOf() | Tensor() if attr in ("shape", "dtype", "name", "ndim", "rank"):
            return machine.unknown(node)
        case Text() | Const():
            return path_attribute(value, attr) or BoundMethod(value, attr)
        case WeightsOf() | Tensor() | LayersOf() | LogNames() | SuperValue():
            return BoundMethod(value, attr)
        case ClassValue():
            return _of_class(machine, value, attr, node)
        case BoundMethod(receiver=Ref(), name="history") if attr not in _READERS:
            machine.world.escape(value)  # It may change what was logged.
            return UNKNOWN
        case FunctionValue() if attr in _SAME_FUNCTION:
            return value
        case FunctionValue() if not attr.startswith("__"):
            machine.world.escape(value)
            return UNKNOWN
        case BoundMethod() | FunctionValue():
            return UNKNOWN
        case Unknown() if _may_be_assigned(machine, attr):
            return machine.unknown(node)
        case Unknown():
            return BoundMethod(value, attr)
    return UNKNOWN


def _may_be_assigned(machine: Machine, attr: str) -> bool:
    """Whether this module, or one that it imports, assigns an attribute of this name to something."""
    project = machine.project
    assigning = project.once("assigning modules", lambda: _assigning_modules(project)).get(attr)
    return assigning is not None and not assigning.isdisjoint(project.import_closure(machine.module.name))


def _assigning_modules(project: ProjectIndex) -> dict[str, set[str]]:
    """The modules that assign an attribute of each name."""
    found: dict[str, set[str]] = {}
    for module in project.modules:
        scope = module_scope(project, module)
        for attr in () if scope is None else scope.assigned_attributes:
            found.setdefault(attr, set()).add(module)
    return found


def _of_some_layer(value: LayersOf, attr: str) -> Value:
    if attr in _TENSOR_ATTRIBUTES:
        return Tensor(Tri.YES, (value.owner,))
    if attr in WEIGHT_ATTRIBUTES:
        return WeightsOf(value.owner, WEIGHT_ATTRIBUTES[attr], attr)
    if attr in _LAYERS:
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
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return UNKNOWN
        changes = any(attr in module.assigned_attributes for module in (cls.scope.module, machine.module))
        if isinstance(statement.value, ast.Constant):
            return UNKNOWN if changes else Const(statement.value.value)
        text = None if changes or statement.value is None else _class_text(statement.value, cls)
        if text is None and isinstance(statement.value, ast.Call | ast.Lambda | ast.Name | ast.Attribute):
            return None  # It may be a method, or a descriptor.
        return text or UNKNOWN
    return None


def _class_text(node: ast.expr, cls: ClassValue) -> Value | None:
    """The string or path that a statement of a class body binds, if it uses no other name of that class."""
    names = {inner.id for inner in walk(node) if isinstance(inner, ast.Name)}
    if cls.scope is not cls.scope.module or not names.isdisjoint(class_bindings(cls.node)):
        return None
    return evaluate_text(node, cls.scope.module)


def _of_object(machine: Machine, ref: Ref, state: ObjectState, attr: str, node: ast.AST) -> Value:
    if attr in state.attributes:
        return _now(machine, state, state.attributes[attr], node)
    if attr == "__dict__":
        machine.world.escape(ref)
        return machine.unknown(node)
    if state.cls is not None:
        found = _of_instance(machine, ref, state.cls, attr, node)
        if found is not None:
            return _now(machine, state, found, node)
    if state.kind is Kind.DICT or state.kind.is_container:
        return BoundMethod(ref, attr)
    if state.kind.has_weights:
        if state.bare is not None and (attr in WEIGHT_ATTRIBUTES or attr in _LAYERS):
            machine.world.update(ref.id, bare=None)  # Whoever reaches them may give them weights.
        if attr in WEIGHT_ATTRIBUTES:
            return WeightsOf(ref.id, WEIGHT_ATTRIBUTES[attr], attr)
        if attr in _LAYERS:
            return LayersOf(ref.id)
        if attr in _TENSOR_ATTRIBUTES:
            return Tensor(Tri.YES, (ref.id,))
        if attr == "metrics_names" and state.kind.is_model:
            return LogNames(ref.id)
        if attr == "optimizer" and state.kind.is_model:
            return _optimizer(machine, state, node)
        if _is_data(machine, state, attr):
            known = state.arguments.get(attr) if state.arguments_complete and attr != "trainable" else None
            return known or machine.unknown(node)
    if attr == "model" and state.kind is Kind.CALLBACK:
        return _some_object(machine, Kind.MODEL, "keras.Model", node)
    if state.arguments_complete and attr in state.arguments and state.kind not in (Kind.INSTANCE,):
        return state.arguments[attr]
    return BoundMethod(ref, attr)


def _optimizer(machine: Machine, state: ObjectState, node: ast.AST) -> Value:
    """The optimizer of a model: the one that it was compiled with, or one that nothing is known of."""
    given = state.compile_arguments.get("optimizer")
    known = machine.world.state_of(given)
    if isinstance(given, Ref) and known is not None and known.kind is Kind.OPTIMIZER and not state.escaped:
        return given
    return _some_object(machine, Kind.OPTIMIZER, "keras.optimizers.Optimizer", node)


def _some_object(machine: Machine, kind: Kind, api: str, node: ast.AST) -> Ref:
    """An object of Keras of which no more than its kind is known."""
    state = ObjectState(
        kind,
        api=api,
        created=node,
        has_loss=Tri.MAYBE,
        trained=Tri.MAYBE,
        trainable=Tri.MAYBE,
        layers_trainable=Tri.MAYBE,
        escaped=True,
        arguments_complete=False,
        compile_complete=False,
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


def _is_data(machine: Machine, state: ObjectState, attr: str) -> bool:
    """Whether a public attribute of a model or layer of Keras's is one that is no method."""
    api = state.api or "keras.Model"
    if attr.startswith("_") or lookup_method(api, attr, machine.version) is not None:
        return False
    return attr in instance_attributes(api, machine.version) or attr in members(api, machine.version)


def _now(machine: Machine, state: ObjectState, value: Value, node: ast.AST) -> Value:
    """An attribute as it may be now: a flag or number of an object that others can reach may have changed."""
    changes = state.escaped and isinstance(value, Const) and not isinstance(value.value, str)
    return machine.unknown(node) if changes else value


def _of_instance(machine: Machine, ref: Ref, cls: ClassValue, attr: str, node: ast.AST) -> Value | None:
    lineage = ancestry(cls, machine.version)
    if attr in machine.patched:
        machine.world.escape(ref)
        return machine.unknown(node)
    getter = accessor(lineage, attr, _GETTERS)
    if getter is not None:
        return _computed(machine, ref, getter, attr, node)
    function = lineage.method(attr)
    if function is None:
        return _class_attribute(machine, lineage, attr)
    if _is_decorated(function, "builtins.staticmethod"):
        return function
    if _is_decorated(function, "builtins.classmethod"):
        return BoundMethod(cls, attr, function)
    if ref == machine.anyone and is_overridden(cls, attr, machine.project):
        return BoundMethod(ref, attr)
    return BoundMethod(ref, attr, _decorated(machine, function, node))


def _computed(machine: Machine, ref: Ref, getter: FunctionValue, attr: str, node: ast.AST) -> Value:
    """The value of a property; a cached one is worked out once."""
    if ref == machine.anyone and is_overridden(machine.world.state(ref.id).cls, attr, machine.project):
        return machine.unknown(node)
    value = machine.call_function(getter, Arguments(), node, ref)
    if _is_decorated(getter, "functools.cached_property"):
        state = machine.world.state(ref.id)
        machine.world.update(ref.id, attributes={**state.attributes, attr: value})
    return value


def _decorated(machine: Machine, function: FunctionValue, node: ast.AST) -> FunctionValue | None:
    """What decorators of the project make of a method; `None` if that cannot be followed."""
    items = function.node.decorator_list if not isinstance(function.node, ast.Lambda) else []
    for item in reversed(items):
        decorator = static_value(item, function.scope)
        if isinstance(decorator, ClassValue) or (
            isinstance(decorator, FunctionValue) and isinstance(item, ast.Call)
        ):
            return None
        if isinstance(decorator, FunctionValue):
            given = Arguments({}, (Argument(node, function),))
            result = machine.call_function(decorator, given, node, None)
            if not isinstance(result, FunctionValue):
                return None
            function = result
    return function


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
        case LayersOf(element=True):
            machine.world.escape(item)
            if machine.wants(AttributeSet):
                layer = _some_object(machine, Kind.LAYER, "keras.layers.Layer", node)
                machine.world.update(layer.id, built=_layers_built(machine.world.state(value.owner)))
                _set_on_object(machine, layer, attr, item, node)
        case ClassValue():
            machine.patched.add(attr)
            machine.world.escape(item)
        case _:
            # Set on something that is not followed: whoever holds it can reach the item.
            machine.world.escape(item)


def _layers_built(model: ObjectState) -> Tri:
    """Whether every layer in `model.layers` has its weights."""
    return model.built if model.kind in (Kind.FUNCTIONAL, Kind.SEQUENTIAL) else Tri.MAYBE


def _set_on_object(machine: Machine, ref: Ref, attr: str, item: Value, node: ast.AST) -> None:
    state = machine.world.state(ref.id)
    if state.cls is not None and _set_by_class(machine, ref, state.cls, attr, item, node):
        return
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


def _set_by_class(machine: Machine, ref: Ref, cls: ClassValue, attr: str, item: Value, node: ast.AST) -> bool:
    """Assign through the setter of a property of the class, if it has one."""
    lineage = ancestry(cls, machine.version)
    if lineage.defines("__setattr__"):
        machine.world.escape(item)
    setter = accessor(lineage, attr, frozenset({f"{attr}.setter"}))
    if setter is None:
        bound = next(
            (found for part in lineage.classes if (found := class_bindings(part.node).get(attr))), None
        )
        if isinstance(bound, ast.Assign) and isinstance(bound.value, ast.Call):  # It may be a descriptor.
            machine.world.escape(item)
            machine.world.escape(ref)
        return False
    machine.call_function(setter, Arguments({}, (Argument(node, item),)), node, ref)
    return True


def _truth(value: Value) -> Tri:
    return Tri.of(bool(value.value)) if isinstance(value, Const) else Tri.MAYBE


def delete_attribute(machine: Machine, value: Value, attr: str) -> None:
    """`del value.attr`."""
    if isinstance(value, Ref):
        state = machine.world.state(value.id)
        kept = {name: item for name, item in state.attributes.items() if name != attr}
        machine.world.update(value.id, attributes=kept)
