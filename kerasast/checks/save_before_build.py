"""Saving a model that has no weights yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kerasast.checks._known_inputs import build_first
from kerasast.checks._savers import SAVERS, is_saver, variables_given
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.early_weights import has_early_weights
from kerasast.flow.events import ExternalCall, ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Kind, ObjectId, ObjectState, Ref, Tri, Value, WeightsOf
from kerasast.flow.weights import has_weights_to_build, holds_built_parts, may_have_weights
from kerasast.registry import FixAvailability, rule

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView

_HDF5 = (".h5", ".hdf5")
_EMPTY = "writes a file without any weights"


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall, ExternalCall),
    names=("export", "get_weights", "save", "save_weights", "tensorflow.saved_model.save", *SAVERS),
    calls=("Saver", "export", "get_weights", "save", "save_model", "save_weights"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def save_before_build(ctx: Context, event: ModelCall | ExternalCall) -> Iterator[Diagnostic]:
    if isinstance(event, ModelCall):
        outcome = _outcome(ctx, event)
        target, state, name = event.target, event.before, event.method
    else:
        found = _saved_object(event)
        if found is None:
            return
        target, name, outcome = found
        state = event.view.state(target)
    if outcome is None or not _is_unbuilt(state):
        return
    # Keras 3 asks the model, not the layers that it holds.
    asks_model = outcome == "saves nothing" and state.kind is Kind.SUBCLASSED
    if not asks_model and holds_built_parts(event.view, target):
        if outcome != _EMPTY or not _is_partly_built(ctx, event.view, target):
            return
        outcome = "writes a file that lacks weights"
    if not may_have_weights(event.view, target, ctx.keras):
        return
    # What Keras refuses to save it refuses whatever weights there are.
    refused = outcome in ("fails", "saves nothing") and state.kind is not Kind.SEQUENTIAL
    if not refused and has_early_weights(event.view, target, ctx.keras):
        return
    yield ctx.report(
        event.node,
        f"`{name}()` {outcome}: nothing has built this model yet",
        story=state.trace,
        help=_help(ctx, state),
        fix=partial(build_first, ctx.source, state, ctx.keras),
    )


def _is_partly_built(ctx: Context, view: WorldView, target: ObjectId) -> bool:
    """Whether a Sequential model holds a built one, and a layer of Keras's whose weights do not exist yet."""
    return view.state(target).kind is Kind.SEQUENTIAL and has_weights_to_build(view, target, ctx.keras)


def _is_unbuilt(state: ObjectState) -> bool:
    return state.kind.is_model and state.built is Tri.NO and not state.escaped


def _saved_object(event: ExternalCall) -> tuple[ObjectId, str, str] | None:
    """The model that a function of TensorFlow saves, how the function is called, and what it does."""
    if is_saver(event):
        values = [argument.value for argument in variables_given(event)]
        owner = next((value.owner for value in values if isinstance(value, WeightsOf)), None)
        return None if owner is None else (owner, "Saver", "is given no variables")
    if event.name != "tensorflow.saved_model.save":
        return None
    argument = event.arguments.get("obj") or next(iter(event.arguments.positional), None)
    if argument is None or not isinstance(argument.value, Ref):
        return None
    return argument.value.id, "tf.saved_model.save", "writes a SavedModel without the model's weights"


def _outcome(ctx: Context, event: ModelCall) -> str | None:
    """What the call does on an unbuilt model, as observed on Keras 2.15.0 and 3.15.1."""
    legacy = ctx.keras.major < 3
    sequential = event.before.kind is Kind.SEQUENTIAL
    path = event.arguments.value("filepath")
    match event.method:
        case "save":
            fails = not _ends(path, ".keras", *(() if legacy else _HDF5))
            return "fails" if fails else _EMPTY
        case "save_weights" if legacy:
            fails = sequential and not _ends(path, ".weights.h5")
            return "fails" if fails else _EMPTY
        case "save_weights":
            return "saves nothing"
        case "export":
            return "fails"
        case "get_weights":
            return "fails" if legacy and sequential else "returns an empty list"
    return None


def _ends(path: Value | None, *endings: str) -> bool:
    suffix = known_suffix(path)
    return suffix is None or suffix.endswith(endings)


def _help(ctx: Context, state: ObjectState) -> str:
    if state.kind is Kind.SEQUENTIAL:
        return "begin the model with `keras.Input(shape=…)`, or call `build()` or the model itself first"
    if ctx.keras.major >= 3:
        return (
            "call the model on a batch of data first; `build()` does not build a subclassed model in Keras 3"
        )
    return "call the model on a batch of data, or its `build()`, first"
