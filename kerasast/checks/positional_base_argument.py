"""Arguments given by position to the constructors of `Loss` and `Metric`, whose order Keras 3 has changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, is_super
from kerasast.flow.roles import Role, keras_base, role_of
from kerasast.registry import rule

_REDUCTIONS = frozenset({"auto", "mean", "mean_with_sample_weight", "none", "sum", "sum_over_batch_size"})
_DTYPES = ("float", "bfloat", "int", "uint", "mixed_", "bool")


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def positional_base_argument(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    role = role_of(facts)
    init = facts.own.get("__init__")
    if role not in (Role.LOSS, Role.METRIC) or init is None or not _is_direct(facts):
        return
    for call in init.super_calls("__init__"):
        first = _first(call)
        if first is None or is_for_one_version(call.guards):
            continue
        meant = _meaning(first, role)
        takes = _takes(role, ctx.keras.major)
        if meant is not None and meant != takes:
            effect = _effect(role, call, ctx.keras.major)
            yield ctx.report(
                first,
                f"the first argument of `{role.name.capitalize()}.__init__` is the {takes} in Keras"
                f" {ctx.keras.major}, not the {meant}: {effect}",
                help=f"pass it by keyword: `{meant}={ast.unparse(first)}`",
            )


def _is_direct(facts: ClassFacts) -> bool:
    """Whether the class derives from `Loss` or `Metric` itself, with no class in between."""
    return facts.ancestry.complete and keras_base(facts) is None and len(facts.ancestry.classes) == 1


def _first(call: CallSite) -> ast.expr | None:
    """The first positional argument, without the `self` of `Base.__init__(self, …)`."""
    arguments = call.node.args
    if isinstance(call.node.func, ast.Attribute) and not is_super(call.node.func.value):
        arguments = arguments[1:]
    return arguments[0] if arguments and not isinstance(arguments[0], ast.Starred) else None


def _takes(role: Role, major: int) -> str:
    if role is Role.LOSS:
        return "name" if major >= 3 else "reduction"
    return "dtype" if major >= 3 else "name"


def _meaning(node: ast.expr, role: Role) -> str | None:
    """What an argument is meant to be, judged by what it looks like; `None` if that cannot be told."""
    match node:
        case ast.Constant(value=str(text)):
            if role is Role.LOSS:
                return "reduction" if text in _REDUCTIONS else "name"
            return "dtype" if text.startswith(_DTYPES) else "name"
        case ast.JoinedStr():
            return "name"
        case ast.Name(id="name" | "reduction" | "dtype" as text):
            return text
        case ast.Attribute() if "Reduction." in ast.unparse(node):
            return "reduction"
    return None


def _effect(role: Role, call: CallSite, major: int) -> str:
    if role is Role.LOSS and major >= 3 and len(call.node.args) == 1:
        return "the loss is averaged as if none had been given"
    return "making one raises"
