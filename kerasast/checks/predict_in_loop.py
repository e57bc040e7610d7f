"""`predict()` of one sample at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import Argument
from kerasast.flow.events import ModelCall
from kerasast.flow.values import External
from kerasast.registry import rule

_ADD_AXIS = frozenset({"numpy.expand_dims()", "tensorflow.expand_dims()", "tensorflow.newaxis"})


@rule(
    category="performance",
    severity=Severity.INFO,
    on=(ModelCall,),
    names=("predict",),
    calls=("predict",),
    opt_in=True,
    since="0.1",
)
def predict_in_loop(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method != "predict" or not event.before.kind.is_model or event.method in event.before.attributes:
        return
    given = event.arguments.get("x")
    if not any(loop.is_older(event.target) for loop in event.enclosing.loops):
        return
    if given is None or not is_single(given):
        return
    yield ctx.report(
        event.node,
        "`predict()` of a single sample in a loop: nearly all of its time goes into setting up the prediction",
        help="give `predict()` all samples at once, or call `model(x, training=False)` on each",
    )


def is_single(argument: Argument) -> bool:
    """Whether an argument is visibly a batch of one."""
    if isinstance(argument.value, External) and argument.value.name in _ADD_AXIS:
        return True
    match argument.node:
        case ast.Subscript(slice=index):
            return _picks_one(index)
        case ast.Call(func=ast.Attribute(attr="array" | "asarray" | "convert_to_tensor"), args=[given, *_]):
            return isinstance(given, ast.List) and len(given.elts) == 1
        case ast.Call(func=ast.Attribute(attr="reshape"), args=[ast.Tuple(elts=[first, _, *_])]):
            return _is_one(first)
        case ast.Call(func=ast.Attribute(attr="reshape"), args=[first, _, *_]):
            return _is_one(first)
    return False


def _picks_one(index: ast.expr) -> bool:
    """`x[None]`, `x[np.newaxis, :]`, `x[i:i + 1]`."""
    if isinstance(index, ast.Tuple) and index.elts:
        return _picks_one(index.elts[0])
    match index:
        case ast.Constant(value=None) | ast.Attribute(attr="newaxis"):
            return True
        case ast.Slice(lower=ast.Name(id=name), upper=ast.BinOp(ast.Name(id=other), ast.Add(), one)):
            return name == other and _is_one(one)
    return False


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1
