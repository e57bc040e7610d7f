"""`compile(metrics="mae")`: one metric where Keras 3 wants a list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._compile_arguments import is_compile
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import replace, safe, text_of
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ApiValue, Const, FunctionValue, Kind, Ref
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def metrics_not_a_list(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    for parameter in ("metrics", "weighted_metrics"):
        argument = event.arguments.get(parameter)
        if argument is None:
            continue
        value = argument.value
        match value:
            case Const(str()):
                what = f'"{value.value}"'
            case ApiValue() | FunctionValue():
                what = "one metric"
            case Ref(target) if event.view.state(target).kind is Kind.METRIC:
                what = "one metric"
            case Ref(target) if event.view.state(target).kind is Kind.SET:
                what = "a set"
            case _:
                continue
        if not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(argument, event.node),
                f"`{parameter}` is {what}, where Keras 3 wants a list: `compile()` raises",
                help=f"put it in a list: `{parameter}=[…]`" if what != "a set" else "use a list",
                fix=partial(_fix, ctx.source, place_of(argument, event.node), event.node),
            )


def _fix(source: SourceFile, value: ast.AST, call: ast.AST) -> Fix | None:
    """Put what is given in a list; a literal set becomes one."""
    if value is call or not isinstance(value, ast.expr):
        return None
    text = text_of(source, value)
    match value:
        case ast.Set():
            text = text.strip()[1:-1]
        case ast.Constant(value=str()) | ast.Call() | ast.Attribute():
            pass
        case _:
            return None
    return safe("Give a list", replace(source, value, f"[{text}]"))
