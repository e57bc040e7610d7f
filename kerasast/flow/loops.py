"""Loops: the body is walked until nothing new can come of it.

A short list of known items is gone through item by item. Any other loop is walked once; if that changes what holds
at its head, what was told is taken back, and the body is walked again from what may hold there.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from kerasast.flow import calls
from kerasast.flow.containers import MAX_UNROLL, element_of, iterated, truth_of
from kerasast.flow.events import Loop
from kerasast.flow.machine import LoopExits, Machine, Snapshot
from kerasast.flow.names import names_bound
from kerasast.flow.optimizers import keep_bound
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    External,
    LayersOf,
    ObjectId,
    ObjectState,
    Tensor,
    Text,
    Unknown,
    Value,
)
from kerasast.flow.world import States


def run_for(machine: Machine, node: ast.For | ast.AsyncFor) -> None:
    iterable = machine.evaluate(node.iter)
    items = iterated(machine, iterable)
    if items is not None and 0 < len(items) <= MAX_UNROLL and machine.budget > 0:
        _unroll(machine, node, iterable, items)
    else:
        at_least_once = isinstance(iterable, LayersOf)
        if at_least_once and isinstance(node.target, ast.Name):
            # What the name meant before is gone; meeting it at the head of the loop would make both escape.
            machine.frame.scope.home(node.target.id).names.pop(node.target.id, None)
        _repeat(
            machine,
            _loop(machine, node, iterable),
            lambda: calls.assign(machine, node.target, element_of(machine, iterable)),
            at_least_once,
        )


def _loop(machine: Machine, node: ast.For | ast.AsyncFor | ast.While, iterable: Value) -> Loop:
    return Loop(machine.world.latest, node, iterable)


def _unroll(
    machine: Machine, node: ast.For | ast.AsyncFor, iterable: Value, items: tuple[Value, ...]
) -> None:
    exits = LoopExits(_loop(machine, node, iterable))
    machine.frame.loops.append(exits)
    for item in items:
        if not machine.alive:
            break
        calls.assign(machine, node.target, item)
        exits.continues.clear()
        machine.run_block(node.body)
        machine.merge([*machine.current(), *exits.continues])
    machine.frame.loops.pop()
    if machine.alive:
        machine.run_block(node.orelse)
    machine.merge([*machine.current(), *exits.breaks])


def run_while(machine: Machine, node: ast.While) -> None:
    truth = truth_of(machine.evaluate(node.test))
    if truth is False:
        machine.run_block(node.orelse)
        return
    forever = isinstance(node.test, ast.Constant) and truth is True
    loop = _loop(machine, node, UNKNOWN)
    _repeat(machine, loop, lambda: machine.evaluate(node.test), forever, forever=forever)


def _repeat(
    machine: Machine,
    loop: Loop,
    enter: Callable[[], object],
    at_least_once: bool,
    *,
    forever: bool = False,
) -> None:
    """Walk the body of a loop that runs any number of times."""
    _widen(machine, loop.node)
    before = machine.snapshot()
    machine.frame.conditional += 1
    exits, breaks = _settle(machine, before, lambda: _iterate(machine, loop, enter))
    machine.frame.conditional -= 1
    if forever:
        machine.merge(breaks)
        return
    machine.merge(exits if at_least_once and exits else [before, *exits])
    machine.run_block(loop.node.orelse)
    machine.merge([*machine.current(), *breaks])


Exits = tuple[list[Snapshot], list[Snapshot]]


def _settle(machine: Machine, before: Snapshot, iterate: Callable[[], Exits]) -> Exits:
    """Walk an iteration once, or again if that changes what holds before it.

    While an iteration of a loop around this one is being tried, this one is walked once: should that not do, both
    are walked again.
    """
    mark = machine.mark()
    outermost = not (machine.muted or machine.trying)
    if outermost:
        machine.trying, machine.unsettled = True, False
    found = iterate()
    if not machine.muted:
        machine.unsettled = machine.unsettled or _changes_head(machine, before, mark.latest, found[0])
    if outermost:
        machine.trying = False
        if machine.unsettled:
            machine.take_back(mark)
            machine.merge([before, *found[0]])
            keep_bound(machine, found[0])
            return iterate()
    return found


_PLAIN = (Unknown, Const, Text, External, Tensor)
"""Values of which it matters little which one a name has at the head of a loop."""


def _changes_head(machine: Machine, before: Snapshot, latest: ObjectId, exits: list[Snapshot]) -> bool:
    """Whether another iteration may go otherwise: an object that there was, or what a name meant, is not the same."""
    return any(
        _differs(before.states, after.states, latest)
        or any(
            _rebinds(names, later, machine.frame.unbound)
            for (_, names), (_, later) in zip(before.names, after.names, strict=True)
        )
        for after in exits
    )


def _differs(before: States, after: States, latest: ObjectId) -> bool:
    if before is after:
        return False
    for target, state in after.items():
        if target <= latest:
            earlier = before.get(target)
            if earlier is not state and (earlier is None or not _is_alike(earlier, state)):
                return True
    return False


def _is_alike(earlier: ObjectState, later: ObjectState) -> bool:
    """Whether two states differ in nothing but their stories, and a container in nothing but plain items."""
    ignored = {"trace"}
    if later.kind.is_container and all(isinstance(item, _PLAIN) for item in (*earlier.items, *later.items)):
        ignored |= {"items", "complete", "keys"}
    return all(
        value is later.__dict__[name] or name in ignored or value == later.__dict__[name]
        for name, value in earlier.__dict__.items()
    )


def _rebinds(before: dict[str, Value], after: dict[str, Value], unbound: set[str]) -> bool:
    """Whether a name that is read before it is bound means another object after an iteration."""
    for name, value in after.items():
        earlier = before.get(name)
        if earlier is value or (
            isinstance(value, _PLAIN) and (earlier is None or isinstance(earlier, _PLAIN))
        ):
            continue
        if earlier != value and (earlier is not None or name in unbound):
            return True
    return False


def _iterate(machine: Machine, loop: Loop, enter: Callable[[], object]) -> Exits:
    """The snapshots after one iteration, and at its breaks."""
    exits = LoopExits(loop)
    machine.frame.loops.append(exits)
    enter()
    machine.run_block(loop.node.body)
    machine.frame.loops.pop()
    return [*machine.current(), *exits.continues], exits.breaks


def _widen(machine: Machine, node: ast.AST) -> None:
    """Forget the constants of names that the loop assigns: they hold for its first iteration only."""
    scope = machine.frame.scope
    for name in names_bound(node):
        home = scope.home(name)
        if isinstance(home.names.get(name), Const):
            home.names[name] = UNKNOWN
