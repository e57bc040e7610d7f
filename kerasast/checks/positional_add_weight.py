"""`add_weight("name", …)`: the first parameter, once the name, is the shape in Keras 3."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_for_one_version
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import name_arguments, safe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, MethodFacts, is_super_call
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import Const, External
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_OF_LAYERS = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
_OF_METRICS = ("name", "shape")
"""The parameters of Keras 2.15 in their order, as far as Keras 3 takes the same values for them."""


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def positional_add_weight(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL, Role.METRIC) or not facts.ancestry.complete:
        return
    if facts.defines("add_weight"):
        return
    for method in facts.own.values():
        for call in method.calls:
            if _adds_weight(call, method) and not is_for_one_version(call.guards):
                yield from _report(ctx, facts, call, method)


def _adds_weight(call: CallSite, method: MethodFacts) -> bool:
    return call.path == ("add_weight",) or (
        is_super_call(call.node, "add_weight", method) and bool(method.self_name) and _is_super(call.node)
    )


def _is_super(node: ast.Call) -> bool:
    """Whether it is `super().add_weight(…)`, where `self` is no argument."""
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)


def _report(ctx: Context, facts: ClassFacts, call: CallSite, method: MethodFacts) -> Iterator[Diagnostic]:
    first = call.node.args[0] if call.node.args else None
    if first is None or not _is_text(first, method):
        return
    second = call.node.args[1] if len(call.node.args) > 1 else None
    given = {keyword.arg for keyword in call.node.keywords}
    help = "pass it as `name=…`"
    if second is not None and not isinstance(second, ast.Starred):
        help = "pass the arguments by keyword: `name=…, shape=…`"
    elif "shape" not in given and None not in given:
        help = "pass it as `name=…`, with `shape=()` for a scalar"
    yield ctx.report(
        first,
        f"`add_weight` of `{facts.cls.name}` is given a name as its first argument, "
        "which is the shape in Keras 3: it raises",
        help=help,
        fix=partial(
            _fix, ctx.source, call.node, _OF_METRICS if role_of(facts) is Role.METRIC else _OF_LAYERS
        ),
    )


def _fix(source: SourceFile, call: ast.Call, names: tuple[str, ...]) -> Fix | None:
    return safe("Pass the arguments by keyword", name_arguments(source, call, names))


def _is_text(node: ast.expr, method: MethodFacts) -> bool:
    """Whether an expression is certainly a string."""
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left, method) or _is_text(right, method)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left, method)
        case ast.Call(func=ast.Attribute(value=owner, attr="format")):
            return _is_text(owner, method)
        case ast.Call(func=ast.Name()):
            return method.resolve(node.func) == External("builtins.str")
        case ast.Attribute(value=ast.Name(id=name), attr="name"):
            return name == method.self_name
        case ast.Name():
            value = method.resolve(node)
            return isinstance(value, Const) and isinstance(value.value, str)
    return False
