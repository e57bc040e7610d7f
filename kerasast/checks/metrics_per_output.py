"""A list of metrics for a model with several outputs, which Keras 3 takes for one entry for each output."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import is_compile, item_count, output_count
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind
from kerasast.registry import rule


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    keras=">=3",
    since="0.1",
)
def metrics_per_output(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras) or event.before.kind is not Kind.FUNCTIONAL or event.before.escaped:
        return
    # A list or dict of losses must have one for each output.
    outputs = item_count(event, event.arguments.value("loss"), Kind.LIST, Kind.DICT) or output_count(event)
    if outputs < 2:
        return
    for parameter in ("metrics", "weighted_metrics"):
        argument = event.arguments.get(parameter)
        length = 0 if argument is None else item_count(event, argument.value, Kind.LIST)
        if argument is not None and length not in (0, outputs) and not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(argument, event.node),
                f"`{parameter}` is a list of {length} for a model with {outputs} outputs:"
                " Keras 3 wants one entry for each output, and raises",
                help="give it a dict from the names of the outputs to their metrics, or a list of lists",
            )
