"""Using a preprocessing layer that has neither a vocabulary nor statistics."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.custom_objects import saved_parts
from kerasast.flow.events import ModelCall
from kerasast.flow.preprocessing import GIVEN, has_vocabulary, starts_empty
from kerasast.flow.values import Const, External, Kind, ObjectState, Tri, Value
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_USES = frozenset({"evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch"})

_DATA = frozenset({"numpy.array()", "numpy.asarray()", "tensorflow.constant()"})


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("__call__", *_USES),
    calls=(*_USES, *(name.rpartition(".")[2] for name in GIVEN)),
    since="0.1",
)
def unadapted_layer(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    layer = _empty_layer(event)
    if layer is None:
        return
    name = (layer.api or "").rpartition(".")[2]
    what, effect, severity = _consequence(layer, ctx.keras)
    yield ctx.report(
        event.node,
        f"{_use(event)} the `{name}` layer before it has {what}: {effect}",
        story=(*layer.trace, *(step for step in event.story if step not in layer.trace)),
        help=_help(layer),
        severity=severity,
    )


def _empty_layer(event: ModelCall) -> ObjectState | None:
    """A layer that this call runs and that knows nothing of the data for certain, if there is one."""
    state = event.before
    if event.method == "__call__":
        given = [argument.value for argument in event.arguments.positional[:1]]
        is_run = has_vocabulary(state) and any(_is_data(event, value) for value in given)
        return state if is_run and _is_empty(state) else None
    if event.method not in _USES or state.kind not in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
        return None
    held = (event.view.state(item) for item in saved_parts(event.view, event.target))
    return next((part for part in held if _is_empty(part)), None)


def _is_empty(state: ObjectState) -> bool:
    return state.adapted is Tri.NO and not state.escaped and not state.attributes and starts_empty(state)


def _is_data(event: ModelCall, value: Value) -> bool:
    """Whether a value is no symbolic tensor for certain: a list of strings or numbers, or an array of such."""
    if isinstance(value, External):
        return value.name in _DATA
    items = event.view.items(value)
    return bool(items) and all(
        isinstance(item, Const) or (event.view.items(item) is not None and _is_data(event, item))
        for item in items or ()
    )


def _consequence(layer: ObjectState, version: KerasVersion) -> tuple[str, str, Severity]:
    """What a layer lacks, what its use leads to, and how bad that is: observed on Keras 2.15.0 and 3.15.1."""
    if has_vocabulary(layer):
        return "a vocabulary", "it raises an exception", Severity.ERROR
    if layer.api == "keras.layers.Normalization":
        return "a mean and a variance", "it normalises nothing", Severity.WARNING
    if version.major >= 3:
        return "its boundaries", "it raises an exception", Severity.ERROR
    return "its boundaries", "everything falls into one bin", Severity.WARNING


def _use(event: ModelCall) -> str:
    return "this call uses" if event.method == "__call__" else f"`{event.method}()` uses"


def _help(layer: ObjectState) -> str:
    if has_vocabulary(layer):
        return (
            "call `adapt()` on the layer first, or pass `vocabulary=`; files of weights have no vocabulary, "
            "a model saved as `.keras` has it"
        )
    return "call `adapt()` on the layer with the training data first"
