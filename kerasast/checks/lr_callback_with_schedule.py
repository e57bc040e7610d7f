"""A callback that sets the learning rate of an optimizer which has a schedule of its own."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import FITS, known_callbacks
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind, ObjectState, Tri
from kerasast.registry import rule

_EFFECTS = {
    "LearningRateScheduler": ("`fit()` raises `TypeError`", "it has no effect"),
    "ReduceLROnPlateau": ("`fit()` raises `TypeError` when it is to reduce the rate", "it has no effect"),
}
"""What comes of it in Keras 3, and in Keras 2."""

_SCHEDULE = "keras.optimizers.schedules.LearningRateSchedule"


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=FITS,
    calls=FITS,
    keras=">=2.11",
    since="0.1",
)
def lr_callback_with_schedule(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    state = event.before
    if event.method not in FITS or state.compiled is not Tri.YES or state.escaped:
        return
    optimizer = event.view.state_of(state.compile_arguments.get("optimizer"))
    if optimizer is None or optimizer.kind is not Kind.OPTIMIZER or not _is_plain(optimizer):
        return
    rate = event.view.state_of(optimizer.arguments.get("learning_rate"))
    if rate is None or not _is_schedule(ctx, rate):
        return
    for callback in known_callbacks(event.view, event.arguments.value("callbacks")):
        name = (callback.api or "").removeprefix("keras.callbacks.")
        if name in _EFFECTS and callback.cls is None:
            effect = _EFFECTS[name][0 if ctx.keras.major >= 3 else 1]
            yield ctx.report(
                callback.created if callback.created is not None and not callback.foreign else event.node,
                f"`{name}` cannot set a learning rate that follows a schedule: {effect}",
                story=(
                    *event.story,
                    ctx.step(event.node, "trained here, with an optimizer that has a schedule"),
                ),
                help="give the optimizer a number as its `learning_rate`, or leave the callback out",
                severity=Severity.ERROR if ctx.keras.major >= 3 else Severity.WARNING,
            )


def _is_plain(optimizer: ObjectState) -> bool:
    """Whether it is one of Keras's as it was made; the legacy ones treat schedules in another way."""
    if optimizer.cls is not None or optimizer.escaped or "legacy" in (optimizer.api or ""):
        return False
    return not {"learning_rate", "lr", "_learning_rate"} & optimizer.attributes.keys()


def _is_schedule(ctx: Context, rate: ObjectState) -> bool:
    if rate.cls is not None:
        return ancestry(rate.cls, ctx.keras).derives(_SCHEDULE)
    return (rate.api or "").startswith("keras.optimizers.schedules.")
