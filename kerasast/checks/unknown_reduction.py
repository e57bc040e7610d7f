"""A `reduction` that the losses of this Keras do not take: `"auto"` in Keras 3, `"mean"` in Keras 2."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined, ObjectCreated
from kerasast.flow.roles import Role, keras_base, role_of
from kerasast.flow.values import ApiValue, Const, Kind, Value
from kerasast.registry import rule

_KNOWN = {
    2: ("auto", "none", "sum", "sum_over_batch_size"),
    3: ("none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"),
}
_REDUCTION = "keras.losses.Reduction."


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ObjectCreated),
    text=r"reduction\s*=",
    since="0.1",
)
def unknown_reduction(ctx: Context, event: ClassDefined | ObjectCreated) -> Iterator[Diagnostic]:
    if isinstance(event, ClassDefined):
        yield from _in_class(ctx, event.facts)
        return
    state, argument = event.state, event.arguments.get("reduction")
    if argument is None or state.kind is not Kind.LOSS or state.cls is not None:
        return
    if not (state.api or "").startswith("keras.losses.") or is_guarded(ctx, event.node):
        return
    name = _unknown(argument.value, ctx.keras.major)
    if name is not None:
        yield _report(ctx, place_of(argument, event.node), name)


def _in_class(ctx: Context, facts: ClassFacts) -> Iterator[Diagnostic]:
    """What a loss class gives to the constructor of `Loss` itself."""
    init = facts.own.get("__init__")
    if role_of(facts) is not Role.LOSS or init is None or not facts.ancestry.complete:
        return
    if keras_base(facts) is not None or len(facts.ancestry.classes) > 1:
        return
    for call in init.super_calls("__init__"):
        for keyword in call.node.keywords:
            if keyword.arg != "reduction" or is_for_one_version(call.guards):
                continue
            value = keyword.value
            given: Value = Const(value.value) if isinstance(value, ast.Constant) else init.resolve(value)
            name = _unknown(given, ctx.keras.major)
            if name is not None:
                yield _report(ctx, value, name)


def _unknown(value: Value, major: int) -> str | None:
    """The name of a reduction that this generation does not know; `None` if it does, or nothing is certain."""
    match value:
        case Const(str() as name):
            pass
        case ApiValue(api) if api.name.startswith(_REDUCTION):
            name = api.name.removeprefix(_REDUCTION).lower()
            if name != "auto":
                return None
        case _:
            return None
    return None if name in _KNOWN[3 if major >= 3 else 2] else name


def _report(ctx: Context, node: ast.AST, name: str) -> Diagnostic:
    wanted = "sum_over_batch_size" if name.lower() in ("auto", "mean") else name.lower()
    known = wanted in _KNOWN[2] and wanted in _KNOWN[3]
    return ctx.report(
        node,
        f'the losses of Keras {ctx.keras.major} have no reduction "{name}": making one raises',
        help=f'pass "{wanted}"' + (", the default of both generations" if wanted != name.lower() else "")
        if known
        else 'pass "sum_over_batch_size", "sum" or "none"',
    )
