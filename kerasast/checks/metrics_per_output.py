"""A list of metrics for a model with several outputs, which Keras 3 takes for one entry for each output."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import is_compile
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind, Ref, Tensor, TupleValue, Value
from kerasast.registry import rule


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    calls=("compile",),
    keras=">=3",
    since="0.1",
)
def metrics_per_output(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras) or event.before.kind is not Kind.FUNCTIONAL or event.before.escaped:
        return
    # A list or dict of losses must have one for each output.
    outputs = _length(event, event.arguments.value("loss"), Kind.LIST, Kind.DICT) or _outputs(event)
    if outputs < 2:
        return
    for parameter in ("metrics", "weighted_metrics"):
        argument = event.arguments.get(parameter)
        length = 0 if argument is None else _length(event, argument.value, Kind.LIST)
        if argument is not None and length not in (0, outputs) and not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(argument, event.node),
                f"`{parameter}` is a list of {length} for a model with {outputs} outputs:"
                " Keras 3 wants one entry for each output, and raises",
                help="give it a dict from the names of the outputs to their metrics, or a list of lists",
            )


def _outputs(event: ModelCall) -> int:
    """How many outputs a functional model certainly has; 0 if that is not known."""
    outputs = event.before.arguments.get("outputs")
    length = _length(event, outputs, Kind.LIST)
    return length if all(isinstance(item, Tensor) for item in event.view.items(outputs) or ()) else 0


def _length(event: ModelCall, value: Value | None, *kinds: Kind) -> int:
    """How many items a container of one of these kinds certainly has; 0 if that is not known."""
    if isinstance(value, TupleValue) or (isinstance(value, Ref) and event.view.state(value.id).kind in kinds):
        return len(event.view.items(value) or ())
    return 0
