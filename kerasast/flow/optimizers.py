"""Optimizers: the first training with one binds it to the weights that this trains, for good.

Observed on Keras 2.15 and 3.15: it then raises for any other weight. Fewer weights than it knows are fine.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from kerasast.flow.ancestry import ancestry
from kerasast.flow.machine import Machine, Snapshot
from kerasast.flow.values import Flags, Kind, ObjectId, ObjectState, Ref, Tri
from kerasast.flow.world import WorldView
from kerasast.versions import KerasVersion

BOUND = "apply_gradients"
"""Under this key, `ObjectState.fixed` of an optimizer holds what was trained when it was bound."""

_OWN_STEP = ("fit", "train_step", "train_on_batch", "make_train_function", "optimizer")
"""What a model defines that may use its optimizer in another way."""


def bind_optimizer(machine: Machine, model: Ref, method: str, node: ast.AST) -> None:
    """Note that `model.method()` has trained with the optimizer that the model was compiled with.

    The weights that it is bound to are noted only where all are known.
    """
    state = machine.world.state(model.id)
    given = state.compile_arguments.get("optimizer")
    optimizer = machine.world.state_of(given)
    if not isinstance(given, Ref) or optimizer is None or optimizer.kind is not Kind.OPTIMIZER:
        return
    flags = trained_flags(state, method, machine.version)
    if optimizer.escaped or BOUND in optimizer.fixed or flags is None:
        return
    if not _is_plain(machine, model.id):
        flags = ()
    elif all(trainable is Tri.NO for _, trainable, _ in flags):
        return
    step = machine.step(node, f"`{method}()` binds the optimizer to the weights of this model here")
    machine.world.update(given.id, fixed={BOUND: flags}, trace=(step,))
    machine.bound.add(given.id)


def trained_flags(state: ObjectState, method: str, version: KerasVersion) -> Flags | None:
    """What is trainable for a training method: as `compile()` saw it in Keras 2, as the first training did in 3."""
    return state.fixed.get("compile" if version.major < 3 else "fit" if method.startswith("fit") else method)


def unknown_weights(
    view: WorldView, optimizer: ObjectState, model: ObjectId, flags: Flags
) -> Iterator[tuple[ObjectId, bool]]:
    """The layers that `flags` say are trained with an optimizer that does not know their weights.

    The bool tells those that were part of the model it is bound to, but frozen then.
    """
    bound = {part: trainable for part, trainable, _ in optimizer.fixed.get(BOUND, ())}
    if not bound:
        return
    for part, trainable, inside in flags:
        if part == model or trainable is not Tri.YES or inside is not Tri.YES:
            continue
        if part not in bound or bound[part] is Tri.NO:
            yield part, part in bound


def keep_bound(machine: Machine, iterations: Sequence[Snapshot]) -> None:
    """An optimizer or checkpoint that one iteration of a loop binds to a model is bound in the next."""
    for target in machine.bound:
        for snapshot in iterations:
            state = snapshot.states.get(target)
            if state is not None and state.fixed and not machine.world.state(target).fixed:
                machine.world.update(target, fixed=state.fixed, trace=state.trace)


def _is_plain(machine: Machine, model: ObjectId) -> bool:
    """Whether all layers of a model are known, and Keras alone trains it."""
    for part in (model, *machine.world.contents(model)):
        state = machine.world.state(part)
        is_application = (state.api or "").startswith("keras.applications.")
        if state.kind.is_model and not state.complete and not is_application:
            return False
        if state.escaped and part == model:
            return False
    state = machine.world.state(model)
    if any(name in state.attributes for name in _OWN_STEP):
        return False
    if state.cls is None:
        return True
    lineage = ancestry(state.cls, machine.version)
    return lineage.complete and not any(map(lineage.defines, _OWN_STEP))
