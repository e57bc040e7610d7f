"""Statements: how paths part and meet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from kerasast.flow import calls, contexts, loops
from kerasast.flow.attributes import delete_attribute
from kerasast.flow.containers import element_of, extend_list, truth_of
from kerasast.flow.machine import Attempt, Machine, Snapshot
from kerasast.flow.operators import binary
from kerasast.flow.scopes import make_class, symbol_value
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    FunctionValue,
    Kind,
    Ref,
    Value,
)
from kerasast.flow.world import captured
from kerasast.walking import walk

FOREIGN = 3
"""What a statement of another module costs: what it does for this file it does for every other that leads to it."""


def run_block(machine: Machine, statements: Sequence[ast.stmt]) -> None:
    """Walk statements in order until their path ends."""
    cost = FOREIGN if machine.frame.foreign else 1
    for statement in statements:
        if not machine.alive:
            return
        machine.budget -= cost
        _HANDLERS[type(statement)](machine, statement)


def _expression(machine: Machine, node: ast.Expr) -> None:
    machine.evaluate(node.value)


def _assign(machine: Machine, node: ast.Assign) -> None:
    value = machine.evaluate(node.value)
    for target in node.targets:
        calls.assign(machine, target, value)


def _annotated(machine: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        calls.assign(machine, node.target, machine.evaluate(node.value))


def _augmented(machine: Machine, node: ast.AugAssign) -> None:
    target = node.target
    left = machine.evaluate(target)
    right = machine.evaluate(node.value)
    state = machine.world.state_of(left)
    if (
        isinstance(left, Ref)
        and state is not None
        and state.kind is Kind.LIST
        and isinstance(node.op, ast.Add)
    ):
        extend_list(machine, left, right)
        return
    calls.assign(machine, target, binary(machine, node, left, right))


def _return(machine: Machine, node: ast.Return) -> None:
    value = Const(None) if node.value is None else machine.evaluate(node.value)
    machine.frame.returns.append((value, machine.snapshot()))
    machine.note_exit()
    machine.alive = False


def _raise(machine: Machine, node: ast.Raise) -> None:
    if node.exc is not None:
        machine.evaluate(node.exc)
    machine.note_exit()
    machine.alive = False


def _break(machine: Machine, node: ast.Break) -> None:
    if machine.frame.loops:
        machine.frame.loops[-1].breaks.append(machine.snapshot())
    machine.note_exit()
    machine.alive = False


def _continue(machine: Machine, node: ast.Continue) -> None:
    if machine.frame.loops:
        machine.frame.loops[-1].continues.append(machine.snapshot())
    machine.note_exit()
    machine.alive = False


def _pass(machine: Machine, node: ast.stmt) -> None:
    pass


def _assert(machine: Machine, node: ast.Assert) -> None:
    machine.evaluate(node.test)


def _delete(machine: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            machine.frame.scope.home(target.id).names[target.id] = UNKNOWN
        elif isinstance(target, ast.Attribute):
            delete_attribute(machine, machine.evaluate(target.value), target.attr)
        elif isinstance(target, ast.Subscript):
            element_of(machine, machine.evaluate(target.value))


def _global(machine: Machine, node: ast.Global) -> None:
    machine.frame.scope.globals |= frozenset(node.names)


def _nonlocal(machine: Machine, node: ast.Nonlocal) -> None:
    machine.frame.scope.nonlocals |= frozenset(node.names)


# Definitions and imports.


def _function(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    scope = machine.frame.scope
    function: Value = FunctionValue(node, scope, None)
    machine.defined[node] = FunctionValue(node, scope, None)
    for decorator in reversed(node.decorator_list):
        function = calls.decorate(machine, decorator, function)
    scope.home(node.name).names[node.name] = function


def _class(machine: Machine, node: ast.ClassDef) -> None:
    scope = machine.frame.scope
    cls = make_class(node, scope)
    machine.defined[node] = cls
    for decorator in node.decorator_list:
        calls.note_decorator(machine, decorator)
    for statement in node.body:  # The rest of a class's body is not walked.
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            machine.escape(captured(statement, scope))
    scope.home(node.name).names[node.name] = cls


def _import(machine: Machine, node: ast.Import) -> None:
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        _bind_import(machine, bound, alias.name if alias.asname else bound, 0)


def _import_from(machine: Machine, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":
            dotted = f"{node.module}.{alias.name}" if node.module else alias.name
            _bind_import(machine, alias.asname or alias.name, dotted, node.level)


def _bind_import(machine: Machine, bound: str, dotted: str, level: int) -> None:
    """Bind an imported name. In a branch at the top level the index knows better: it weighs all of them."""
    scope = machine.frame.scope
    if scope is scope.module and machine.frame.conditional:
        scope.names.pop(bound, None)
        return
    symbol = machine.project.imported(scope.module.name, dotted, level)
    scope.names[bound] = UNKNOWN if symbol is None else symbol_value(symbol, machine.project)


# Branches.


def _if(machine: Machine, node: ast.If) -> None:
    truth = True if _is_main_guard(node.test) else truth_of(machine.evaluate(node.test))
    if truth is not None:
        machine.run_block(node.body if truth else node.orelse)
        return
    before = machine.snapshot()
    machine.frame.conditional += 1
    machine.run_block(node.body)
    exits = machine.current()
    machine.restore(before)
    machine.run_block(node.orelse)
    machine.frame.conditional -= 1
    machine.merge([*exits, *machine.current()])


def _is_main_guard(test: ast.expr) -> bool:
    match test:
        case ast.Compare(
            left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]
        ):
            return True
    return False


def _match(machine: Machine, node: ast.Match) -> None:
    subject = machine.evaluate(node.subject)
    machine.frame.conditional += 1
    before = machine.snapshot()
    exits: list[Snapshot] = []
    exhaustive = False
    for case in node.cases:
        machine.restore(before)
        _capture(machine, case.pattern, subject)
        if case.guard is not None:
            machine.evaluate(case.guard)
        machine.run_block(case.body)
        exits.extend(machine.current())
        exhaustive = exhaustive or (case.guard is None and _is_irrefutable(case.pattern))
    machine.frame.conditional -= 1
    machine.merge(exits if exhaustive else [before, *exits])


def _capture(machine: Machine, pattern: ast.pattern, subject: Value) -> None:
    """Bind the names of a pattern: one for the whole subject is another name for it, others are unknown."""
    whole = pattern if isinstance(pattern, ast.MatchAs) else None
    for inner in walk(pattern):
        name = getattr(inner, "name", None) or getattr(inner, "rest", None)
        if not isinstance(name, str):
            continue
        if inner is not whole:
            machine.world.escape(subject)
        machine.frame.scope.home(name).names[name] = subject if inner is whole else UNKNOWN


def _is_irrefutable(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _try(machine: Machine, node: ast.Try) -> None:
    machine.frame.conditional += 1
    leaving = _Leaving(machine)
    raised = _attempt(machine, node)
    if machine.alive:
        machine.run_block(node.orelse)
    exits = machine.current()
    for handler in node.handlers:
        machine.merge(raised)
        if handler.name:
            machine.frame.scope.home(handler.name).names[handler.name] = UNKNOWN
        machine.run_block(handler.body)
        exits.extend(machine.current())
    machine.frame.conditional -= 1
    if node.finalbody:
        leaving.finish(node.finalbody, raised if not exits else ())
    machine.merge(exits)
    if machine.alive:
        machine.run_block(node.finalbody)


def _attempt(machine: Machine, node: ast.Try) -> list[Snapshot]:
    """Walk the body of a `try`; what may be when an exception leaves it."""
    raised = [machine.snapshot()]
    machine.attempts.append(Attempt(machine.frame, raised))
    for statement in node.body:
        if not machine.alive:
            break
        machine.run_block([statement])
        raised.extend(machine.current())
    machine.attempts.pop()
    return raised


class _Leaving:
    """The ways out of a `try` other than its end: `return`, `break` and `continue`, which run `finally` too."""

    def __init__(self, machine: Machine) -> None:
        frame = machine.frame
        loop = frame.loops[-1:]
        self.machine = machine
        self.returns = len(frame.returns)
        self.exits = [(part, len(part)) for item in loop for part in (item.breaks, item.continues)]

    def finish(self, body: Sequence[ast.stmt], raised: Sequence[Snapshot]) -> None:
        """Walk the `finally` for each of them, and once for the exceptions if nothing else comes to its end."""
        machine = self.machine
        if raised:
            machine.merge(raised)
            machine.run_block(body)
        machine.muted += 1
        returns = machine.frame.returns
        for index in range(self.returns, len(returns)):
            value, snapshot = returns[index]
            returns[index] = value, self._after(body, snapshot)
        for part, start in self.exits:
            part[start:] = [self._after(body, snapshot) for snapshot in part[start:]]
        machine.muted -= 1

    def _after(self, body: Sequence[ast.stmt], snapshot: Snapshot) -> Snapshot:
        self.machine.restore(snapshot)
        self.machine.run_block(body)
        return self.machine.snapshot()


_HANDLERS: dict[type[ast.stmt], Callable[[Machine, Any], None]] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _assert,
    ast.Assign: _assign,
    ast.AsyncFor: loops.run_for,
    ast.AsyncFunctionDef: _function,
    ast.AsyncWith: contexts.run_with,
    ast.AugAssign: _augmented,
    ast.Break: _break,
    ast.ClassDef: _class,
    ast.Continue: _continue,
    ast.Delete: _delete,
    ast.Expr: _expression,
    ast.For: loops.run_for,
    ast.FunctionDef: _function,
    ast.Global: _global,
    ast.If: _if,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Match: _match,
    ast.Nonlocal: _nonlocal,
    ast.Pass: _pass,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Try: _try,
    ast.While: loops.run_while,
    ast.With: contexts.run_with,
}
for _name in ("TryStar", "TypeAlias"):
    if hasattr(ast, _name):
        _HANDLERS[getattr(ast, _name)] = _try if _name == "TryStar" else _pass
