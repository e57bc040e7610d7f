"""Lists, dicts, sets, strings and tensors: made, read and changed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kerasast.flow.arguments import Arguments
from kerasast.flow.machine import Machine
from kerasast.flow.text import format_braces, known_suffix, path_method
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    External,
    Kind,
    LayersOf,
    ObjectId,
    ObjectState,
    Ref,
    Tensor,
    Text,
    Tri,
    TupleValue,
    Value,
    WeightsOf,
)

MAX_UNROLL = 16
"""Items of a known list over which a loop or comprehension is walked one by one."""


MAX_ITEMS = 4096
"""Items of a container that are kept; programs that make more do it in loops, or are tables of data."""


def new_container(
    machine: Machine,
    node: ast.AST,
    kind: Kind,
    items: tuple[Value, ...],
    *,
    complete: bool = True,
    keys: tuple[Any, ...] = (),
) -> Ref:
    """A new list, set or dict."""
    if len(items) > MAX_ITEMS:
        machine.escape(items[MAX_ITEMS:])
        items, keys, complete = items[:MAX_ITEMS], keys[:MAX_ITEMS], False
    state = ObjectState(
        kind, created=node, items=items, keys=keys, complete=complete, foreign=machine.frame.foreign
    )
    return machine.world.create(state)


def element_of(machine: Machine, value: Value) -> Value:
    """Some item of an iterable, when it is not known which."""
    match value:
        case WeightsOf():
            return replace(value, element=True)
        case LayersOf(owner, _, sliced):
            return LayersOf(owner, element=True, sliced=sliced)
        case Tensor():
            return value
        case Ref(target) if machine.world.state(target).kind is Kind.INSTANCE:
            machine.world.escape(value)  # Its `__iter__` or `__getitem__` may do anything.
        case TupleValue() | Ref():
            items = machine.world.items(value)
            is_dict = isinstance(value, Ref) and machine.world.state(value.id).kind is Kind.DICT
            if items and not is_dict and all(item == items[0] for item in items):
                return items[0]
            for item in items if items is not None else known_items(machine, value):
                machine.world.escape(item)
    return UNKNOWN


def sliced(items: tuple[Value, ...], node: ast.Slice) -> tuple[Value, ...] | None:
    """`items[node]`; `None` unless the bounds are written as numbers."""
    bounds: list[int | None] = []
    for part in (node.lower, node.upper, node.step):
        match part:
            case None:
                bounds.append(None)
            case ast.Constant(value=int(number)):
                bounds.append(number)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
                bounds.append(-number)
            case _:
                return None
    return None if bounds[2] == 0 else items[slice(*bounds)]


def is_bounded(items: Iterable[Value]) -> bool:
    """Whether tuples in tuples hold no more than programs do that people write."""
    count = 0
    stack = list(items)
    while stack and count <= MAX_ITEMS:
        value = stack.pop()
        count += 1
        if isinstance(value, TupleValue):
            stack.extend(value.items)
    return count <= MAX_ITEMS


def iterated(machine: Machine, value: Value) -> tuple[Value, ...] | None:
    """What a loop over a container gives: its items, for a dict its keys; `None` where not all are known."""
    items = machine.world.items(value)
    if items is None or not isinstance(value, Ref):
        return items
    state = machine.world.state(value.id)
    return tuple(Const(key) for key in dict.fromkeys(state.keys)) if state.kind is Kind.DICT else items


def known_items(machine: Machine, value: Value) -> tuple[Value, ...]:
    """The items that a container is known to have, though it may have others."""
    if isinstance(value, Ref):
        return machine.world.state(value.id).items
    return ()


_MAY_HOLD_TENSORS = frozenset({Ref, Tensor, TupleValue})


def merge_tensors(machine: Machine, values: Iterable[Value]) -> Tensor | None:
    """The tensor that an operation on `values` gives; `None` if no tensor is among them."""
    stack = [value for value in values if value.__class__ in _MAY_HOLD_TENSORS]
    if not stack:
        return None
    symbolic: Tri | None = None
    layers: dict[ObjectId, None] = {}
    complete = True
    seen: set[ObjectId] = set()
    for value in stack:  # which grows meanwhile
        match value:
            case Tensor():
                symbolic = value.symbolic if symbolic is None else symbolic.either(value.symbolic)
                layers.update(dict.fromkeys(value.layers))
                complete = complete and value.complete
            case TupleValue(items):
                stack.extend(items)
            case Ref(target) if target not in seen:
                seen.add(target)
                state = machine.world.state(target)
                if state.kind.is_container:
                    stack.extend(state.items)
                    complete = complete and state.complete
    return None if symbolic is None else Tensor(symbolic, tuple(layers), complete)


def truth_of(value: Value) -> bool | None:
    """Whether a value counts as true, if that is certain."""
    match value:
        case Const(constant):
            return bool(constant)
        case TupleValue(items):
            return bool(items)
    return None


def held_objects(machine: Machine, value: Value) -> tuple[ObjectId, ...]:
    """The layers and models that a value is or holds, in containers at any depth, in order."""
    found: dict[ObjectId, None] = {}
    stack = [value]
    seen: set[ObjectId] = set()
    while stack:
        item = stack.pop()
        match item:
            case Ref(target) if target not in seen:
                seen.add(target)
                state = machine.world.state(target)
                if state.kind.has_weights:
                    found[target] = None
                elif state.kind.is_container:
                    stack.extend(reversed(state.items))
            case TupleValue(items):
                stack.extend(reversed(items))
    return tuple(found)


def all_known(machine: Machine, value: Value) -> bool:
    """Whether `held_objects` tells everything that a value holds."""
    stack = [value]
    seen: set[ObjectId] = set()
    while stack:
        match stack.pop():
            case Const() | Text() | Tensor():
                pass
            case TupleValue(items):
                stack.extend(items)
            case Ref(target):
                state = machine.world.state(target)
                if state.kind.is_container and target not in seen:
                    seen.add(target)
                    if not state.complete or state.escaped:
                        return False
                    stack.extend(state.items)
                elif state.kind is Kind.INSTANCE:
                    return False
            case _:
                return False
    return True


def call_container(
    machine: Machine, ref: Ref, state: ObjectState, name: str, arguments: Arguments, node: ast.AST
) -> Value:
    """A method of a list, set or dict."""
    values = [argument.value for argument in arguments.positional]
    world = machine.world
    match name, values:
        case "append" | "add", [item]:
            world.update(ref.id, items=(*state.items, item))
        case "extend", [items]:
            extend_list(machine, ref, items)
        case "insert", [Const(int(index)), item]:
            listed = list(state.items)
            place = min(max(index, -len(listed)), len(listed))
            listed.insert(place, item)
            world.update(ref.id, items=tuple(listed))
        case "copy", []:
            return new_container(
                machine, node, state.kind, state.items, complete=state.complete, keys=state.keys
            )
        case "get", [Const(key), *_] if state.kind is Kind.DICT:
            return _by_key(machine, state, key, node)
        case "pop", _:
            return _pop(machine, ref, state, values, node)
        case "update", [Ref(other)] if state.kind is Kind.DICT and world.state(other).kind is Kind.DICT:
            complete = state.complete and world.items(values[0]) is not None
            keys, merged = merged_entries(state, world.state(other))
            world.update(ref.id, items=merged, keys=keys, complete=complete)
        case "values", []:
            return new_container(machine, node, Kind.LIST, state.items, complete=state.complete)
        case "items", [] if state.kind is Kind.DICT and state.complete:
            pairs = zip(state.keys, state.items, strict=False)
            return new_container(machine, node, Kind.LIST, tuple(TupleValue((Const(k), v)) for k, v in pairs))
        case "keys", [] if state.kind is Kind.DICT and state.complete:
            return new_container(machine, node, Kind.LIST, tuple(Const(key) for key in state.keys))
        case "sort" | "reverse" | "clear" | "remove" | "update" | "setdefault" | "append" | "insert", _:
            machine.escape(values)
            world.update(ref.id, complete=False)
        case "index" | "count" | "keys", _:
            pass
        case _:
            machine.escape(values)
            world.escape(ref)
    return machine.unknown(node)


def _pop(machine: Machine, ref: Ref, state: ObjectState, values: list[Value], node: ast.AST) -> Value:
    """`pop()` of a list, a set or a dict; the item is known where the container is and the argument says which."""
    index = values[0] if values else Const(-1)
    world = machine.world
    if state.kind is Kind.DICT and isinstance(index, Const) and world.items(ref) is not None:
        left = [(key, item) for key, item in zip(state.keys, state.items, strict=False) if key != index.value]
        world.update(ref.id, keys=tuple(key for key, _ in left), items=tuple(item for _, item in left))
        return _by_key(machine, state, index.value, node)
    if state.kind is Kind.LIST and isinstance(index, Const) and world.items(ref) is not None:
        place = index.value
        if isinstance(place, int) and -len(state.items) <= place < len(state.items):
            left_items = list(state.items)
            item = left_items.pop(place)
            world.update(ref.id, items=tuple(left_items))
            return item
    world.update(ref.id, complete=False)
    world.escape(ref)
    return machine.unknown(node)


def merged_entries(*dicts: ObjectState) -> tuple[tuple[Any, ...], tuple[Value, ...]]:
    """The keys and values of dicts put into one, in order: of two values for one key the later one counts."""
    entries = dict(pair for state in dicts for pair in zip(state.keys, state.items, strict=False))
    return tuple(entries), tuple(entries.values())


def extend_list(machine: Machine, ref: Ref, value: Value) -> None:
    """`ref += value`."""
    state = machine.world.state(ref.id)
    more = iterated(machine, value)
    if more is None or len(state.items) + len(more) > MAX_ITEMS:
        element_of(machine, value)
        machine.world.update(ref.id, complete=False)
    else:
        machine.world.update(ref.id, items=state.items + more)


def _by_key(machine: Machine, state: ObjectState, key: Any, node: ast.AST) -> Value:
    if state.complete:
        for known, item in zip(reversed(state.keys), reversed(state.items), strict=False):
            if known == key:
                return item
    return machine.unknown(node)


def set_item(machine: Machine, owner: Value, index: Value, item: Value, node: ast.AST) -> None:
    """`owner[index] = item`."""
    if owner == External("keras.saving.get_custom_objects()"):
        keys = (index.value,) if isinstance(index, Const) else ()
        machine.registered.append(new_container(machine, node, Kind.DICT, (), keys=keys, complete=bool(keys)))
        return
    if not isinstance(owner, Ref) or not machine.world.state(owner.id).kind.is_container:
        machine.world.escape(item)
        machine.world.escape(owner)
        return
    state = machine.world.state(owner.id)
    if state.kind is Kind.DICT and isinstance(index, Const):
        kept = [(k, v) for k, v in zip(state.keys, state.items, strict=False) if k != index.value]
        keys = (*(k for k, _ in kept), index.value)
        machine.world.update(owner.id, keys=keys, items=(*(v for _, v in kept), item))
    else:
        machine.world.update(owner.id, items=(*state.items, item), complete=False)


def _affix(value: Const | Text, name: str, values: list[Value]) -> Const | None:
    """What `endswith` or `startswith` says of a text of which enough is known."""
    match values:
        case [Const(str(affix))] if name in ("endswith", "startswith"):
            if isinstance(value, Const):
                return Const(getattr(str(value.value), name)(affix))
            known = known_suffix(value)
            if name == "endswith" and known is not None and len(known) >= len(affix):
                return Const(known.endswith(affix))
    return None


def call_string(
    machine: Machine, value: Const | Text, name: str, arguments: Arguments, node: ast.AST
) -> Value:
    """A method of a string or path."""
    values = [argument.value for argument in arguments.positional]
    if name == "format" and isinstance(value, Const):
        if not arguments.complete:
            return machine.unknown(node)
        named = {name: argument.value for name, argument in arguments.bound.items() if argument.keyword}
        return format_braces(value.value, values, named)
    found = _affix(value, name, values) or path_method(value, name, values)
    return machine.unknown(node) if found is None or found == UNKNOWN else found
