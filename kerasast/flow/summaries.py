"""Summaries: what a function makes of arguments that are not objects, worked out once and applied at every call.

A function of a module that is called with constants, tensors and the like makes the same layers each time. The
first call is followed with placeholders for its tensors; later calls get copies of the objects that it made.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from kerasast.flow.arguments import Arguments
from kerasast.flow.machine import Machine
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.scopes import ModuleScope
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    BoundMethod,
    ClassValue,
    Const,
    External,
    Flags,
    FunctionValue,
    Generator,
    Kind,
    LayersOf,
    LogNames,
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
from kerasast.flow.world import is_untouched, new_states
from kerasast.walking import walk

MAX_VARIETY = 3
"""Values of one parameter that get summaries of their own; beyond these, any value is like another."""

MAX_SUMMARIES = 4
"""Summaries of one function; beyond these, only what kinds of arguments it is given makes a difference."""

MAX_CONTAINERS = 60
"""Containers in one another that are read as one."""

Follow = Callable[[Arguments], Value]

Substitution = dict[ObjectId, tuple[ObjectId, ...]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call gave: its value, the objects that it made, and the placeholders that stand for its tensors.

    `silent` is true if it was followed in a silent walk, so that its events have yet to be told. `constants` are
    those around it that it has read, and `containers` the lists and dicts; it holds as long as they are the same.
    `followed` are the modules whose code it comes from.
    """

    value: Value
    made: dict[ObjectId, ObjectState]
    placeholders: tuple[ObjectId, ...]
    silent: bool
    constants: dict[tuple[ModuleScope, str], Value]
    containers: dict[ObjectId, ObjectState]
    followed: frozenset[str]

    def holds(self, machine: Machine) -> bool:
        """Whether a call would still do the same."""
        return all(scope.names.get(name) == value for (scope, name), value in self.constants.items()) and all(
            machine.world.state(target) == state for target, state in self.containers.items()
        )


def call_through_summary(
    machine: Machine, function: FunctionValue | ClassValue, arguments: Arguments, follow: Follow
) -> Value | None:
    """The value of a call by the summary of its function or class; `None` if the call is of a kind that has none."""
    if not machine.recalls or not _has_summaries(function):
        return None
    arguments = _generalised(machine, function, arguments)
    key = _key(machine, function, arguments)
    if key is None or key in machine.unsummarised:
        return None
    is_foreign = function.scope.module is not machine.module
    known = machine.shared_summaries if is_foreign else machine.summaries
    summary = known.get(key)
    if summary is not None and summary.holds(machine) and (is_foreign or not summary.silent or machine.muted):
        machine.constants_read.update(summary.constants)
        machine.containers_read.update(summary.containers)
        machine.followed |= summary.followed
        return _instantiate(machine, summary, arguments)
    machine.variety.setdefault((function.node, None), set()).add(key)
    return _follow_first(machine, known, key, arguments, follow)


def _has_summaries(function: FunctionValue | ClassValue) -> bool:
    if function.scope is not function.scope.module or isinstance(function.node, ast.Lambda):
        return False
    return not (function.scope.module.shares_names and _binds_globals(function.node))


def _given(arguments: Arguments) -> list[tuple[int | str, Value]]:
    """All arguments by position or keyword."""
    positional: list[tuple[int | str, Value]] = [
        (index, argument.value) for index, argument in enumerate(arguments.positional)
    ]
    return [*positional, *((name, item.value) for name, item in arguments.bound.items() if item.keyword)]


def _changed(arguments: Arguments, change: Callable[[int | str, Value], Value]) -> Arguments:
    """The same arguments with other values."""
    positional = tuple(
        replace(argument, value=change(index, argument.value))
        for index, argument in enumerate(arguments.positional)
    )
    bound = {
        name: replace(argument, value=change(name, argument.value)) if argument.keyword else argument
        for name, argument in arguments.bound.items()
    }
    return Arguments(bound, positional, arguments.complete)


def _generalised(machine: Machine, function: FunctionValue | ClassValue, arguments: Arguments) -> Arguments:
    """The arguments without the values of parameters that have had too many: names of layers, numbers of filters."""
    exhausted = len(machine.variety.get((function.node, None), ())) >= MAX_SUMMARIES
    general: set[int | str] = set()
    for parameter, value in _given(arguments):
        if isinstance(value, Const | Text | Unknown) or is_plain_container(machine, value):
            seen = machine.variety.setdefault((function.node, parameter), set())
            seen.add(_abstract(machine, value))
            if exhausted or len(seen) > MAX_VARIETY:
                general.add(parameter)
    if not general:
        return arguments
    return _changed(arguments, lambda parameter, value: UNKNOWN if parameter in general else value)


def _key(machine: Machine, function: FunctionValue | ClassValue, arguments: Arguments) -> Hashable | None:
    parts = tuple((parameter, _abstract(machine, value)) for parameter, value in _given(arguments))
    if any(part is None for _, part in parts):
        return None
    return (function.node, arguments.complete, machine.policy, parts)


def is_plain_container(machine: Machine, value: Value) -> bool:
    """Whether a value is a list, set or dict of nothing but constants."""
    if not isinstance(value, Ref):
        return False
    state = machine.world.state(value.id)
    if not state.kind.is_container or state.escaped or not state.complete:
        return False
    return all(isinstance(item, Const | TupleValue | Unknown | ApiValue) for item in state.items)


def containers_of_constants(machine: Machine, container: Ref) -> dict[ObjectId, ObjectState] | None:
    """A container and those in it, with their states, if they hold nothing else than constants; else `None`.

    Nothing but these states decides what reading it gives, whether others can reach it or not.
    """
    found: dict[ObjectId, ObjectState] = {}
    pending: list[Value] = [container]
    while pending:
        value = pending.pop()
        if isinstance(value, TupleValue):
            pending.extend(value.items)
        elif isinstance(value, Ref) and value.id not in found:
            state = found[value.id] = machine.world.state(value.id)
            if not state.kind.is_container or len(found) > MAX_CONTAINERS:
                return None
            pending.extend(state.items)
        elif not isinstance(value, Ref | Const | Unknown | ApiValue | Text | External):
            return None
    return found


@kept_on_node
def _binds_globals(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Global | ast.Nonlocal) for inner in walk(node))


def _abstract(machine: Machine, value: Value) -> Hashable | None:
    """What of an argument matters to a summary; `None` for a value that a summary cannot be made for."""
    match value:
        case Const(constant):
            return (type(constant), constant) if isinstance(constant, int | float | str | None) else None
        case Tensor(symbolic, layers, complete):
            return (Tensor, symbolic, bool(layers), complete)
        case TupleValue(items):
            return _all_abstract(machine, TupleValue, items)
        case Ref(target) if is_plain_container(machine, value):
            state = machine.world.state(target)
            parts = _all_abstract(machine, state.kind, state.items)
            return None if parts is None else (state.keys, parts)
        case FunctionValue(scope=scope):
            return value if scope is scope.module else None
        case Unknown() | External() | ApiValue() | ModuleValue() | ClassValue() | Generator() | Text():
            return value
    return None


def _all_abstract(machine: Machine, kind: Hashable, items: tuple[Value, ...]) -> Hashable | None:
    parts = tuple(_abstract(machine, item) for item in items)
    return None if None in parts else (kind, parts)


def _stand_ins(arguments: Arguments) -> list[tuple[ObjectId, ...]]:
    """What the placeholders of a summary stand for in these arguments, in order: layers of tensors, containers."""
    found: list[tuple[ObjectId, ...]] = []
    values = [value for _, value in _given(arguments)]
    while values:
        match values.pop(0):
            case TupleValue(items):
                values[:0] = items
            case Tensor(layers=layers) if layers:
                found.append(layers)
            case Ref(target):
                found.append((target,))
    return found


def _follow_first(
    machine: Machine,
    known: dict[Hashable, Summary],
    key: Hashable,
    arguments: Arguments,
    follow: Follow,
) -> Value:
    placeholders: list[ObjectId] = []
    prepared = _with_placeholders(machine, arguments, placeholders)
    states = machine.world.share()
    mark = machine.world.latest
    reads_before, machine.reads_objects = machine.reads_objects, False
    outer = machine.constants_read, machine.containers_read
    constants: dict[tuple[ModuleScope, str], Value] = {}
    containers: dict[ObjectId, ObjectState] = {}
    machine.constants_read, machine.containers_read = constants, containers
    others, machine.followed = machine.followed, set(_homes(arguments))
    value = follow(prepared)
    followed, machine.followed = frozenset(machine.followed), others | machine.followed
    machine.constants_read, machine.containers_read = outer
    machine.constants_read.update(constants)
    machine.containers_read.update(containers)
    made = new_states(states, machine.world.states, mark)
    if (
        not is_untouched(states, machine.world.states)
        or machine.reads_objects
        or not _is_portable(value, made)
    ):
        machine.unsummarised.add(key)
        machine.reads_objects = True
        substitution = _substitution(placeholders, arguments)
        for target, state in made.items():
            machine.world.put(target, _moved(state, substitution))
        return _substituted(value, substitution)
    machine.reads_objects = reads_before
    silent = bool(machine.muted)
    summary = Summary(
        value, _reachable(value, made), tuple(placeholders), silent, constants, containers, followed
    )
    if machine.budget > 0:
        known[key] = summary
    return _instantiate(machine, summary, arguments)


def _homes(arguments: Arguments) -> Iterator[str]:
    """The modules of the functions and classes among the arguments, which what a call gives may lead to."""
    values = [value for _, value in _given(arguments)]
    while values:
        match values.pop():
            case FunctionValue(scope=scope) | ClassValue(scope=scope):
                yield scope.module.name
            case TupleValue(items):
                values.extend(items)


def _with_placeholders(machine: Machine, arguments: Arguments, placeholders: list[ObjectId]) -> Arguments:
    """The arguments with every tensor's layers replaced by one placeholder; containers stand for themselves."""

    def change(parameter: int | str, value: Value) -> Value:
        match value:
            case TupleValue(items):
                return TupleValue(tuple(change(parameter, item) for item in items))
            case Tensor(layers=layers) if layers:
                made = machine.world.create(ObjectState(Kind.LAYER, built=Tri.YES, escaped=True))
                placeholders.append(made.id)
                return replace(value, layers=(made.id,))
            case Ref(target):
                placeholders.append(target)
        return value

    return _changed(arguments, change)


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
        case Ref(target) | WeightsOf(owner=target) | LayersOf(owner=target) | LogNames(owner=target):
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


def _substitution(placeholders: Sequence[ObjectId], arguments: Arguments) -> Substitution:
    return dict(zip(placeholders, _stand_ins(arguments), strict=True))


def _instantiate(machine: Machine, summary: Summary, arguments: Arguments) -> Value:
    substitution = _substitution(summary.placeholders, arguments)
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
        machine.world.put(copy, moved.evolve(foreign=foreign) if state.foreign else moved)
    return _substituted(summary.value, substitution)


def _moved(state: ObjectState, substitution: Substitution) -> ObjectState:
    def move(values: dict[str, Value]) -> dict[str, Value]:
        return {name: _substituted(value, substitution) for name, value in values.items()}

    return state.evolve(
        contents=_ids(state.contents, substitution),
        arguments=move(state.arguments),
        compile_arguments=move(state.compile_arguments),
        attributes=move(state.attributes),
        items=tuple(_substituted(item, substitution) for item in state.items),
        fixed={method: _moved_flags(flags, substitution) for method, flags in state.fixed.items()},
        hdf5={path: _moved_flags(flags, substitution) for path, flags in state.hdf5.items()},
    )


def _moved_flags(flags: Flags, substitution: Substitution) -> Flags:
    return tuple((new, own, inside) for part, own, inside in flags for new in substitution.get(part, (part,)))


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
        case WeightsOf(owner=target) | LayersOf(owner=target) | LogNames(owner=target) if (
            target in substitution
        ):
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
