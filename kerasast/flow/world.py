"""The world: the state of every object at one point of the program, and what remains of it where paths meet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from itertools import compress
from operator import is_not
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kerasast.flow.names import names_read
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    BoundMethod,
    ClassValue,
    Const,
    External,
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

if TYPE_CHECKING:
    from kerasast.flow.scopes import Scope

MAX_TRACE = 8
"""Steps kept in a story; the first (where the object was created) and the latest ones stay."""

MAX_NESTING = 4
"""Containers inside one another that are looked into for objects."""

States = dict[ObjectId, ObjectState]

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")

INERT = frozenset(
    {
        ApiValue,
        ClassValue,
        Const,
        External,
        Generator,
        LogNames,
        ModuleValue,
        Tensor,
        Text,
        Unknown,
        WeightsOf,
    }
)
"""Values that lead to no object that could be changed through them: `World.escape` has nothing to let go of."""

_LOST = ObjectState(Kind.INSTANCE, escaped=True)
"""The state of an object that was made on a path which has ended, but is still named somewhere."""


class WorldView(Protocol):
    """What rules may ask about the world at the moment of an event."""

    def state(self, target: ObjectId) -> ObjectState:
        """The state of an object."""
        ...

    def state_of(self, value: Value | None) -> ObjectState | None:
        """The state of the object that a value points to, if it points to one."""
        ...

    def contents(self, target: ObjectId) -> Iterator[ObjectId]:
        """The layers and models inside an object, at any depth, without itself."""
        ...

    def owners(self, target: ObjectId) -> Iterator[ObjectId]:
        """The models that hold an object, at any depth, without itself."""
        ...

    def items(self, value: Value | None) -> tuple[Value, ...] | None:
        """The items of a list, tuple, set or dict (its values); `None` where not all are known."""
        ...


class World:
    """The states of all objects. Copying is shallow: states are immutable.

    `states` are those that the code being walked can have changed; the others are in the archive, which paths share.
    """

    def __init__(self) -> None:
        self.states: States = {}
        self._archive: States = {}
        self._next = 0
        self._shared = False

    def share(self) -> States:
        """The states as they are; they are copied before they change."""
        self._shared = True
        return self.states

    def resume(self, states: States) -> None:
        """Go on from shared states."""
        self.states = states
        self._shared = True

    def put(self, target: ObjectId, state: ObjectState) -> None:
        """Set the state of an object."""
        if self._shared:
            self.states = dict(self.states)
            self._shared = False
        self.states[target] = state

    def archive(self) -> None:
        """Begin with code that may run at any time: of all objects so far, nothing is certain any more."""
        for target, state in self.states.items():
            self._archive[target] = state if state.escaped else state.evolve(escaped=True)
        self.states = {}
        self._shared = False

    def archived(self, target: ObjectId) -> ObjectState | None:
        """The state of an object in the archive, where it stays until a path changes it."""
        return self._archive.get(target)

    @property
    def latest(self) -> ObjectId:
        """The identity of the object created last; later ones have greater ones."""
        return ObjectId(self._next)

    def create(self, state: ObjectState) -> Ref:
        """Add an object and return the reference to it."""
        self._next += 1
        target = ObjectId(self._next)
        self.put(target, state)
        return Ref(target)

    def state(self, target: ObjectId) -> ObjectState:
        state = self.states.get(target)
        return self._archive.get(target, _LOST) if state is None else state

    def state_of(self, value: Value | None) -> ObjectState | None:
        match value:
            case Ref(target) | WeightsOf(owner=target) | LayersOf(owner=target) | LogNames(owner=target):
                return self.state(target)
        return None

    def update(self, target: ObjectId, **changes: Any) -> ObjectState:
        """Replace fields of an object's state; returns the new state."""
        state = self.state(target).evolve(**changes)
        self.put(target, state)
        return state

    def contents(self, target: ObjectId) -> Iterator[ObjectId]:
        seen = {target}
        stack = list(self.state(target).contents)
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                yield item
                stack.extend(self.state(item).contents)

    def owners(self, target: ObjectId) -> Iterator[ObjectId]:
        for candidate, state in self.states.items():
            if candidate != target and state.contents and target in set(self.contents(candidate)):
                yield candidate

    def note_meeting(self, left: ObjectId, right: ObjectId, into: ObjectId) -> None:
        """One object will stand for whichever of two it is."""

    def items(self, value: Value | None) -> tuple[Value, ...] | None:
        match value:
            case TupleValue(items):
                return items
            case Ref(target):
                state = self.state(target)
                if state.kind.is_container and state.complete and not state.escaped:
                    return state.items
        return None

    def escape(self, value: Value) -> None:
        """`value` reaches code that is not followed: nothing is certain any more about what it leads to."""
        if value.__class__ in INERT:  # most are, so they are let through first
            return
        stack = [value]
        seen: set[ObjectId] = set()
        functions: set[ast.AST] = set()
        while stack:
            match stack.pop():
                case Ref(target) | LayersOf(owner=target):
                    if target in seen:
                        continue
                    seen.add(target)
                    state = self.state(target)
                    if not state.escaped:
                        self.put(target, state.evolve(escaped=True))
                    stack.extend(Ref(item) for item in state.contents)
                    stack.extend(state.attributes.values())
                    stack.extend(state.items)
                case TupleValue(items):
                    stack.extend(items)
                case FunctionValue(node=node) as function if node not in functions:
                    functions.add(node)
                    if self._binds_objects(function.scope):
                        stack.extend(captured(node, function.scope))
                case BoundMethod(receiver=receiver) | SuperValue(receiver=receiver):
                    stack.append(receiver)
                case Partial(function=called, args=args, keywords=keywords):
                    stack.extend((called, *args, *(item for _, item in keywords)))

    def _binds_objects(self, scope: Scope | None) -> bool:
        """Whether a scope, or one around it, binds a name to an object other than a container of constants."""
        while scope is not None:
            for value in scope.names.values():
                if type(value) not in INERT and not self.consists(value, partial(_leads_nowhere, scope)):
                    return True
            scope = scope.parent
        return False

    def consists(self, value: Value, of: Callable[[Value], bool], depth: int = 0) -> bool:
        """Whether a value is of a kind, or a tuple or container that is known to hold nothing else."""
        match value:
            case TupleValue(items):
                pass
            case Ref(target) if self.state(target).kind.is_container:
                items = self.state(target).items
            case _:
                return of(value)
        return depth < MAX_NESTING and all(self.consists(item, of, depth + 1) for item in items)


def _leads_nowhere(scope: Scope, value: Value) -> bool:
    """Whether no object can be reached by what a name of a scope is bound to."""
    if isinstance(value, FunctionValue):
        return value.scope in (scope, value.scope.module)
    return type(value) in INERT


class Join:
    """One meeting of two paths: `left` and `right` are the states on each; the world is left as it is after it."""

    def __init__(self, world: World, left: States, right: States) -> None:
        self._world = world
        self._left = left
        self._right = right
        self._merged: dict[tuple[ObjectId, ObjectId], Ref] = {}
        world.resume(left)
        if left is right:
            return
        changed: list[tuple[ObjectId, ObjectState, ObjectState]] = []
        for target in differing(right, left):
            state = right[target]
            other = left.get(target) or world.archived(target)
            if other is None:
                world.put(target, state)
            elif other is not state:
                changed.append((target, other, state))
        changed.extend(
            (target, left[target], other)
            for target in _missing(left, right)
            if (other := world.archived(target)) is not None
        )
        for target, other, state in changed:
            joined = self._join_states(other, state)
            # Joining another object, which leads to this one, may have let go of it.
            if world.state(target).escaped and not joined.escaped:
                joined = joined.evolve(escaped=True)
            world.put(target, joined)

    def value(self, left: Value, right: Value) -> Value:
        """What a name that is `left` on one path and `right` on the other is after them."""
        if left == right:
            return left
        match left, right:
            case Ref(), Const(None):
                return left  # Whoever uses it without a test for None means the object.
            case Const(None), Ref():
                return right
            case Ref(a), Ref(b):
                return self._merge(a, b)
            case Tensor(s1, l1, c1), Tensor(s2, l2, c2):
                return Tensor(s1.join(s2), tuple(dict.fromkeys(l1 + l2)), c1 and c2)
            case TupleValue(a_items), TupleValue(b_items) if len(a_items) == len(b_items):
                return TupleValue(tuple(map(self.value, a_items, b_items)))
        self._world.escape(left)
        self._world.escape(right)
        return UNKNOWN

    def _merge(self, left: ObjectId, right: ObjectId) -> Ref:
        """One object that stands for whichever of two it is; the two themselves are not followed further."""
        merged = self._merged.get((left, right))
        if merged is None:
            states = self._left.get(left), self._right.get(right)
            first = states[0] if states[0] is not None else self._world.state(left)
            second = states[1] if states[1] is not None else self._world.state(right)
            merged = self._merged[left, right] = self._world.create(first)
            self._world.put(merged.id, self._join_states(first, second))
            self._world.note_meeting(left, right, merged.id)
            for target in (left, right):
                self._world.update(target, escaped=True)
        return merged

    def _join_states(self, a: ObjectState, b: ObjectState) -> ObjectState:
        same_contents = a.contents == b.contents
        items, items_complete = self._join_items(a, b)
        return ObjectState(
            kind=_join_kinds(a.kind, b.kind),
            api=a.api if a.api == b.api else None,
            cls=a.cls if a.cls == b.cls else None,
            created=a.created,
            built=a.built.join(b.built),
            compiled=a.compiled.join(b.compiled),
            has_loss=a.has_loss.join(b.has_loss),
            trained=a.trained.join(b.trained),
            learned=a.learned.join(b.learned),
            bare=a.bare and b.bare,
            adapted=a.adapted.join(b.adapted),
            trainable=a.trainable.join(b.trainable),
            layers_trainable=a.layers_trainable.join(b.layers_trainable),
            fixed=a.fixed if a.fixed == b.fixed else {},
            frozen_late=a.frozen_late and b.frozen_late,
            hdf5=a.hdf5 if a.hdf5 == b.hdf5 else {},
            restored=a.restored and b.restored,
            past_best=a.past_best and b.past_best,
            policy=a.policy if a.policy == b.policy else None,
            graph_call=a.graph_call if a.graph_call == b.graph_call else None,
            escaped=a.escaped or b.escaped,
            contents=a.contents if same_contents else tuple(dict.fromkeys(a.contents + b.contents)),
            complete=a.complete and b.complete and same_contents and items_complete and a.keys == b.keys,
            arguments=self._join_values(a.arguments, b.arguments),
            arguments_complete=a.arguments_complete and b.arguments_complete,
            compile_arguments=self._join_values(a.compile_arguments, b.compile_arguments),
            compile_complete=a.compile_complete and b.compile_complete,
            attributes=self._join_attributes(a, b),
            items=items,
            keys=a.keys if a.keys == b.keys else (),
            trace=a.trace if len(a.trace) >= len(b.trace) else b.trace,
            foreign=a.foreign,
        )

    def _join_items(self, a: ObjectState, b: ObjectState) -> tuple[tuple[Value, ...], bool]:
        if a.items is b.items or a.items == b.items:
            return a.items, True
        if len(a.items) == len(b.items):
            return tuple(map(self.value, a.items, b.items)), True
        return tuple(dict.fromkeys(a.items + b.items)), False

    def _join_attributes(self, a: ObjectState, b: ObjectState) -> dict[str, Value]:
        """The attributes of an object that has different ones on two paths.

        Where others can reach it, an attribute that is `None` on one of them may have any value there.
        """
        joined = self._join_values(a.attributes, b.attributes)
        if joined is a.attributes:
            return joined
        for name in joined:
            first, second = a.attributes.get(name), b.attributes.get(name)
            lost = first is None or second is None
            if (a.escaped or b.escaped) and isinstance(joined[name], Ref):
                lost = lost or Const(None) in (first, second)
            if lost:
                for value in (first, second):
                    self._world.escape(value or UNKNOWN)
                joined[name] = UNKNOWN
        return joined

    def _join_values(self, a: dict[str, Value], b: dict[str, Value]) -> dict[str, Value]:
        if a is b or a == b:
            return a
        return {
            key: self.value(a[key], b[key]) if key in a and key in b else UNKNOWN
            for key in dict.fromkeys([*a, *b])
        }


def is_untouched(before: States, after: States) -> bool:
    """Whether all objects that there were are in the same states."""
    return before is after or next(differing(before, after), None) is None


def new_states(before: States, after: States, latest: ObjectId) -> States:
    """The objects that were made since one was the latest, in the order in which they were."""
    added = [] if before is after else after.keys() - before.keys()
    return {target: after[target] for target in sorted(added) if target > latest}


def differing(some: dict[_Key, _Item], others: dict[_Key, _Item]) -> Iterator[_Key]:
    """The keys of which the others do not have the very same, without a loop in Python: objects, or names."""
    return compress(some, map(is_not, some.values(), map(others.get, some)))


def _missing(states: States, others: States) -> list[ObjectId]:
    """The objects of some states that the others have none of."""
    if states.keys() <= others.keys():
        return []
    return [target for target in states if target not in others]


def _join_kinds(a: Kind, b: Kind) -> Kind:
    if a is b:
        return a
    if a.is_model and b.is_model:
        return Kind.MODEL
    if a.has_weights and b.has_weights:
        return Kind.LAYER
    return Kind.INSTANCE


def captured(node: ast.AST, around: Scope) -> Iterator[Value]:
    """What the names mean that code reads from the scopes around it, as far as these have bound them."""
    for name in names_read(node):
        scope: Scope | None = around
        while scope is not None:
            value = scope.names.get(name)
            if value is not None:
                yield value
                break
            scope = scope.parent


def extend_trace(state: ObjectState, step: Any) -> tuple[Any, ...]:
    """The story of `state` with one more step; a repeated step is not told twice."""
    if step in state.trace:
        return state.trace
    trace = (*state.trace, step)
    return trace if len(trace) <= MAX_TRACE else (trace[0], *trace[-(MAX_TRACE - 1) :])


def tri_and(values: Iterator[Tri]) -> Tri:
    """`YES` if all are, `NO` if one is, else `MAYBE`; `YES` for none."""
    result = Tri.YES
    for value in values:
        if value is Tri.NO:
            return Tri.NO
        if value is Tri.MAYBE:
            result = Tri.MAYBE
    return result
