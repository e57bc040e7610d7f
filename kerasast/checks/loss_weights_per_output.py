"""`loss_weights` of another length than there are losses or outputs."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import is_compile, item_count, output_count
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind
from kerasast.registry import rule


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    text=r"loss_weights\s*=",
    since="0.1",
)
def loss_weights_per_output(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    argument, loss = event.arguments.get("loss_weights"), event.arguments.value("loss")
    if argument is None or not is_compile(event, ctx.keras) or event.before.kind is not Kind.FUNCTIONAL:
        return
    weights = item_count(event, argument.value, Kind.LIST)
    outputs, losses = output_count(event), item_count(event, loss, Kind.LIST, Kind.DICT)
    message = None
    if ctx.keras.major >= 3:
        if not losses and isinstance(loss, Const) and isinstance(loss.value, str):
            losses = 1
        if losses and weights and losses != weights:
            word = "losses" if losses > 1 else "loss"
            message = (
                f"`loss_weights` are {weights} for {losses} {word}: Keras 3 wants one for each, and raises"
            )
    elif weights and weights < outputs:
        message = f"`loss_weights` are {weights} for {outputs} outputs: the others are not trained"
    if message is not None and not is_guarded(ctx, event.node):
        yield ctx.report(
            place_of(argument, event.node),
            message,
            story=event.story,
            help="give a loss and a weight for each output",
        )
