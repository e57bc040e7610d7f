"""Losses, metrics or weights for an output that the model does not have."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import is_compile, output_names
from kerasast.checks._guards import is_guarded
from kerasast.checks._wording import listed
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
    text=r"(?:loss|metrics)\s*=\s*(?:\{|dict\(|\w)",
    since="0.1",
)
def unknown_output_name(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    for parameter in ("loss", "metrics", "weighted_metrics"):
        argument = event.arguments.get(parameter)
        state = event.view.state_of(argument.value) if argument is not None else None
        if argument is None or state is None or state.kind is not Kind.DICT:
            continue
        if not state.complete or state.escaped or not state.keys:
            continue
        names = output_names(event)
        wrong = [key for key in state.keys if isinstance(key, str) and key not in names]
        if len(names) > 1 and wrong and not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(argument, event.node),
                f"the model has no output {listed(wrong)}, which raises: its outputs are called {listed(names)}",
                story=event.story,
                help="an output has the name of the layer that it comes from",
            )
