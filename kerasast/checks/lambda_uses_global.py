"""A `Lambda` layer whose code needs a name of its module, which a saved model does not have."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import partial

from kerasast.checks._lambda_layers import layer_class
from kerasast.checks._registration import fix_in_files
from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import FunctionValue, ObjectState
from kerasast.registry import FixAvailability, rule
from kerasast.walking import children, walk

_OF_KERAS = frozenset({"binascii", "codecs", "marshal", "os"})
"""Names that Keras 3 happens to have where it makes functions of the saved code (`python_utils.py`)."""

_FORMATS = (".keras", ".h5", ".hdf5")


@rule(
    category="saving",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("save",),
    calls=("save", "save_model"),
    also=("Lambda",),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def lambda_uses_global(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method != "save" or not event.before.kind.is_model:
        return
    if not (known_suffix(event.arguments.value("filepath")) or "").endswith(_FORMATS):
        return
    for part in saved_parts(event.view, event.target):
        state = event.view.state(part)
        names = _missing(state)
        if names:
            yield _report(ctx, event, state, names)


def _missing(state: ObjectState) -> list[str]:
    """The names that the lambda of a `Lambda` layer certainly asks its module for, in order."""
    function = state.arguments.get("function")
    if state.api != "keras.layers.Lambda" or state.cls is not None or not isinstance(function, FunctionValue):
        return []
    node = function.node
    if not isinstance(node, ast.Lambda):
        return []  # Of a function with a name the file has nothing but the name.
    own = {item.arg for item in walk(node) if isinstance(item, ast.arg)}
    used = [item for item in _evaluated(node.body) if isinstance(item, ast.Name)]
    own.update(
        item.id for item in walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
    )
    names = dict.fromkeys(item.id for item in used if item.id not in own)
    return [name for name in names if _is_global(name, function)]


def _evaluated(node: ast.expr) -> Iterator[ast.AST]:
    """The nodes of an expression that are evaluated each time that it is."""
    yield node
    match node:
        case ast.Lambda():
            return
        case ast.IfExp(test=test):
            yield from _evaluated(test)
        case ast.BoolOp(values=[first, *_]):
            yield from _evaluated(first)
        case (
            ast.ListComp(generators=[first, *_])
            | ast.SetComp(generators=[first, *_])
            | ast.DictComp(generators=[first, *_])
            | ast.GeneratorExp(generators=[first, *_])
        ):
            yield from _evaluated(first.iter)
        case _:
            for child in children(node):
                if isinstance(child, ast.expr):
                    yield from _evaluated(child)
                elif isinstance(child, ast.keyword):
                    yield from _evaluated(child.value)


def _is_global(name: str, function: FunctionValue) -> bool:
    """Whether a name means something of the module: no variable of a function around, which the file has."""
    if hasattr(builtins, name) or name in _OF_KERAS:
        return False
    module = function.scope.module
    scope = function.scope
    while scope is not module:
        if name in scope.names and name not in scope.globals:
            return False
        if scope.parent is None:
            return False
        scope = scope.parent
    return module.lookup(name) is not None or module.project.binds(module.name, name)


def _report(ctx: Context, event: ModelCall, state: ObjectState, names: list[str]) -> Diagnostic:
    where, story = event.node, state.trace[:1]
    if state.created is not None and not state.foreign:
        where, story = state.created, (ctx.step(event.node, "the model is saved here"),)
    which = "names" if len(names) > 1 else "the name"
    return ctx.report(
        where,
        f"a loaded model does not know {which} {listed(names)}, which the lambda of this `Lambda` needs: "
        "loading it, or running it, raises",
        story=story,
        help="write a registered layer class instead, or a registered function with a name",
        fix=partial(_fix, ctx, state),
    )


def _fix(ctx: Context, state: ObjectState) -> Fix | None:
    function = state.arguments.get("function")
    if not isinstance(function, FunctionValue):
        return None
    module = function.scope.module
    part = layer_class(ctx, module.name, module.source.header_span(function.node))
    return fix_in_files("Write a registered layer class in place of the `Lambda`", ctx.source.path, [part])
