"""The best model of a training, and what callbacks make of it.

What a `ModelCheckpoint` takes for the best so far stays from one `fit()` to the next; `EarlyStopping` leaves the model
with the weights of the last epoch unless it is told otherwise (observed on Keras 2.15 and 3.15).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from kerasast.flow.arguments import Arguments
from kerasast.flow.machine import Machine
from kerasast.flow.values import Const, ObjectId, ObjectState, Ref, Tri

FITTED = "fit"
"""Under this key, `ObjectState.fixed` of a checkpoint holds the first model that it was used for, and its layers."""


def note_best(machine: Machine, model: Ref, callback: Ref, node: ast.AST) -> None:
    """Note that `model` is trained with a checkpoint."""
    state = machine.world.state(callback.id)
    if state.escaped or state.fixed or state.arguments.get("save_best_only") != Const(True):
        return
    parts = (model.id, *machine.world.contents(model.id))
    step = machine.step(node, "the checkpoint is used for another model here")
    flags = tuple((part, Tri.MAYBE, Tri.MAYBE) for part in parts)
    machine.world.update(callback.id, fixed={FITTED: flags}, trace=(step,))
    machine.bound.add(callback.id)


def first_model(callback: ObjectState) -> tuple[ObjectId, ...]:
    """The first model that a checkpoint was used for, and its layers; empty if there is none, or it is not certain."""
    return tuple(part for part, _, _ in callback.fixed.get(FITTED, ()))


_ELSEWHERE = frozenset(
    f"keras.callbacks.{name}"
    for name in ("BackupAndRestore", "Callback", "LambdaCallback", "ModelCheckpoint", "SwapEMAWeights")
)
"""Callbacks that may keep or restore the best model, or do anything."""


def keeps_last_weights(callbacks: Sequence[ObjectState], arguments: Arguments) -> bool:
    """Whether `fit()` with just these callbacks may stop early, and then leaves the model as it is.

    It certainly watches validation data, and has more epochs than early stopping waits for.
    """
    epochs = arguments.value("epochs")
    if epochs is None or all(arguments.value(name) in (None, Const(None)) for name in _VALIDATION):
        return False
    if any(state.cls is not None or state.escaped or state.api in _ELSEWHERE for state in callbacks):
        return False
    return any(state.api == "keras.callbacks.EarlyStopping" and _stops(state, epochs) for state in callbacks)


_VALIDATION = ("validation_data", "validation_split")


def _stops(state: ObjectState, epochs: object) -> bool:
    """Whether an `EarlyStopping` on validation data waits for some epochs, and restores nothing."""
    monitor = state.arguments.get("monitor", Const("val_loss"))
    patience = state.arguments.get("patience")
    if not state.arguments_complete or state.attributes or not isinstance(patience, Const):
        return False
    if not isinstance(monitor, Const) or not str(monitor.value).startswith("val_"):
        return False
    if state.arguments.get("restore_best_weights", Const(False)) != Const(False):
        return False
    waits = patience.value
    if not isinstance(waits, int) or waits < 2:
        return False
    return not isinstance(epochs, Const) or (isinstance(epochs.value, int) and epochs.value > waits)
