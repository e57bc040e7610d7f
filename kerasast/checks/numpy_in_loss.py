"""A loss or metric that computes with NumPy or plain Python what is a symbolic tensor while training."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._loss_functions import (
    Computation,
    computations,
    expressions,
    has_inner_code,
    statements,
)
from kerasast.checks._tensors import Tensors
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import Edits, add_import, name_keras, replace, safe
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_NO_VALUES = frozenset({"numpy.ndim", "numpy.shape", "numpy.size"})

_BUILTINS = ("max", "min", "sum")
"""Functions of Python that raise in both generations; Keras 2 converts `len`, `float` and `int`, Keras 3 does not."""
_BUILTINS_OF_3 = (*_BUILTINS, "float", "int", "len", "bool")

_IN_TENSORFLOW = {
    "abs": "abs",
    "exp": "exp",
    "log": "math.log",
    "max": "reduce_max",
    "maximum": "maximum",
    "mean": "reduce_mean",
    "min": "reduce_min",
    "minimum": "minimum",
    "sqrt": "sqrt",
    "square": "square",
    "sum": "reduce_sum",
}
"""Functions of NumPy that `keras.ops` has under the same names, and what TensorFlow calls them."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall),
    names=("compile",),
    calls=("compile",),
    fix=FixAvailability.SOMETIMES,
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
                fix=partial(_fix, ctx.source, item, ctx.keras.major) if item.where is None else None,
            )


def _fix(source: SourceFile, item: Computation, major: int) -> Fix | None:
    """Call functions of TensorFlow or `keras.ops` in place of NumPy's, if all of these have the same there."""
    calls = [node for node in walk(item.node) if isinstance(node, ast.Call)]
    arrays = [call for call in calls if item.resolve(call.func).startswith("numpy.")]
    found = {node for node, _ in _Search(item, major).run()}
    if not found <= set(arrays):
        return None
    made = _made(item)
    parts: list[Edits] = []
    for call in arrays:
        names = {part.id for given in call.args for part in walk(given) if isinstance(part, ast.Name)}
        if call not in found and not names & made:
            if names:
                return None  # Who knows what that is.
            continue
        name = item.resolve(call.func).removeprefix("numpy.")
        plain = {keyword.arg for keyword in call.keywords} <= {"axis", "keepdims"}
        if name not in _IN_TENSORFLOW or not plain or len(call.args) > 2:
            return None
        parts += _other(source, call, name, major)
    return safe("Compute with tensors", *parts)


def _made(item: Computation) -> set[str]:
    """The names of tensors, and of what is made of them; not of their shapes."""
    made = set(item.parameters)
    for statement, _ in statements(item.body):
        if isinstance(statement, ast.Assign | ast.AugAssign) and not re.search(
            r"shape|size|len|ndim", ast.unparse(statement.value)
        ):
            used = {part.id for part in walk(statement.value) if isinstance(part, ast.Name)}
            targets = [statement.target] if isinstance(statement, ast.AugAssign) else statement.targets
            made |= {target.id for target in targets if isinstance(target, ast.Name) and used & made}
    return made


def _other(source: SourceFile, call: ast.Call, name: str, major: int) -> list[Edits]:
    """The edits that make a call one of another library, and that import it."""
    imports_tensorflow = add_import(source, "tensorflow") == ()
    if major < 3 or (
        imports_tensorflow and re.search(r"^import tensorflow as tf$", source.code, re.MULTILINE)
    ):
        if not re.search(r"\btf\b", source.code) or imports_tensorflow:
            return [
                replace(source, call.func, f"tf.{_IN_TENSORFLOW[name]}"),
                add_import(source, "tensorflow"),
            ]
        return [None]
    named = name_keras(source, f"keras.ops.{name}", at=call)
    return [None] if named is None else [replace(source, call.func, named.text), named.edits]


class _Search:
    """Follows which local names are tensors, and what Python and NumPy are asked to do with them."""

    def __init__(self, item: Computation, major: int) -> None:
        self.item = item
        self.major = major
        self.tensors = Tensors(item.resolve, item.parameters)

    def run(self) -> Iterator[tuple[ast.AST, str]]:
        for statement, _ in statements(self.item.body):
            for expression in expressions(statement):
                for node in walk(expression):
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
