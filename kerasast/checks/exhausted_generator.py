"""A generator that ends, given to a training of several epochs: all but the first have no data."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._fits import decides_for_itself
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Generator
from kerasast.registry import rule
from kerasast.walking import children, walk

_ENDING = frozenset({"range", "sorted", "list", "tuple", "set", "dict", "reversed"})
"""Functions whose results end."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("fit",),
    calls=("fit",),
    text=r"epochs\s*=",
    since="0.1",
)
def exhausted_generator(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    arguments = event.arguments
    if event.method != "fit" or not arguments.complete:
        return
    data, epochs = arguments.get("x"), arguments.value("epochs")
    if data is None or not isinstance(data.value, Generator):
        return
    if not isinstance(epochs, Const) or not isinstance(epochs.value, int) or epochs.value < 2:
        return
    if arguments.value("steps_per_epoch") not in (None, Const(None)):
        return
    node = data.value.node
    if not _ends(node) or decides_for_itself(event.before, ctx.keras, "fit", "train_step"):
        return
    if ctx.keras.major >= 3:
        effect = "each later epoch trains on the few batches that Keras had read ahead"
    else:
        effect = "the training stops"
    yield ctx.report(
        place_of(data, event.node),
        f"the generator `{node.name}` ends after the first of {epochs.value} epochs: {effect}",
        help="repeat in it, `while True:`, and pass `steps_per_epoch`, or give Keras a `Sequence`",
    )


def _ends(function: ast.FunctionDef) -> bool:
    """Whether each `yield` of a function is in loops that certainly end, if in any."""
    return all(_is_bounded(statement, function) for statement in function.body)


def _is_bounded(statement: ast.stmt, function: ast.FunctionDef) -> bool:
    if not _yields(statement):
        return True
    match statement:
        case ast.For(iter=iterable):
            if not _is_finite(iterable, function):
                return False
        case ast.While():
            return False
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
    if any(isinstance(part, ast.YieldFrom) for part in _own(statement)):
        return False
    inner = [part for field in ("body", "orelse", "finalbody") for part in getattr(statement, field, [])]
    inner += [part for handler in getattr(statement, "handlers", []) for part in handler.body]
    inner += [part for case in getattr(statement, "cases", []) for part in case.body]
    return all(_is_bounded(part, function) for part in inner)


def _yields(statement: ast.stmt) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in walk(statement))


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement itself, rather than of the statements inside of it."""
    for part in children(statement):
        if isinstance(part, ast.expr):
            yield from walk(part)


def _is_finite(iterable: ast.expr, function: ast.FunctionDef) -> bool:
    """Whether going through something certainly ends."""
    match iterable:
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.ListComp() | ast.Constant():
            return True
        case ast.Subscript(slice=ast.Slice()):
            return True
        case ast.Call(func=ast.Name(id=name)) if name in _ENDING:
            return True
        case ast.Call(func=ast.Name("enumerate" | "tqdm"), args=[inner, *_]):
            return _is_finite(inner, function)
        case ast.Call(func=ast.Name("zip"), args=args):
            return any(_is_finite(inner, function) for inner in args)
        case ast.Name(id=name):
            return _is_sized(name, function)
    return False


def _is_sized(name: str, function: ast.FunctionDef) -> bool:
    """Whether the function takes the length of a name, or a part of it, as can be done with what ends."""
    for node in walk(function):
        match node:
            case ast.Call(func=ast.Name("len"), args=[ast.Name(id=given)]) if given == name:
                return True
            case ast.Subscript(value=ast.Name(id=given), slice=ast.Slice()) if given == name:
                return True
    return False
