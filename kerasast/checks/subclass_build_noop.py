"""`build()` of a subclassed model that does not define it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._known_inputs import call_on_input, takes_one_input, written_shape
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import is_here, statement_of, text_of
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind, Tri
from kerasast.flow.weights import has_weights_to_build
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_USES_MODELS = (
    "compile",
    "fit",
    "get_weights",
    "load_weights",
    "predict",
    "save",
    "save_weights",
    "set_weights",
    "summary",
)
"""What is done with a model. A `build` method that builds layers does nothing of it."""


@rule(
    category="saving",
    severity=Severity.WARNING,
    keras=">=3",
    on=(ModelCall,),
    names=("build",),
    calls=("build",),
    fix=FixAvailability.SOMETIMES,
    also=_USES_MODELS,
    since="0.1",
)
def subclass_build_noop(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method != "build" or before.kind is not Kind.SUBCLASSED or before.cls is None:
        return
    if before.built is not Tri.NO or before.escaped:
        return
    lineage = ancestry(before.cls, ctx.keras)
    if not lineage.complete or lineage.defines("build"):
        return
    if not has_weights_to_build(event.view, event.target, ctx.keras):
        return
    yield ctx.report(
        event.node,
        f"`build()` creates no weights: `{before.cls.name}` defines no `build()` of its own",
        story=event.story,
        help="call the model on data or on `keras.Input(shape=…)`, or define a `build()` that builds its layers",
        fix=partial(_fix, ctx.source, event.node) if takes_one_input(lineage) else None,
    )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    """Call the model on a symbolic input of the same shape, if it is written out."""
    statement = statement_of(source, call)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if not isinstance(statement, ast.Expr) or statement.value is not call:
        return None
    given = [*call.args, *(item.value for item in call.keywords if item.arg == "input_shape")]
    if (
        len(given) != 1
        or len(call.args) + len(call.keywords) != 1
        or not isinstance(given[0], ast.Tuple | ast.List)
    ):
        return None
    if len(given[0].elts) < 2 or not all(map(_is_size, given[0].elts)):
        return None
    batch, *sizes = given[0].elts
    receiver = text_of(source, call.func.value)
    if receiver in ("self", "super()") or not is_here(source, call):
        return None
    shape = written_shape([text_of(source, item) for item in sizes])
    if not (isinstance(batch, ast.Constant) and batch.value is None):
        shape = f"{shape}, batch_size={text_of(source, batch)}"
    return call_on_input(source, call, f"{receiver}({{}}(shape={shape}))")


def _is_size(node: ast.expr) -> bool:
    """Whether this is one size of a shape, rather than a shape among several."""
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, int)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp)
