"""`[Dense(4)] * 3`: one layer three times, not three layers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._models import has_own_weights
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ListRepeated
from kerasast.flow.roles import creates_state
from kerasast.flow.values import Ref
from kerasast.registry import rule
from kerasast.walking import walk


@rule(
    category="architecture",
    severity=Severity.WARNING,
    on=(ListRepeated, ClassDefined),
    calls=("Input", "Sequential"),
    text=r"\)\s*(?:\]|,\s*\))\s*\*|\*\s*[\[(]\s*[\w.]+\([^()]*\)\s*[\],]",
    since="0.1",
)
def repeated_layer(ctx: Context, event: ListRepeated | ClassDefined) -> Iterator[Diagnostic]:
    if isinstance(event, ListRepeated):
        node = event.node
        if isinstance(node, ast.BinOp) and _made_in_place(node):
            for item in event.items:
                if isinstance(item, Ref) and has_own_weights(event.view.state(item.id), ctx.keras):
                    yield _report(ctx, node)
                    return
        return
    for method in event.facts.own.values():
        for store in method.stores:
            for node in walk(store.value) if store.value is not None else ():
                made = _made_in_place(node) if isinstance(node, ast.BinOp) else []
                if any(creates_state(method.resolve(call.func), call, ctx.keras) for call in made):
                    yield _report(ctx, node)


def _made_in_place(node: ast.BinOp) -> list[ast.Call]:
    """The calls in a list that is multiplied: `[Dense(4), ReLU()] * 3`."""
    if not isinstance(node.op, ast.Mult):
        return []
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, ast.List | ast.Tuple) and other != ast.Constant(1):
            return [item for item in side.elts if isinstance(item, ast.Call)]
    return []


def _report(ctx: Context, node: ast.AST) -> Diagnostic:
    return ctx.report(
        node,
        "a list with a layer is multiplied, which repeats the same layer: all its places share one set of weights",
        help="make one layer for each place: `[Dense(…) for _ in range(n)]`",
    )
