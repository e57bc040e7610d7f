"""A loss through which no gradient flows: the predictions are rounded, compared, or reduced to an index."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._compile_arguments import given
from kerasast.checks._loss_functions import (
    Computation,
    assigned_names,
    computations,
    has_inner_code,
    statements,
)
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.registry import rule

_NAMES = """argmax argmin argsort ceil equal floor greater greater_equal less less_equal not_equal rint round
logical_and logical_not logical_or size shape"""
_STOPS = frozenset(
    f"{module}.{name}"
    for module in ("tensorflow", "tensorflow.math", "keras.backend", "keras.ops")
    for name in _NAMES.split()
)
"""Functions that have no gradient: asked of `tf.GradientTape` in TensorFlow 2.15 and 2.21."""

_NO_VALUE = frozenset({"shape", "ndim", "dtype", "name"})


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall),
    names=("compile",),
    calls=("compile",),
    since="0.1",
)
def loss_without_gradients(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Diagnostic]:
    if isinstance(event, ModelCall) and len(list(given(event, "loss"))) != 1:
        return  # Another loss brings gradients.
    for item in computations(ctx, event):
        if not item.is_loss or has_inner_code(item.node) or len(item.parameters) != 2:
            continue
        stop = _Flow(item).stop()
        if stop is not None:
            yield ctx.report(
                item.where or stop,
                f"no gradient flows through the loss `{item.function.name}`:"
                f" `{ast.unparse(stop)}` is all that it takes of the predictions",
                help="compute the loss from the predictions themselves, and use this as a metric",
            )


class _Flow:
    """Follows which local names depend on the predictions in a way that has a gradient."""

    def __init__(self, item: Computation) -> None:
        self.item = item
        self.live = {item.parameters[1]}
        self.stops: list[ast.expr] = []

    def stop(self) -> ast.expr | None:
        """The first place where the gradient ends, if it ends on every way to every result."""
        returned = False
        for statement, maybe in statements(self.item.body):
            match statement:
                case ast.Return(value=ast.expr() as value):
                    if self.flows(value):
                        return None
                    returned = True
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    if self.flows(value):
                        self.live.add(name)
                    elif not maybe:
                        self.live.discard(name)
                case ast.Assign(targets=targets, value=value):
                    if self.flows(value):
                        self.live.update(name for target in targets for name in assigned_names(target))
                case (
                    ast.AugAssign(target=target, value=value)
                    | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    if self.flows(value):
                        self.live.update(assigned_names(target))
                case ast.For(target=target, iter=value):
                    if self.flows(value):
                        self.live.update(assigned_names(target))
                case ast.Expr(value=value) if not isinstance(value, ast.Constant):
                    if self.flows(value):
                        return None  # `losses.append(…)`, `tf.print(…)`
                case ast.With() | ast.Try() | ast.Match():
                    return None
                case _:
                    pass
        return self.stops[0] if returned and self.stops else None

    def flows(self, node: ast.AST) -> bool:
        """Whether a gradient of the predictions may flow through an expression."""
        match node:
            case ast.Name(id=name):
                return name in self.live
            case ast.Attribute(attr=attr) if attr in _NO_VALUE:
                return False
            case ast.Compare() | ast.Call() if self.ends(node):
                if any(map(self.flows, _inputs(node))):
                    self.stops.append(node)
                return False
        return any(self.flows(child) for child in ast.iter_child_nodes(node))

    def ends(self, node: ast.Compare | ast.Call) -> bool:
        return isinstance(node, ast.Compare) or self.item.resolve(node.func) in _STOPS


def _inputs(node: ast.expr) -> Iterator[ast.AST]:
    yield from (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.cmpop))
