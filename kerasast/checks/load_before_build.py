"""Loading weights into a model that has no variables yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._known_inputs import build_first
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.early_weights import has_early_weights
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Kind, Tri
from kerasast.flow.weights import has_weights_to_build, holds_built_parts, may_have_weights
from kerasast.registry import FixAvailability, rule

_IN_PLACE = (".h5", ".hdf5", ".keras")
"""Endings of the files that Keras 2 reads at once; it restores TensorFlow checkpoints when variables appear."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("load_weights", "set_weights", "restore"),
    calls=("load_weights", "restore", "set_weights"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def load_before_build(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method == "restore":
        yield from _restore(ctx, event)
        return
    if event.method not in ("load_weights", "set_weights") or not before.kind.is_model:
        return
    if before.built is not Tri.NO or before.escaped or _is_deferred(ctx, event):
        return
    if event.method == "load_weights" and ctx.keras.major < 3 and holds_built_parts(event.view, event.target):
        partly = before.kind is Kind.SEQUENTIAL and has_weights_to_build(event.view, event.target, ctx.keras)
        if not partly:
            return
    if not may_have_weights(event.view, event.target, ctx.keras):
        return
    # Keras 3 refuses to load the weights of what is not built from a file, whatever weights it has.
    refused = ctx.keras.major >= 3 and event.method == "load_weights"
    if not refused and has_early_weights(event.view, event.target, ctx.keras):
        return
    if before.kind is Kind.SEQUENTIAL:
        help = "begin the model with `keras.Input(shape=…)`, or call `build()` or the model itself first"
    elif ctx.keras.major >= 3:
        help = (
            "call the model on a batch of data first; `build()` does not build a subclassed model in Keras 3"
        )
    else:
        help = "call the model on a batch of data, or its `build()`, first"
    yield ctx.report(
        event.node,
        f"`{event.method}()` has nothing to load into: nothing has built this model yet",
        story=event.story,
        help=help,
        fix=partial(build_first, ctx.source, before, ctx.keras),
    )


def _restore(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    """`tf.train.Checkpoint.restore`: Keras 2 puts it off until there are variables, Keras 3 in a Sequential only."""
    before = event.before
    if (
        ctx.keras.major < 3
        or before.kind is not Kind.SUBCLASSED
        or before.built is not Tri.NO
        or before.escaped
    ):
        return
    if holds_built_parts(event.view, event.target):
        return
    if has_weights_to_build(event.view, event.target, ctx.keras):
        yield ctx.report(
            event.node,
            "`restore()` finds no variables in this model, which nothing has built yet: Keras 3 does not restore "
            "them later",
            story=event.story,
            help="call the model on a batch of data before `restore()`; `assert_consumed()` tells what is missing",
            fix=partial(build_first, ctx.source, before, ctx.keras),
        )


def _is_deferred(ctx: Context, event: ModelCall) -> bool:
    """Whether this is, or may be, a TensorFlow checkpoint, whose restoration Keras 2 puts off."""
    if ctx.keras.major >= 3 or event.method != "load_weights":
        return False
    suffix = known_suffix(event.arguments.value("filepath"))
    return suffix is None or not suffix.endswith(_IN_PLACE)
