"""Gradients of a model's weights that are computed and never used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.fixes import enclosing, statement_of
from kerasast.flow.events import ExternalCall
from kerasast.flow.names import names_read
from kerasast.flow.values import WeightsOf
from kerasast.registry import rule
from kerasast.source import SourceFile

_Block = ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.AsyncFor | ast.While


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ExternalCall,),
    names=("tensorflow.GradientTape().gradient",),
    calls=("gradient",),
    since="0.1",
)
def gradients_not_applied(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    if event.name != "tensorflow.GradientTape().gradient":
        return
    given = [item.value for item in event.arguments.positional[1:2]] + [event.arguments.value("sources")]
    if not any(isinstance(value, WeightsOf) for value in given):
        return
    if not _is_dropped(ctx.source, event.node):
        return
    yield ctx.report(
        event.node,
        "the gradients are computed and never applied: nothing changes the weights, and the model learns nothing",
        help="call `optimizer.apply_gradients(zip(gradients, model.trainable_variables))`",
    )


def _is_dropped(source: SourceFile, node: ast.AST) -> bool:
    """Whether the result of a call is given a name which is never read, or none, in a function or a loop.

    Code elsewhere may be there to show what a tape gives.
    """
    around = enclosing(source, node)
    statement = statement_of(source, node)
    blocks = [item for item in around if isinstance(item, _Block)]
    if not blocks or statement is None or getattr(statement, "value", None) is None:
        return False
    match statement:
        case ast.Expr(value=value):
            return ast.dump(value) == ast.dump(node)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            functions = [item for item in blocks if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            whole = functions[-1] if functions else around[0]
            return ast.dump(value) == ast.dump(node) and name not in names_read(whole)
    return False
