"""`trainable` flags: what is frozen, and which compiled models it comes too late for."""

from __future__ import annotations

import ast

from kerasast.diagnostics import Step
from kerasast.flow.machine import Machine
from kerasast.flow.values import Const, LayersOf, ObjectId, Ref, Tri, Value
from kerasast.flow.world import extend_trace


def set_trainable(machine: Machine, target: Ref | LayersOf, item: Value, node: ast.AST) -> None:
    """`target.trainable = item`.

    Keras 2.15 collects the trainable weights in `compile()`; Keras 3.15 when training begins. A change after that
    has no effect until the next `compile()` (observed on both).
    """
    flag = Tri.of(bool(item.value)) if isinstance(item, Const) else Tri.MAYBE
    word = {Tri.YES: "unfrozen", Tri.NO: "frozen", Tri.MAYBE: "frozen or unfrozen"}[flag]
    if isinstance(target, Ref):
        state = machine.world.state(target.id)
        if flag is not Tri.MAYBE and state.trainable is flag and state.layers_trainable is flag:
            return  # Nothing changes.
        step = machine.step(node, f"{word} here")
        changed = [target.id, *machine.world.contents(target.id)]
        for part in changed:
            machine.world.update(part, trainable=flag, layers_trainable=flag)
    else:
        step = machine.step(
            node, f"some of its layers are {word} here" if target.sliced else f"its layers are {word} here"
        )
        changed = [target.owner]
        part_flag = Tri.MAYBE if target.sliced else flag
        machine.world.update(target.owner, layers_trainable=part_flag)
        for part in machine.world.contents(target.owner):
            machine.world.update(part, trainable=part_flag, layers_trainable=part_flag)
    origin = target.id if isinstance(target, Ref) else target.owner
    _note_late(machine, origin, step)


def _note_late(machine: Machine, changed: ObjectId, step: Step) -> None:
    for owner in (changed, *machine.world.owners(changed)):
        state = machine.world.state(owner)
        if not state.kind.is_model:
            continue
        fixed = state.trained if machine.version.major >= 3 else Tri.YES
        late = state.compiled is Tri.YES and fixed is Tri.YES
        machine.world.update(
            owner, trace=extend_trace(state, step), frozen_late=step if late else state.frozen_late
        )
