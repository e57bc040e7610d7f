"""`compile(metrics="mae")`: one metric where Keras 3 wants a list."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import is_compile
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ApiValue, Const, FunctionValue, Kind, Ref
from kerasast.registry import rule


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    calls=("compile",),
    keras=">=3",
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
            )
