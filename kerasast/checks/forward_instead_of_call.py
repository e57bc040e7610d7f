"""A layer or model whose computation is called `forward`, as in PyTorch; Keras calls `call`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import rename_function, safe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.roles import Role, is_functional, is_sequential, keras_base, role_of
from kerasast.flow.uses import subclasses
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_RUNS = ("call", "__call__")


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def forward_instead_of_call(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("forward")
    role = role_of(facts)
    if method is None or role not in (Role.LAYER, Role.MODEL) or not facts.ancestry.complete:
        return
    if any(facts.defines(name) for name in _RUNS) or facts.dynamic or method.is_abstract:
        return
    if keras_base(facts) is not None or is_sequential(facts) or is_functional(facts):
        return
    if isinstance(method.node, ast.AsyncFunctionDef) or len(method.node.args.args) < 2:
        return
    if _is_called(ctx, facts):
        return
    name = facts.cls.name
    if role is Role.LAYER and ctx.keras.major < 3:
        message = (
            f"`{name}` has `forward` but no `call`: Keras never runs it, and returns the inputs unchanged"
        )
    else:
        message = f"`{name}` has `forward` but no `call`: using the {role.value} raises `NotImplementedError`"
    yield ctx.report(
        method.node,
        message,
        help="name the method `call`",
        fix=partial(_fix, ctx.source, method.node),
    )


def _fix(source: SourceFile, node: ast.FunctionDef) -> Fix | None:
    return safe("Name the method `call`", rename_function(source, node, "call"))


def _is_called(ctx: Context, facts: ClassFacts) -> bool:
    """Whether the project calls a `forward` of something by itself, or a subclass may have a `call`."""
    if any(
        name in ("call", "__call__")
        for info in subclasses(ctx.project, facts.cls.name)
        for name in (*info.attributes, *(method.name for method in info.methods))
    ):
        return True
    return ctx.project.mentions(r"\.forward[()]")
