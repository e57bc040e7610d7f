"""Checkpoints of the best model: what they take for the best so far stays from one `fit()` to the next.

Observed on Keras 2.15 and 3.15.
"""

from __future__ import annotations

import ast

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
