"""Methods of a checkpoint's status, called on what `load_weights()` returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import is_here, remove_statement, safe, statement_of
from kerasast.flow.events import ExternalCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_METHODS = frozenset(
    [
        "assert_consumed",
        "assert_existing_objects_matched",
        "assert_nontrivial_match",
        "expect_partial",
        "initialize_or_restore",
        "run_restore_ops",
    ]
)
"""Methods of the status objects of `tf.train.Checkpoint`."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ExternalCall,),
    names=("load_weights().*",),
    calls=_METHODS,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def load_weights_status(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    loaded, _, method = event.name.rpartition("().")
    if loaded == "load_weights" and method in _METHODS and not is_guarded(ctx, event.node):
        yield ctx.report(
            event.node,
            f"`load_weights()` returns `None` here, which has no `{method}()`",
            help=f"leave `.{method}()` out: only TensorFlow checkpoints in Keras 2 have a status",
            fix=partial(_fix, ctx.source, event.node),
        )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    """Leave out the call of the method; the statement too if it does nothing else."""
    title = "Leave out what `load_weights()` has no status for"
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Call() as loading), args=[], keywords=[]) if is_here(
            source, call
        ):
            start, end = source.span(loading).end, source.span(call).end
            return safe(title, (Edit(Span(start, end), ""),))
        case ast.Call(func=ast.Attribute(value=ast.Name())):
            statement = statement_of(source, call)
            if isinstance(statement, ast.Expr) and statement.value is call:
                return safe(title, remove_statement(source, statement))
    return None
