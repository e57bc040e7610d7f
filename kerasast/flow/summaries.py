"""Summaries: what a function makes of arguments that are not objects, worked out once and applied at every call.

A function of a module that is called with constants, tensors and the like makes the same layers each time. The
first call is followed with placeholders for its tensors; later calls get copies of the objects that it made.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.machine import Machine
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
    ObjectId,
    ObjectState,
    Partial,
    Ref,
    SuperValue,
    Tensor,
    Text,
    Tri,
    TupleValue,
    Unknown,
    Value,
    WeightsOf,
)

MAX_VARIETY = 4
"""Constants for one parameter that get a summary of their own; beyond these, any constant is like another."""

Follow = Callable[[Arguments], Value]

Substitution = dict[ObjectId, tuple[ObjectId, ...]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call gave: its value, the objects that it made, and the placeholders that stand for its tensors.

    `silent` is true if it was followed in a silent walk, so that its events have yet to be told.
    """

    value: Value
    made: dict[ObjectId, ObjectState]
    placeholders: tuple[ObjectId, ...]
    silent: bool


def call_through_summary(
    machine: Machine, function: FunctionValue, arguments: Arguments, follow: Follow
) -> Value | None:
    """The value of a call by the summary of its function; `None` if the call is of a kind that has none."""
    if not _has_summaries(function, arguments):
        return None
    arguments = _generalised(machine, function, arguments)
    key = _key(function, arguments)
    if key is None or key in machine.unsummarised:
        return None
    is_foreign = function.scope.module is not machine.module
    known = machine.shared_summaries if is_foreign else machine.summaries
    summary = known.get(key)
    if summary is not None and (is_foreign or not summary.silent or machine.muted):
        return _instantiate(machine, summary, _tensors(arguments))
    return _follow_first(machine, known, key, arguments, follow)


def _has_summaries(function: FunctionValue, arguments: Arguments) -> bool:
    if function.scope is not function.scope.module or isinstance(function.node, ast.Lambda):
        return False
    return arguments.complete and not _binds_globals(function.node)


def _generalised(machine: Machine, function: FunctionValue, arguments: Arguments) -> Arguments:
    """The arguments without constants of parameters that have had too many: names of layers, numbers of filters."""

    def change(parameter: int | str, argument: Argument) -> Argument:
        if not isinstance(argument.value, Const | Text):
            return argument
        seen = machine.variety.setdefault((function.node, parameter), set())
        seen.add(argument.value)
        return replace(argument, value=UNKNOWN) if len(seen) > MAX_VARIETY else argument

    positional = tuple(change(index, argument) for index, argument in enumerate(arguments.positional))
    bound = {
        name: change(name, argument) if argument.keyword else argument
        for name, argument in arguments.bound.items()
    }
    return Arguments(bound, positional, arguments.complete)


def _key(function: FunctionValue, arguments: Arguments) -> tuple[Any, ...] | None:
    positional = tuple(_abstract(argument.value) for argument in arguments.positional)
    keywords = tuple((name, _abstract(item.value)) for name, item in arguments.bound.items() if item.keyword)
    if None in positional or any(value is None for _, value in keywords):
        return None
    return (function.node, positional, keywords)


def _binds_globals(node: ast.AST) -> bool:
    cached = getattr(node, "_kerasast_globals", None)
    if cached is None:
        cached = any(isinstance(inner, ast.Global | ast.Nonlocal) for inner in ast.walk(node))
        node._kerasast_globals = cached  # type: ignore[attr-defined]
    return bool(cached)


def _abstract(value: Value) -> Any:
    """What of an argument matters to a summary; `None` for a value that a summary cannot be made for."""
    match value:
        case Const(constant):
            return (type(constant), constant) if isinstance(constant, int | float | str | None) else None
        case Tensor(symbolic, layers, complete):
            return (Tensor, symbolic, bool(layers), complete)
        case TupleValue(items):
            parts = tuple(_abstract(item) for item in items)
            return None if None in parts else (TupleValue, parts)
        case FunctionValue(scope=scope):
            return value if scope is scope.module else None
        case Unknown() | External() | ApiValue() | ModuleValue() | ClassValue() | Text():
            return value
    return None


def _tensors(arguments: Arguments) -> list[Tensor]:
    """The tensors among the arguments that passed through layers, in order."""
    found: list[Tensor] = []
    values = [argument.value for argument in arguments.positional]
    values.extend(item.value for item in arguments.bound.values() if item.keyword)
    while values:
        value = values.pop(0)
        if isinstance(value, TupleValue):
            values[:0] = value.items
        elif isinstance(value, Tensor) and value.layers:
            found.append(value)
    return found


def _follow_first(
    machine: Machine,
    known: dict[Hashable, Summary],
    key: Hashable,
    arguments: Arguments,
    follow: Follow,
) -> Value:
    tensors = _tensors(arguments)
    placeholders = tuple(
        machine.world.create(ObjectState(Kind.LAYER, built=Tri.YES, escaped=True)).id for _ in tensors
    )
    states = machine.world.share()
    mark = machine.world.latest
    reads_before, machine.reads_objects = machine.reads_objects, False
    value = follow(_with_placeholders(arguments, iter(placeholders)))
    made = {target: state for target, state in machine.world.states.items() if target > mark}
    untouched = all(machine.world.states.get(target) is state for target, state in states.items())
    if not untouched or machine.reads_objects or not _is_portable(value, made):
        machine.unsummarised.add(key)
        machine.reads_objects = True
        _substitute_in_place(machine, made, placeholders, tensors)
        return _substituted(value, _substitution(placeholders, tensors))
    machine.reads_objects = reads_before
    summary = Summary(value, _reachable(value, made), placeholders, bool(machine.muted))
    if machine.budget > 0:
        known[key] = summary
    return _instantiate(machine, summary, tensors)


def _with_placeholders(arguments: Arguments, placeholders: Iterator[ObjectId]) -> Arguments:
    def change(value: Value) -> Value:
        if isinstance(value, TupleValue):
            return TupleValue(tuple(change(item) for item in value.items))
        if isinstance(value, Tensor) and value.layers:
            return Tensor(value.symbolic, (next(placeholders),), value.complete)
        return value

    positional = tuple(replace(argument, value=change(argument.value)) for argument in arguments.positional)
    bound: dict[str, Argument] = {}
    for name, argument in arguments.bound.items():
        bound[name] = replace(argument, value=change(argument.value)) if argument.keyword else argument
    return Arguments(bound, positional, arguments.complete)


def _is_portable(value: Value, made: dict[ObjectId, ObjectState]) -> bool:
    """Whether copies of what a call made can stand for it: nothing in it is tied to the call's own names."""
    stack = [value]
    for state in made.values():
        stack.extend(state.attributes.values())
        stack.extend(state.items)
    while stack:
        match stack.pop():
            case FunctionValue(scope=scope) if scope is not scope.module:
                return False
            case TupleValue(items):
                stack.extend(items)
            case Partial(function, args, keywords):
                stack.extend((function, *args, *(item for _, item in keywords)))
    return True


def _reachable(value: Value, made: dict[ObjectId, ObjectState]) -> dict[ObjectId, ObjectState]:
    found: dict[ObjectId, ObjectState] = {}
    pending = list(_mentioned(value))
    while pending:
        target = pending.pop()
        if target in found or target not in made:
            continue
        state = found[target] = made[target]
        pending.extend(state.contents)
        for item in _held(state):
            pending.extend(_mentioned(item))
    return found


def _held(state: ObjectState) -> Iterator[Value]:
    yield from state.attributes.values()
    yield from state.items
    yield from state.arguments.values()
    yield from state.compile_arguments.values()


def _mentioned(value: Value) -> Iterator[ObjectId]:
    match value:
        case Ref(target) | WeightsOf(owner=target) | LayersOf(owner=target):
            yield target
        case Tensor(layers=layers):
            yield from layers
        case TupleValue(items):
            for item in items:
                yield from _mentioned(item)
        case BoundMethod(receiver=receiver) | SuperValue(receiver=receiver):
            yield from _mentioned(receiver)
        case Partial(function, args, keywords):
            for item in (function, *args, *(item for _, item in keywords)):
                yield from _mentioned(item)


def _substitution(placeholders: tuple[ObjectId, ...], tensors: list[Tensor]) -> Substitution:
    return {target: tensor.layers for target, tensor in zip(placeholders, tensors, strict=True)}


def _instantiate(machine: Machine, summary: Summary, tensors: list[Tensor]) -> Value:
    substitution = _substitution(summary.placeholders, tensors)
    foreign = machine.frame.foreign
    copies = {}
    for target, state in summary.made.items():
        if state.foreign and not foreign:
            foreign = machine.next_foreign()
        copies[target] = machine.world.create(state).id
        substitution[target] = (copies[target],)
    for target, copy in copies.items():
        state = summary.made[target]
        moved = _moved(state, substitution)
        machine.world.put(copy, replace(moved, foreign=foreign) if state.foreign else moved)
    return _substituted(summary.value, substitution)


def _substitute_in_place(
    machine: Machine,
    made: dict[ObjectId, ObjectState],
    placeholders: tuple[ObjectId, ...],
    tensors: list[Tensor],
) -> None:
    if placeholders:
        substitution = _substitution(placeholders, tensors)
        for target, state in made.items():
            machine.world.put(target, _moved(state, substitution))


def _moved(state: ObjectState, substitution: Substitution) -> ObjectState:
    def move(values: dict[str, Value]) -> dict[str, Value]:
        return {name: _substituted(value, substitution) for name, value in values.items()}

    return replace(
        state,
        contents=_ids(state.contents, substitution),
        arguments=move(state.arguments),
        compile_arguments=move(state.compile_arguments),
        attributes=move(state.attributes),
        items=tuple(_substituted(item, substitution) for item in state.items),
    )


def _ids(targets: tuple[ObjectId, ...], substitution: Substitution) -> tuple[ObjectId, ...]:
    return tuple(dict.fromkeys(new for target in targets for new in substitution.get(target, (target,))))


def _substituted(value: Value, substitution: Substitution) -> Value:
    match value:
        case Ref(target) if target in substitution:
            return Ref(substitution[target][0])
        case Tensor(layers=layers) if layers:
            return replace(value, layers=_ids(layers, substitution))
        case TupleValue(items):
            return TupleValue(tuple(_substituted(item, substitution) for item in items))
        case WeightsOf(owner=target) | LayersOf(owner=target) if target in substitution:
            return replace(value, owner=substitution[target][0])
        case BoundMethod(receiver=receiver) | SuperValue(receiver=receiver):
            return replace(value, receiver=_substituted(receiver, substitution))
        case Partial(function, args, keywords):
            return Partial(
                _substituted(function, substitution),
                tuple(_substituted(item, substitution) for item in args),
                tuple((name, _substituted(item, substitution)) for name, item in keywords),
            )
    return value
