"""What a saved model needs to be loaded again: the user's own classes and functions that its file names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from kerasast.diagnostics import Step
from kerasast.flow.facts import CustomObject, SaveSite
from kerasast.flow.machine import Machine
from kerasast.flow.text import known_suffix, path_key
from kerasast.flow.values import (
    ApiValue,
    ClassValue,
    Const,
    FunctionValue,
    Kind,
    ObjectId,
    ObjectState,
    Ref,
    Value,
)
from kerasast.flow.world import WorldView

_ROLES = {
    Kind.LAYER: "layer",
    Kind.SUBCLASSED: "model",
    Kind.SEQUENTIAL: "model",
    Kind.FUNCTIONAL: "model",
    Kind.MODEL: "model",
    Kind.LOSS: "loss",
    Kind.METRIC: "metric",
    Kind.OPTIMIZER: "optimizer",
}

_LAYER_FUNCTIONS = {
    "activation": "activation",
    "recurrent_activation": "activation",
    "kernel_initializer": "initializer",
    "bias_initializer": "initializer",
    "kernel_regularizer": "regularizer",
    "bias_regularizer": "regularizer",
    "activity_regularizer": "regularizer",
    "kernel_constraint": "constraint",
}

_REGISTER = "keras.saving.register_keras_serializable"


def note_save(machine: Machine, ref: Ref, path: Value | None, node: ast.AST) -> None:
    """Remember that a whole model is saved here, and what its file will need."""
    if machine.muted or machine.frame.foreign:
        return
    state = machine.world.state(ref.id)
    if not state.kind.is_model:
        return
    needs: dict[str, CustomObject] = {}
    complete = not state.escaped and state.complete
    for part in saved_parts(machine.world, ref.id):
        held = machine.world.state(part)
        complete = complete and (held.complete or held.cls is None)
        for item in _needs_of(machine, held):
            needs.setdefault(item.name, item)
    for item in _compile_needs(machine, state):
        needs.setdefault(item.name, item)
    machine.saves.append(
        SaveSite(
            machine.source.path,
            machine.module.name,
            machine.source.span(node),
            path_key(path),
            _format_of(path),
            tuple(needs.values()),
            complete,
            _named_losses(machine, state.compile_arguments.get("loss")),
        )
    )


def _named_losses(machine: Machine, value: Value | None) -> tuple[str, ...]:
    """The losses given to `compile()` as strings, alone or in a list or dict."""
    items = (value,) if isinstance(value, Const) else machine.world.items(value) or ()
    return tuple(item.value for item in items if isinstance(item, Const) and isinstance(item.value, str))


def saved_parts(view: WorldView, target: ObjectId) -> Iterator[ObjectId]:
    """An object and the layers that its configuration names: not those that a class of the user's own makes."""
    seen: set[ObjectId] = set()
    stack = [target]
    while stack:
        item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        yield item
        state = view.state(item)
        if state.cls is None and state.kind.has_weights:
            stack.extend(reversed(state.contents))


def _format_of(path: Value | None) -> str | None:
    suffix = known_suffix(path)
    if suffix is None:
        return None
    for known in (".keras", ".h5", ".hdf5"):
        if suffix.endswith(known):
            return known[1:]
    return "tf"


def _needs_of(machine: Machine, state: ObjectState) -> list[CustomObject]:
    found = []
    if state.cls is not None and state.kind in _ROLES:
        found.append(_custom_class(state.cls, _ROLES[state.kind]))
    if state.api == "keras.layers.Lambda":
        function = state.arguments.get("function")
        if isinstance(function, FunctionValue):
            found.append(_custom_function(machine, function, "lambda"))
    for name, role in _LAYER_FUNCTIONS.items():
        value = state.arguments.get(name)
        if isinstance(value, FunctionValue | ClassValue):
            found.append(_custom(machine, value, role))
        elif isinstance(value, Ref) and (inner := machine.world.state(value.id)).cls is not None:
            assert inner.cls is not None
            found.append(_custom_class(inner.cls, role))
    return found


def _compile_needs(machine: Machine, state: ObjectState) -> list[CustomObject]:
    found = []
    for name, role in (("loss", "loss"), ("metrics", "metric"), ("optimizer", "optimizer")):
        value = state.compile_arguments.get(name)
        if value is None:
            continue
        items = machine.world.items(value)
        for item in items or (value,):
            if isinstance(item, FunctionValue | ClassValue):
                custom = _custom(machine, item, role)
            elif isinstance(item, Ref) and (held := machine.world.state(item.id)).cls is not None:
                assert held.cls is not None
                custom = _custom_class(held.cls, role)
            else:
                continue
            found.append(replace(custom, listed=bool(items)))
    return found


def _custom(machine: Machine, value: FunctionValue | ClassValue, role: str) -> CustomObject:
    if isinstance(value, ClassValue):
        return _custom_class(value, role)
    return _custom_function(machine, value, role)


def _custom_class(cls: ClassValue, role: str) -> CustomObject:
    source = cls.scope.module.source
    step = Step(source.path, source.header_span(cls.node), f"`{cls.name}` is defined here")
    return CustomObject(
        cls.name, role, cls.scope.module.name, registered_name(cls.node, cls), step, is_class=True
    )


def _custom_function(machine: Machine, function: FunctionValue, role: str) -> CustomObject:
    source = function.scope.module.source
    step = Step(source.path, source.header_span(function.node), f"`{function.name}` is defined here")
    registered = None
    if isinstance(function.node, ast.FunctionDef):
        registered = registered_name(function.node, function)
    return CustomObject(function.name, role, function.scope.module.name, registered, step)


def registered_name(node: ast.ClassDef | ast.FunctionDef, owner: ClassValue | FunctionValue) -> str | None:
    """The name that `register_keras_serializable` gives a class or function: `package>name`; `None` without it."""
    from kerasast.flow.scopes import static_value

    for decorator in node.decorator_list:
        value = static_value(decorator, owner.scope)
        if isinstance(value, ApiValue) and value.api.name == _REGISTER:
            package, name = "Custom", node.name
            if isinstance(decorator, ast.Call):
                given = {keyword.arg: keyword.value for keyword in decorator.keywords}
                positional = dict(zip(("package", "name"), decorator.args, strict=False))
                package = _text(given.get("package") or positional.get("package"), package)
                name = _text(given.get("name") or positional.get("name"), name)
            return f"{package}>{name}"
    return None


def _text(node: ast.expr | None, default: str) -> str:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "?"


def constant_text(value: Value | None) -> str | None:
    """The string that a value is, if it is one."""
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None
