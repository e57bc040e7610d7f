"""Training a model that has no trainable weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import holds_only_layers
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Tri
from kerasast.registry import rule

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView

_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})

_SIMPLE = """
ActivityRegularization Add AlphaDropout Average CenterCrop Concatenate Dot Dropout ELU Flatten GaussianDropout
GaussianNoise Identity InputLayer LeakyReLU Masking Maximum Minimum Multiply Permute RandomBrightness
RandomContrast RandomCrop RandomFlip RandomHeight RandomRotation RandomTranslation RandomWidth RandomZoom ReLU
RepeatVector Rescaling Reshape Resizing Softmax Subtract ThresholdedReLU UnitNormalization
"""
_FOR_EACH_RANK = """
AveragePooling AvgPool Cropping GlobalAveragePooling GlobalAvgPool GlobalMaxPool GlobalMaxPooling MaxPool
MaxPooling SpatialDropout UpSampling ZeroPadding
"""
_WEIGHTLESS = frozenset(
    [f"keras.layers.{name}" for name in _SIMPLE.split()]
    + [f"keras.layers.{name}{rank}D" for name in _FOR_EACH_RANK.split() for rank in (1, 2, 3)]
)
"""Layers without variables that training could change: read from instances in Keras 2.15.0 and 3.15.1."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_TRAINING,
    calls=_TRAINING,
    since="0.1",
)
def nothing_to_train(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method not in _TRAINING or not before.kind.is_model or before.escaped:
        return
    if before.compiled is not Tri.YES or _ignores_flags(ctx, event):
        return
    if "train_step" in before.attributes:
        return
    if before.cls is not None:
        lineage = ancestry(before.cls, ctx.keras)
        if not lineage.complete or any(lineage.defines(name) for name in (event.method, "train_step")):
            return
    if not is_frozen(event.view, event.target) and can_train(ctx, event.view, event.target):
        return
    frozen = any(
        event.view.state(item).trainable is Tri.NO
        for item in (event.target, *event.view.contents(event.target))
    )
    why = "every layer that has some is frozen" if frozen else "none of its layers has weights"
    shared = frozen and _is_in_compiled_model(event)
    yield ctx.report(
        event.node,
        f"`{event.method}()` trains a model that has no trainable weights: {why}",
        story=event.story,
        help=_HELP_SHARED if shared else _HELP_FROZEN if frozen else _HELP_WEIGHTLESS,
        severity=None if shared else Severity.WARNING,
    )


def _ignores_flags(ctx: Context, event: ModelCall) -> bool:
    """Whether this trains what was trainable before, as `trainable-after-compile` says."""
    before = event.before
    return before.frozen_late is not None and (ctx.keras.major < 3 or event.method in before.fixed)


_HELP_SHARED = (
    "set `trainable = True` before this call, and `False` again before the model around it is trained"
)
_HELP_FROZEN = "leave the layers that are to learn trainable when the model is compiled"
_HELP_WEIGHTLESS = "add a layer that has weights, or do not train this model"


def _is_in_compiled_model(event: ModelCall) -> bool:
    """Whether it was frozen for a model around it, like the discriminator of a GAN, and is meant to learn here."""
    states = map(event.view.state, event.view.owners(event.target))
    return any(state.kind.is_model and state.compiled is Tri.YES for state in states)


def is_frozen(view: WorldView, model: ObjectId) -> bool:
    """Whether the model itself is frozen: then nothing in it is trained, whatever its layers say."""
    return view.state(model).trainable is Tri.NO


def can_train(ctx: Context, view: WorldView, target: ObjectId) -> bool:
    """Whether a layer or model may bring a trainable weight into a model; true unless the opposite is certain."""
    state = view.state(target)
    if state.escaped:
        return True
    if state.trainable is Tri.NO and state.kind is Kind.LAYER:
        return False
    if state.kind is Kind.SUBCLASSED and state.layers_trainable is Tri.NO and state.cls is not None:
        return not holds_only_layers(class_facts(state.cls, ctx.keras))
    if state.trainable is Tri.NO and state.layers_trainable is Tri.NO:
        # The parts are asked as well: `Model(base.input, …)` takes the layers of a frozen base one by one.
        return any(view.state(part).trainable is not Tri.NO for part in view.contents(target))
    if state.kind in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
        return not state.complete or any(can_train(ctx, view, item) for item in state.contents)
    return not _is_weightless(state)


def _is_weightless(state: ObjectState) -> bool:
    if state.cls is not None or state.kind is not Kind.LAYER:
        return False
    if state.api == "keras.layers.Activation":
        # `Activation(layer)` tracks the layer.
        function = state.arguments.get("activation")
        return isinstance(function, Const) and isinstance(function.value, str)
    return state.api in _WEIGHTLESS
