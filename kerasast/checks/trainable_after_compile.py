"""A change of `trainable` that training does not see."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Tri
from kerasast.registry import rule

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})


@rule(category="training", severity=Severity.ERROR, on=(ModelCall,), calls=_TRAINING, since="0.1")
def trainable_after_compile(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    change = before.frozen_late
    if change is None or event.method not in _TRAINING or before.compiled is not Tri.YES or before.escaped:
        return
    if _runs_eagerly(event) and ctx.keras.major >= 3:
        return
    if ctx.keras.major >= 3 and event.method not in before.fixed:
        return  # Keras reads `trainable` anew when it traces this method for the first time.
    if _is_shared(event):
        return
    story = tuple(step for step in before.trace if step != change)
    since = "trained" if ctx.keras.major >= 3 else "compiled"
    message = f"`{event.method}()` ignores this change of `trainable`: the model was {since} before it"
    help = "call `compile()` again after the change"
    if change.path == ctx.source.path:
        used = ctx.step(event.node, f"`{event.method}()` still trains what was trainable before")
        yield ctx.report(change.span, message, story=(*story, used), help=help)
    else:
        message = message.replace("this change", "a change")
        yield ctx.report(event.node, message, story=before.trace, help=help)


def _is_shared(event: ModelCall) -> bool:
    """Whether what has changed is part of another compiled model too, for which the change may be meant.

    The discriminator of a GAN is frozen for the model around it, and known to train on by itself.
    """
    view = event.view
    now = {part: view.state(part) for part in (event.target, *view.contents(event.target))}
    changed = [
        part
        for flags in event.before.fixed.values()
        for part, trainable, inside in flags
        if part in now and (now[part].trainable, now[part].layers_trainable) != (trainable, inside)
    ]
    return any(
        holder != event.target and view.state(holder).compiled is not Tri.NO
        for part in changed
        for holder in (part, *view.owners(part))
        if view.state(holder).kind.is_model
    )


def _runs_eagerly(event: ModelCall) -> bool:
    """Whether each step reads `trainable` anew: observed on Keras 3.15."""
    before = event.before
    if not before.compile_complete:
        return True
    given = before.compile_arguments.get("run_eagerly", Const(None))
    return not (isinstance(given, Const) and not given.value)
