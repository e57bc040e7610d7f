"""Which local names of a function are tensors, as its statements are gone through in order."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from kerasast.checks._loss_functions import assigned_names

_TENSORS = ("tensorflow.", "keras.backend.", "keras.ops.", "keras.losses.", "keras.metrics.")
_NAMES = """
TensorShape dtype executing_eagerly get_static_value int_shape is_keras_tensor is_tensor ndim numpy_function py_func
py_function rank shape size
"""
_NO_TENSORS = frozenset(_NAMES.split())
"""Functions of tensors that give something else, or tensors whose values may be known."""


class Tensors:
    """The names that hold tensors. `resolve` gives the full name of a function that is called, if it is known."""

    def __init__(self, resolve: Callable[[ast.expr], str], names: Iterable[str]) -> None:
        self.resolve = resolve
        self.names = set(names)

    def assign(self, statement: ast.stmt) -> None:
        """Take note of what a statement binds."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if self.includes(value):
                    self.names.add(name)
                else:
                    self.names.discard(name)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    names = assigned_names(target)
                    if isinstance(target, ast.Tuple) and self.includes(value):
                        self.names.update(names)
                    else:
                        self.names.difference_update(names)
            case ast.For(target=target):
                self.names.difference_update(assigned_names(target))
            case _:
                pass

    def includes(self, node: ast.expr) -> bool:
        """Whether an expression is certainly a tensor."""
        match node:
            case ast.Name(id=name):
                return name in self.names
            case ast.BinOp(left=left, right=right):
                return self.includes(left) or self.includes(right)
            case ast.UnaryOp(operand=operand):
                return self.includes(operand)
            case ast.Subscript(value=value):
                return self.includes(value)
            case ast.BoolOp(values=values):
                return any(map(self.includes, values))
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops):
                    return False
                return any(map(self.includes, (left, *others)))
            case ast.Call(func=func, args=args):
                name = self.resolve(func)
                if not name.startswith(_TENSORS) or name.rpartition(".")[2] in _NO_TENSORS:
                    return False
                return any(map(self.includes, args))
        return False
