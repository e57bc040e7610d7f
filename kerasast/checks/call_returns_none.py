"""A `call` that computes something and returns nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, role_of
from kerasast.registry import rule
from kerasast.walking import walk


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def call_returns_none(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("call")
    role = role_of(facts)
    if method is None or role not in (Role.LAYER, Role.MODEL, Role.LOSS) or facts.is_decorated:
        return
    if method.node.decorator_list or isinstance(method.node, ast.AsyncFunctionDef) or facts.is_abstract:
        return
    if role is Role.MODEL and any(facts.defines(name) for name in ("train_step", "fit", "__call__")):
        return  # It may be trained without ever being called.
    if any(item.value is not None for item in method.returns) or not _computes(method):
        return
    assert role is not None
    yield ctx.report(
        method.node,
        f"`call` of `{facts.cls.name}` returns nothing: the {role.value} gives `None`",
        help="return what it computes",
    )


def _computes(method: MethodFacts) -> bool:
    """Whether the body ends after it has computed something from what `call` is given."""
    last = method.node.body[-1]
    if isinstance(last, ast.Raise | ast.Pass | ast.Return) or method.is_abstract:
        return False
    given = {item.arg for item in method.node.args.args[1:]}
    nodes = list(walk(method.node))
    if any(isinstance(node, ast.Yield | ast.YieldFrom | ast.Raise) for node in nodes):
        return False
    uses = any(
        isinstance(node, ast.Name) and node.id in given for part in method.node.body for node in walk(part)
    )
    operations = ast.Call | ast.BinOp
    return uses and any(isinstance(node, operations) for node in nodes)
