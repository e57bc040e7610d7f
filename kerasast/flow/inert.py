"""Functions that have to do with no object: once this was seen, calls with plain arguments are not followed.

Most helper functions of a project compute sizes, parse options or write logs. Walking them at every call costs as
much as walking the code that builds a model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.leads import leads_anywhere
from kerasast.flow.machine import Machine, Verdict
from kerasast.flow.parameters import parameters
from kerasast.flow.returns import may_return_known
from kerasast.flow.values import (
    ApiValue,
    Const,
    External,
    FunctionValue,
    Generator,
    ModuleValue,
    Text,
    Unknown,
    Value,
)
from kerasast.flow.world import is_untouched

ENOUGH = 2
"""Calls of a function of this module that must have been followed, and have done nothing, before the others are not."""

SMALL = 8
"""Lines of a function that is followed at any call: it costs little, and may give a constant."""

ALONE = 300
"""Statements that are followed to learn whether a function of another module does anything."""

Follow = Callable[[Arguments], Value]

_PLAIN = (ApiValue, Const, External, Generator, ModuleValue, Text, Unknown)


def is_inert(machine: Machine, function: FunctionValue, follow: Follow) -> bool:
    """Whether a call with plain arguments gives nothing that is known, and does nothing to any object.

    Of a function of this module its first calls tell. Of one of another module, one call tells for the whole
    project, with arguments of which nothing is known: it must not matter which file is analysed first.
    """
    node = function.node
    if not machine.recalls or isinstance(node, ast.Lambda):
        return False
    at_top = function.scope is function.scope.module
    if function.scope.module is machine.module:
        if node not in machine.inert:
            machine.inert[node] = ENOUGH if at_top and _is_nothing(machine, function) else 0
        return machine.inert[node] >= ENOUGH
    if not at_top:
        return False
    known = machine.shared_inert.get(node)
    if known is None:
        machine.shared_inert[node] = Verdict(False)  # as calls of itself see it
        outer, machine.followed = machine.followed, {function.scope.module.name}
        idle = _is_nothing(machine, function) or (
            (node.end_lineno or 0) - node.lineno >= SMALL
            and machine.apart(ALONE, lambda: _does_nothing(machine, lambda: follow(_anything(function)))[0])
        )
        known = machine.shared_inert[node] = Verdict(idle, frozenset(machine.followed))
        machine.followed = outer
    machine.followed |= known.followed
    return known.holds


def _is_nothing(machine: Machine, function: FunctionValue) -> bool:
    """Whether it is told by the names in a function alone that calls of it do nothing and give nothing known."""
    return not leads_anywhere(machine, function) and not may_return_known(function)


def observed(machine: Machine, function: FunctionValue, arguments: Arguments, follow: Follow) -> Value:
    """The value of following a call with plain arguments; whether it does nothing is noted for later ones.

    Only outside of a silent walk, in which events are not told.
    """
    seen = machine.inert.get(function.node, 0)
    if machine.muted or seen < 0 or function.scope.module is not machine.module:
        return follow(arguments)
    idle, value = _does_nothing(machine, lambda: follow(arguments))
    machine.inert[function.node] = seen + 1 if idle else -1
    return value


def _does_nothing(machine: Machine, follow: Callable[[], Value]) -> tuple[bool, Value]:
    """Whether what is followed tells of nothing, reads and changes no object, and gives nothing that is known.

    With it comes what it gave.
    """
    states, told = machine.world.share(), machine.told
    reads_before, machine.reads_objects = machine.reads_objects, False
    value = follow()
    reads, machine.reads_objects = machine.reads_objects, machine.reads_objects or reads_before
    idle = (
        not reads
        and told == machine.told
        and machine.budget > 0
        and (value == Const(None) or (isinstance(value, Unknown) and value.origin >= 0))
        and is_untouched(states, machine.world.states)
    )
    return idle, value


def _anything(function: FunctionValue) -> Arguments:
    """Arguments for every parameter, each an unknown that no expression is."""
    names = [parameter.arg for parameter in parameters(function)]
    bound = {
        name: Argument(function.node, Unknown(-1 - index), keyword=True) for index, name in enumerate(names)
    }
    return Arguments(bound, complete=False)


def is_plain(machine: Machine, arguments: Arguments) -> bool:
    """Whether no argument is an object of Keras's or the project's, or a container that is known to hold one."""
    given = (*arguments.positional, *arguments.bound.values())
    return all(machine.world.consists(argument.value, _is_no_object) for argument in given)


def _is_no_object(value: Value) -> bool:
    return isinstance(value, _PLAIN)
