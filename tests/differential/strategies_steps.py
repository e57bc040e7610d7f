"""Draws what is done with a model: mostly what is right, with the mistakes that people make, each at its own rate."""

from __future__ import annotations

from collections.abc import Iterator

from differential.choices import Choices, chance, pick, weigh
from differential.grammar import (
    AdaptStep,
    BuildStep,
    Callback,
    CallbackKind,
    CloneStep,
    CompileStep,
    CopyStep,
    Data,
    EpochsStep,
    Extension,
    FitStep,
    FreezeStep,
    FreshStep,
    LoadModelStep,
    LoadWeightsStep,
    LossName,
    Metrics,
    Optimizer,
    PathStyle,
    SaveStep,
    Step,
    TapeForm,
    TapeStep,
    Target,
    Touch,
    UseStep,
    Validation,
)
from differential.grammar_models import Architecture, Kind, Start


def draw_steps(choices: Choices, model: Architecture, custom: bool) -> Iterator[Step]:
    """What is done with a model, in order."""
    built = model.kind is Kind.FUNCTIONAL or (model.kind is Kind.SEQUENTIAL and model.start is not Start.NONE)
    if model.adaptable and chance(choices, 75):
        yield AdaptStep()
    if chance(choices, 15 if built else 55):
        yield _draw_touch(choices)
    if chance(choices, 22):
        yield _draw_freeze(choices, model, trainable=False)
    trains = chance(choices, 78)
    if chance(choices, 96 if trains else 30):
        yield _draw_compile(choices, model)
    best: Callback | None = None
    if trains:
        for step in _draw_training(choices, model):
            best = _checkpoint_of(step) or best
            yield step
    if chance(choices, 82):
        yield from _draw_saving(choices, custom, best)
    else:
        yield UseStep(pick(choices, ("predict", "__call__", "evaluate" if trains else "predict")))
        if chance(choices, 20):
            yield CopyStep()


def _checkpoint_of(step: Step) -> Callback | None:
    """The checkpoint that a step writes."""
    callbacks = step.callbacks if isinstance(step, FitStep) else ()
    return next((item for item in callbacks if item.kind is CallbackKind.CHECKPOINT), None)


def _draw_compile(choices: Choices, model: Architecture) -> CompileStep:
    losses = {LossName.LONG: 45, LossName.SHORT: 35, LossName.OBJECT: 14, LossName.NONE: 6}
    metrics = {
        Metrics.NONE: 66,
        Metrics.NAME: 18,
        Metrics.OBJECT: 8,
        Metrics.ACCURACY: 5,
        Metrics.BARE: 2,
        Metrics.UNKNOWN: 1,
    }
    optimizers = {
        Optimizer.NAME: 65,
        Optimizer.ADAM: 17,
        Optimizer.OBJECT: 15,
        Optimizer.CLASS: 1,
        Optimizer.LEGACY: 2,
    }
    return CompileStep(weigh(choices, losses), weigh(choices, metrics), weigh(choices, optimizers))


def _draw_touch(choices: Choices) -> BuildStep:
    return BuildStep(weigh(choices, {Touch.CALL: 40, Touch.BUILD: 35, Touch.PREDICT: 10, Touch.SUMMARY: 5}))


def _draw_freeze(choices: Choices, model: Architecture, *, trainable: bool) -> FreezeStep:
    targets = {Target.FIRST: 30, Target.ALL_BUT_LAST: 20, Target.EACH: 8, Target.MODEL: 8}
    if model.kind is not Kind.SUBCLASSED:
        targets[Target.NAMED] = 15
    if model.nested:
        targets[Target.INNER] = 40
    return FreezeStep(weigh(choices, targets), trainable)


# Training


def _draw_training(choices: Choices, model: Architecture) -> Iterator[Step]:
    if chance(choices, 8):
        yield _draw_freeze(choices, model, trainable=False)
    if model.outputs == model.inputs == 1 and chance(choices, 11):
        yield TapeStep(_draw_tape(choices))
        return
    yield _draw_fit(choices, model)
    if chance(choices, 25):
        yield _draw_freeze(choices, model, trainable=chance(choices, 55))
        if chance(choices, 65):
            yield _draw_compile(choices, model)
        yield _draw_fit(choices, model)


def _draw_tape(choices: Choices) -> TapeForm:
    return weigh(
        choices,
        {
            TapeForm.FULL: 40,
            TapeForm.TRAINING: 25,
            TapeForm.EARLY: 12,
            TapeForm.COMPILED: 12,
            TapeForm.MINIMIZE: 6,
            TapeForm.NUMPY: 5,
        },
    )


def _draw_fit(choices: Choices, model: Architecture) -> FitStep:
    if chance(choices, 8):
        return FitStep(on_batch=True)
    single = model.inputs == model.outputs == 1
    data = {Data.ARRAYS: 70, Data.KEYWORDS: 18, Data.DATASET: 10, Data.DATASET_AND_Y: 2}
    return FitStep(
        data=weigh(choices, data) if single else Data.ARRAYS,
        validation=weigh(choices, {Validation.NONE: 72, Validation.DATA: 22, Validation.SPLIT: 6})
        if single
        else Validation.NONE,
        callbacks=tuple(_draw_callbacks(choices)),
        key=weigh(choices, {"loss": 60, "val_loss": 25, "mae": 15}) if chance(choices, 8) else None,
    )


def _draw_callbacks(choices: Choices) -> Iterator[Callback]:
    if chance(choices, 14):
        weights_only = chance(choices, 50)
        best = chance(choices, 35)
        yield Callback(
            CallbackKind.CHECKPOINT,
            _draw_monitor(choices) if best else None,
            _draw_extension(choices, weights_only),
            weights_only,
            best,
        )
    if chance(choices, 10):
        yield Callback(CallbackKind.STOPPING, _draw_monitor(choices))
    if chance(choices, 4):
        yield Callback(CallbackKind.PLATEAU, _draw_monitor(choices))
    if chance(choices, 5):
        yield Callback(CallbackKind.BACKUP)
    if chance(choices, 3):
        yield Callback(CallbackKind.TERMINATE)


def _draw_monitor(choices: Choices) -> str | None:
    return weigh(choices, {"loss": 52, "val_loss": 20, None: 10, "mae": 8, "val_mae": 6, "val_acc": 4})


# Saving and loading


def _draw_extension(choices: Choices, weights_only: bool) -> Extension:
    if weights_only:
        return weigh(
            choices, {Extension.WEIGHTS: 76, Extension.H5: 12, Extension.NONE: 8, Extension.KERAS: 4}
        )
    return weigh(choices, {Extension.KERAS: 84, Extension.H5: 10, Extension.NONE: 4, Extension.WEIGHTS: 2})


def _draw_saving(choices: Choices, custom: bool, best: Callback | None) -> Iterator[Step]:
    weights_only = chance(choices, 45)
    extension = _draw_extension(choices, weights_only)
    if best is None and chance(choices, 5):
        yield EpochsStep(weights_only, extension)
    else:
        yield SaveStep(
            weights_only,
            extension,
            _draw_path(choices),
            function=chance(choices, 8) and not weights_only,
            option=weigh(choices, _OPTIONS) if not weights_only else "",
        )
    if chance(choices, 25):
        return
    checkpoint = best is not None and chance(choices, 60)
    if best is not None and checkpoint:
        weights_only = best.weights_only
    if chance(choices, 2):
        weights_only = not weights_only
    if weights_only:
        yield from _draw_weights_loading(choices, checkpoint)
    else:
        yield LoadModelStep(custom and chance(choices, 45), chance(choices, 70), checkpoint)
    if chance(choices, 60):
        yield UseStep(pick(choices, ("predict", "__call__")))


_OPTIONS = {
    "": 90,
    "overwrite=True": 4,
    'save_format="tf"': 2,
    'save_format="h5"': 2,
    "include_optimizer=False": 2,
}
"""Arguments of `save`."""


def _draw_weights_loading(choices: Choices, checkpoint: bool) -> Iterator[Step]:
    fresh = weigh(choices, {"fresh": 80, "clone": 8, "same": 12})
    if fresh == "fresh":
        yield FreshStep()
    elif fresh == "clone":
        yield CloneStep(with_weights=chance(choices, 50))
    if fresh != "same" and chance(choices, 60):
        yield _draw_touch(choices)
    yield LoadWeightsStep(
        checkpoint,
        weigh(choices, {"": 95, "skip_mismatch=True": 3, "by_name=True": 2}),
        weigh(choices, {"": 97, ".expect_partial()": 3}),
    )


def _draw_path(choices: Choices) -> PathStyle:
    return weigh(
        choices,
        {
            PathStyle.LITERAL: 46,
            PathStyle.CONSTANT: 10,
            PathStyle.FSTRING: 8,
            PathStyle.JOIN: 8,
            PathStyle.PATHLIB: 8,
            PathStyle.VARIABLE: 8,
            PathStyle.SUM: 4,
            PathStyle.FORMAT: 4,
            PathStyle.FOLDER: 4,
        },
    )
