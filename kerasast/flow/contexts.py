"""`with`: what entering, leaving and being inside a context does."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from kerasast.flow import calls
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import Arguments
from kerasast.flow.events import With
from kerasast.flow.machine import Attempt, Machine
from kerasast.flow.values import Ref, Value


def run_with(machine: Machine, node: ast.With | ast.AsyncWith) -> None:
    """Walk a `with` statement."""
    entered = 0
    managers = []
    expects = False
    for item in node.items:
        value = machine.evaluate(item.context_expr)
        expects = expects or _expects_exception(item.context_expr)
        managers.append(value)
        if item.optional_vars is not None:
            calls.assign(machine, item.optional_vars, _enter(machine, value, node))
        else:
            _enter(machine, value, node)
        if _is_custom_object_scope(machine, value):
            machine.custom_scopes.append(value)
            entered += 1
    machine.frame.withs.extend(With(machine.world.latest, node, value) for value in managers)
    if expects:
        _run_expecting(machine, node.body)
    else:
        machine.run_block(node.body)
    del machine.frame.withs[-len(managers) :]
    if machine.alive:
        for value in reversed(managers):
            _leave(machine, value, node)
    if entered:
        del machine.custom_scopes[-entered:]


_EXPECTING = frozenset({"raises", "suppress", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp"})


def _expects_exception(node: ast.expr) -> bool:
    """`pytest.raises(…)`, `self.assertRaises(…)`, `contextlib.suppress(…)`: the block may fail, on purpose."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _EXPECTING


def _run_expecting(machine: Machine, body: Sequence[ast.stmt]) -> None:
    """Walk, without telling, a block that an exception may leave anywhere."""
    raised = [machine.snapshot()]
    machine.muted += 1
    machine.attempts.append(Attempt(machine.frame, raised))
    for statement in body:
        if not machine.alive:
            break
        machine.run_block([statement])
        raised.extend(machine.current())
    machine.attempts.pop()
    machine.muted -= 1
    machine.merge(raised)


def _enter(machine: Machine, manager: Value, node: ast.AST) -> Value:
    """What `with manager as …` gives: for an object of the project what its `__enter__` returns."""
    return _call_special(machine, manager, ("__enter__", "__aenter__"), node) or manager


def _leave(machine: Machine, manager: Value, node: ast.AST) -> None:
    """What leaving `with manager` does."""
    _call_special(machine, manager, ("__exit__", "__aexit__"), node)


def _call_special(machine: Machine, receiver: Value, names: tuple[str, ...], node: ast.AST) -> Value | None:
    state = machine.world.state_of(receiver)
    if not isinstance(receiver, Ref) or state is None or state.cls is None:
        return None
    lineage = ancestry(state.cls, machine.version)
    function = next((found for name in names if (found := lineage.method(name)) is not None), None)
    if function is None:
        return None
    return machine.call_function(function, Arguments(complete=False), node, receiver)


def _is_custom_object_scope(machine: Machine, value: Value) -> bool:
    """Whether a context manager is Keras's `custom_object_scope`."""
    state = machine.world.state_of(value)
    return state is not None and state.api == "keras.saving.custom_object_scope"
