"""A loss or metric that computes with NumPy or plain Python what is a symbolic tensor while training."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._loss_functions import (
    Computation,
    computations,
    expressions,
    has_inner_code,
    statements,
)
from kerasast.checks._tensors import Tensors
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.registry import rule

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
        self.tensors = Tensors(item.resolve, item.parameters)

    def run(self) -> Iterator[tuple[ast.AST, str]]:
        for statement, _ in statements(self.item.body):
            for expression in expressions(statement):
                for node in ast.walk(expression):
                    if isinstance(node, ast.expr) and (what := self.problem(node)) is not None:
                        yield node, what
            if isinstance(statement, ast.If | ast.While | ast.Assert) and self.is_problem(statement.test):
                yield statement.test, f"`{type(statement).__name__.lower()}`"
            self.tensors.assign(statement)

    def problem(self, node: ast.expr) -> str | None:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="numpy"), args=[]) if self.tensors.includes(
                owner
            ):
                return "`.numpy()`"
            case ast.Call(func=func, args=args) if any(map(self.tensors.includes, args)):
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
        return self.major >= 3 and self.tensors.includes(test)
