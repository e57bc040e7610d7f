"""A loss or metric that computes with NumPy or plain Python what is a symbolic tensor while training."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._loss_functions import (
    Computation,
    assigned_names,
    computations,
    expressions,
    has_inner_code,
    statements,
)
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.registry import rule

_TENSORS = ("tensorflow.", "keras.backend.", "keras.ops.", "keras.losses.", "keras.metrics.")
_NAMES = """
TensorShape dtype executing_eagerly get_static_value int_shape is_keras_tensor is_tensor ndim numpy_function py_func
py_function rank shape size
"""
_NO_TENSORS = frozenset(_NAMES.split())
"""Functions of tensors that give something else, or tensors whose values may be known."""

_NO_VALUES = frozenset({"numpy.ndim", "numpy.shape", "numpy.size"})

_BUILTINS = ("max", "min", "sum")
"""Functions of Python that raise in both generations; Keras 2 converts `len`, `float` and `int`, Keras 3 does not."""
_BUILTINS_OF_3 = (*_BUILTINS, "float", "int", "len", "bool")


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall),
    calls=("compile",),
    since="0.1",
)
def numpy_in_loss(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Diagnostic]:
    for item in computations(ctx, event):
        if has_inner_code(item.node) or len(item.parameters) != 2:
            continue
        found = next(_Search(item, ctx.keras.major).run(), None)
        if found is not None:
            node, what = found
            kind = "loss" if item.is_loss else "metric"
            yield ctx.report(
                item.where or node,
                f"{what} in the {kind} `{item.function.name}` needs the values of a tensor,"
                " which has none while Keras traces the training step: it raises",
                help="use `keras.ops` or TensorFlow functions",
            )


class _Search:
    """Follows which local names are tensors, and what Python and NumPy are asked to do with them."""

    def __init__(self, item: Computation, major: int) -> None:
        self.item = item
        self.major = major
        self.tensors = set(item.parameters)

    def run(self) -> Iterator[tuple[ast.AST, str]]:
        for statement, _ in statements(self.item.body):
            for expression in expressions(statement):
                for node in ast.walk(expression):
                    if isinstance(node, ast.expr) and (what := self.problem(node)) is not None:
                        yield node, what
            if isinstance(statement, ast.If | ast.While | ast.Assert) and self.is_problem(statement.test):
                yield statement.test, f"`{type(statement).__name__.lower()}`"
            self.assign(statement)

    def assign(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if self.is_tensor(value):
                    self.tensors.add(name)
                else:
                    self.tensors.discard(name)
            case ast.Assign(targets=targets):
                for target in targets:
                    self.tensors.difference_update(assigned_names(target))
            case ast.For(target=target):
                self.tensors.difference_update(assigned_names(target))
            case _:
                pass

    def is_tensor(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.tensors
            case ast.BinOp(left=left, right=right):
                return self.is_tensor(left) or self.is_tensor(right)
            case ast.UnaryOp(operand=operand):
                return self.is_tensor(operand)
            case ast.Subscript(value=value):
                return self.is_tensor(value)
            case ast.BoolOp(values=values):
                return any(map(self.is_tensor, values))
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops):
                    return False
                return any(map(self.is_tensor, (left, *others)))
            case ast.Call(func=func, args=args):
                name = self.item.resolve(func)
                if not name.startswith(_TENSORS) or name.rpartition(".")[2] in _NO_TENSORS:
                    return False
                return any(map(self.is_tensor, args))
        return False

    def problem(self, node: ast.expr) -> str | None:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="numpy"), args=[]) if self.is_tensor(owner):
                return "`.numpy()`"
            case ast.Call(func=func, args=args) if any(map(self.is_tensor, args)):
                name = self.item.resolve(func)
                if name.startswith(("numpy.", "math.")) and name not in _NO_VALUES:
                    return f"`{ast.unparse(func)}()`"
                builtin = name.removeprefix("builtins.")
                if builtin in (_BUILTINS_OF_3 if self.major >= 3 else _BUILTINS):
                    return f"`{builtin}()`"
            case ast.IfExp(test=test) if self.is_problem(test):
                return "`if`"
        return None

    def is_problem(self, test: ast.expr) -> bool:
        """Whether a condition cannot be decided; Keras 2 makes an operation of the graph of it."""
        return self.major >= 3 and self.is_tensor(test)
