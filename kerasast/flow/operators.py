"""Operators: arithmetic on constants, joined texts and lists, comparisons."""

from __future__ import annotations

import ast
from typing import Any

from kerasast.flow.containers import (
    MAX_UNROLL,
    is_bounded,
    known_items,
    merge_tensors,
    new_container,
    truth_of,
)
from kerasast.flow.events import ListRepeated
from kerasast.flow.machine import Machine
from kerasast.flow.text import concatenate, format_percent, join_path
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    FunctionValue,
    Kind,
    Ref,
    Tensor,
    Text,
    TupleValue,
    Value,
)


def evaluate_binary(machine: Machine, node: ast.BinOp) -> Value:
    """The value of `left <op> right`, with the effects of both sides."""
    left, right = machine.evaluate(node.left), machine.evaluate(node.right)
    return binary(machine, node, left, right)


def binary(machine: Machine, node: ast.BinOp | ast.AugAssign, left: Value, right: Value) -> Value:
    """The value of `left <op> right`, of two values."""
    tensor = merge_tensors(machine, [left, right])
    if tensor is not None:
        return tensor
    if isinstance(node.op, ast.Mult) and machine.wants(ListRepeated) and not machine.frame.foreign:
        items = machine.world.items(left) or machine.world.items(right)
        if items:
            machine.emit(ListRepeated(node, items, machine.world))
    match node.op, left, right:
        case ast.Add(), Const(str()) | Text(), _:
            return concatenate([left, right])
        case ast.Add(), _, Const(str()) | Text():
            return concatenate([left, right])
        case ast.Add(), _, _ if (joined := _joined_items(machine, node, left, right)) is not None:
            return joined
        case ast.Div(), _, Const(str()) | Text():
            return join_path([left, right])
        case ast.Mod(), Const(str(template)), _:
            values = right.items if isinstance(right, TupleValue) else (right,)
            return format_percent(template, list(values))
        case _, Const(int() | float() as a), Const(int() | float() as b):
            return _arithmetic(node.op, a, b)
        case ast.Mult(), Ref(), _ if machine.world.items(left) is not None:
            return _repeat(machine, node, left, right)
    machine.escape((left, right))  # An operator of a class of the project may do anything.
    return machine.unknown(node)


def _joined_items(machine: Machine, node: ast.AST, left: Value, right: Value) -> Value | None:
    first, second = machine.world.items(left), machine.world.items(right)
    if first is None and second is None:
        return None
    if isinstance(left, TupleValue) and isinstance(right, TupleValue):
        both = left.items + right.items
        return TupleValue(both) if is_bounded(both) else new_container(machine, node, Kind.LIST, both)
    items = (first or known_items(machine, left)) + (second or known_items(machine, right))
    complete = first is not None and second is not None
    return new_container(machine, node, Kind.LIST, items, complete=complete)


def _repeat(machine: Machine, node: ast.AST, left: Value, right: Value) -> Value:
    items = machine.world.items(left)
    if (
        items is None
        or not isinstance(right, Const)
        or not isinstance(right.value, int)
        or right.value > MAX_UNROLL
    ):
        machine.world.escape(left)
        return machine.unknown(node)
    return new_container(machine, node, Kind.LIST, items * right.value)


def _arithmetic(operator: ast.operator, a: float, b: float) -> Value:
    if abs(a) > 1e9 or abs(b) > 1e9:
        return UNKNOWN
    match operator:
        case ast.Add():
            return Const(a + b)
        case ast.Sub():
            return Const(a - b)
        case ast.Mult():
            return Const(a * b)
        case ast.FloorDiv() if b:
            return Const(a // b)
        case ast.Div() if b:
            return Const(a / b)
        case ast.Mod() if b:
            return Const(a % b)
    return UNKNOWN


def evaluate_unary(machine: Machine, node: ast.UnaryOp) -> Value:
    """The value of `<op> operand`."""
    value = machine.evaluate(node.operand)
    if isinstance(value, Tensor):
        return value
    if isinstance(node.op, ast.Not):
        truth = truth_of(value)
        return UNKNOWN if truth is None else Const(not truth)
    if isinstance(node.op, ast.USub) and isinstance(value, Const) and isinstance(value.value, int | float):
        return Const(-value.value)
    return UNKNOWN


def evaluate_compare(machine: Machine, node: ast.Compare) -> Value:
    """The value of a comparison."""
    values = [machine.evaluate(part) for part in (node.left, *node.comparators)]
    if len(values) != 2 or not all(isinstance(value, Const) for value in values):
        return _compare_with_none(node, values)
    left, right = (value.value for value in values if isinstance(value, Const))
    return _compare_constants(node.ops[0], left, right)


def _compare_with_none(node: ast.Compare, values: list[Value]) -> Value:
    """`tensor is None` is false; for an object it is left open, because a name may be `None` on another path."""
    match node.ops[0], values:
        case ast.Is(), [Tensor() | FunctionValue() | TupleValue(), Const(None)]:
            return Const(False)
        case ast.IsNot(), [Tensor() | FunctionValue() | TupleValue(), Const(None)]:
            return Const(True)
    return UNKNOWN


def _compare_constants(operator: ast.cmpop, left: Any, right: Any) -> Value:
    try:
        match operator:
            case ast.Eq():
                return Const(left == right)
            case ast.NotEq():
                return Const(left != right)
            case ast.Is():
                return Const(left is right or left == right)
            case ast.IsNot():
                return Const(left is not right and left != right)
            case ast.Lt():
                return Const(left < right)
            case ast.LtE():
                return Const(left <= right)
            case ast.Gt():
                return Const(left > right)
            case ast.GtE():
                return Const(left >= right)
            case ast.In():
                return Const(left in right)
            case ast.NotIn():
                return Const(left not in right)
    except TypeError:
        pass
    return UNKNOWN
