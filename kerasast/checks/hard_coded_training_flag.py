"""`layer(x, training=…)` in a functional model, which Keras 3 overrides while it trains or predicts."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Tensor, Tri
from kerasast.flow.world import WorldView
from kerasast.registry import rule

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})
_PREDICTING = frozenset({"predict", "predict_on_batch"})

_BATCH_NORM = "keras.layers.BatchNormalization"

_WITHOUT_BATCH_NORM = frozenset(
    f"keras.applications.{name}"
    for name in (
        *("VGG16", "VGG19"),
        *(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
    )
)
"""The pre-trained models of Keras 3.15 that hold no `BatchNormalization`; all others do."""

_RANDOM = frozenset(
    f"keras.layers.{name}"
    for name in (
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        *("GaussianDropout", "GaussianNoise", "AlphaDropout"),
    )
)


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("__call__", *_TRAINING, *_PREDICTING),
    calls=_TRAINING | _PREDICTING,
    keras=">=3,<3.16",
    since="0.1",
)
def hard_coded_training_flag(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    model = event.before
    if model.kind is not Kind.FUNCTIONAL or model.cls is not None or model.escaped:
        return
    trains = event.method in _TRAINING and model.compiled is Tri.YES and model.frozen_late is None
    if not trains and event.method not in _PREDICTING and not _is_training_call(event):
        return
    flag = event.method in _PREDICTING
    for part in event.view.contents(event.target):
        state = event.view.state(part)
        call = state.graph_call
        if call is None or call.training is not flag:
            continue
        layer = _overridden(event.view, part, flag, model)
        if layer is not None:
            yield _report(ctx, event, state, layer)


def _is_training_call(event: ModelCall) -> bool:
    """Whether a model is called as a training loop of the user's own does."""
    given = event.arguments.value("training")
    inputs = [item.value for item in event.arguments.positional]
    in_graph = any(isinstance(value, Tensor) and value.symbolic is Tri.YES for value in inputs)
    return event.method == "__call__" and given == Const(True) and not in_graph


def _overridden(view: WorldView, part: ObjectId, flag: bool, model: ObjectState) -> str | None:
    """The name of a layer in `part` that does something else than `flag` says; `None` if none certainly does."""
    pending = [part]
    while pending:
        target = pending.pop()
        state = view.state(target)
        if state.escaped or state.cls is not None:
            continue
        name = (state.api or "").rpartition(".")[2]
        if state.kind in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
            pending.extend(state.contents)
            if not flag and _is_normalised(state) and _is_trainable(state, model):
                return "BatchNormalization"
        elif _is_random(state) if flag else state.api == _BATCH_NORM and _is_trainable(state, model):
            return name
    return None


def _is_trainable(state: ObjectState, model: ObjectState) -> bool:
    return all(value is Tri.YES for value in (state.trainable, state.layers_trainable, model.trainable))


def _is_normalised(state: ObjectState) -> bool:
    """Whether a model is one of Keras's pre-trained ones that hold `BatchNormalization`."""
    api = state.api or ""
    return api.startswith("keras.applications.") and api not in _WITHOUT_BATCH_NORM


def _is_random(state: ObjectState) -> bool:
    """Whether a layer does something else in training, of which it keeps no account."""
    if state.api not in _RANDOM:
        return state.api == _BATCH_NORM
    given = state.arguments.get("stddev" if state.api.endswith("GaussianNoise") else "rate")
    return state.arguments_complete and given not in (None, Const(0), Const(0.0))


def _report(ctx: Context, event: ModelCall, state: ObjectState, layer: str) -> Diagnostic:
    assert state.graph_call is not None
    call = state.graph_call.step
    method = "`training=True`" if event.method == "__call__" else f"`{event.method}()`"
    if event.method in _PREDICTING:
        message = (
            f"`training=True` does not hold for `{layer}`: in Keras 3 {method} overrides it with `False`"
        )
        help = "call `model(x, training=True)` instead, or give the flag in the `call` of a layer of your own"
    else:
        message = f"`training=False` does not hold for `{layer}`: in Keras 3 {method} updates its statistics"
        help = "set `trainable = False` on the `BatchNormalization` layers before `compile()`"
    if call.path != ctx.source.path:
        return ctx.report(event.node, message, story=(*event.story, call), help=help)
    used = ctx.step(event.node, f"overridden by {method} here")
    story = tuple(step for step in event.story if step.span not in (call.span, used.span))
    return ctx.report(call.span, message, story=(*story, used), help=help)
