"""The functions that compute losses and metrics: those given to `compile()`, and `call` of a loss class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._eager import runs_eagerly
from kerasast.context import Context
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.scopes import static_value
from kerasast.flow.values import ApiValue, Const, External, FunctionValue, Value
from kerasast.walking import walk

Function = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Computation:
    """A function of labels and predictions. `where` is its place in `compile()` if it is of another file."""

    function: FunctionValue
    node: Function
    is_loss: bool
    where: ast.AST | None

    @property
    def parameters(self) -> list[str]:
        """The names of the labels and the predictions."""
        names = [item.arg for item in (*self.node.args.posonlyargs, *self.node.args.args)]
        return names[1:3] if self.function.owner is not None else names[:2]

    @property
    def body(self) -> list[ast.stmt]:
        if isinstance(self.node, ast.Lambda):
            return [ast.copy_location(ast.Return(self.node.body), self.node.body)]
        return self.node.body

    def resolve(self, node: ast.expr) -> str:
        """The full name of a function that is called: `numpy.mean`, `tensorflow.argmax`, `keras.ops.round`."""
        return full_name(static_value(node, self.function.scope))


def full_name(value: Value) -> str:
    """The full name of something of Keras or of another library; empty for anything else."""
    match value:
        case External(name):
            return name
        case ApiValue(api):
            return api.name
    return ""


def computations(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Computation]:
    """The functions that an event brings, which run in a graph: not where the project runs functions eagerly."""
    if isinstance(event, ClassDefined):
        method = event.facts.own.get("call")
        if role_of(event.facts) is not Role.LOSS or method is None or method.node.decorator_list:
            return
        if isinstance(method.node, ast.FunctionDef) and not runs_eagerly(ctx):
            function = FunctionValue(method.node, event.cls.scope, event.cls)
            yield Computation(function, method.node, True, None)
        return
    if not is_compile(event, ctx.keras) or event.arguments.value("run_eagerly") not in (None, Const(False)):
        return
    for parameter in ("loss", "metrics", "weighted_metrics"):
        for place, value in given(event, parameter):
            if not isinstance(value, FunctionValue) or not isinstance(value.node, Function):
                continue
            if getattr(value.node, "decorator_list", []) or runs_eagerly(ctx):
                continue
            is_here = value.scope.module.source.path == ctx.source.path
            yield Computation(value, value.node, parameter == "loss", None if is_here else place)


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements of a function in order, and whether each may be skipped; none of nested functions."""
    for item in body:
        yield item, False
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        always = isinstance(item, ast.With)
        for field in ("body", "orelse", "finalbody"):
            for inner, maybe in statements(getattr(item, field, [])):
                yield inner, maybe or not always
        for handler in getattr(item, "handlers", []):
            for inner, _ in statements(handler.body):
                yield inner, True


def has_inner_code(node: Function) -> bool:
    """Whether there are functions, classes or comprehensions inside, which are not followed."""
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.NamedExpr
    return any(part is not node and isinstance(part, inner) for part in walk(node))


def assigned_names(target: ast.expr) -> list[str]:
    """The names that an assignment binds or changes."""
    return [part.id for part in walk(target) if isinstance(part, ast.Name)]


def expressions(statement: ast.stmt) -> list[ast.expr]:
    """The expressions that belong to a statement itself, rather than to the statements inside of it."""
    return [part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.expr)]
