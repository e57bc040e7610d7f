"""`trainable` flags: what is frozen, and which compiled models it comes too late for.

Keras 2.15 keeps the flags as they are in `compile()` and puts them back around every training call. Keras 3.15 reads
them when it traces the training function, which `fit` and `train_on_batch` each do once. A change after that has no
effect until the next `compile()` (observed on both). In Keras 3.15 an assignment of the value that an object's own flag
has already changes nothing, not even the flags of its layers (observed with the TensorFlow backend).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from kerasast.diagnostics import Step
from kerasast.flow.machine import Machine
from kerasast.flow.values import Const, Flags, Kind, LayersOf, ObjectId, Ref, Tri, Value
from kerasast.flow.weights import trains
from kerasast.flow.world import extend_trace


def set_trainable(machine: Machine, target: Ref | LayersOf, item: Value, node: ast.AST) -> None:
    """`target.trainable = item`: also of all that the target holds."""
    flag = Tri.of(bool(item.value)) if isinstance(item, Const) else Tri.MAYBE
    origin = target.id if isinstance(target, Ref) else target.owner
    whole = isinstance(target, Ref)
    unsure = False
    if whole and machine.version.major >= 3:
        own = machine.world.state(origin).trainable
        if own is flag and own is not Tri.MAYBE:
            return
        unsure = own is Tri.MAYBE
    some = isinstance(target, LayersOf) and target.sliced
    state = machine.world.state(origin)
    known = not (whole and state.kind is Kind.LAYER and state.trainable is Tri.MAYBE)
    before = _flags(machine, origin)
    parts = tuple(machine.world.contents(origin))
    _set(machine, parts, flag, some or unsure)
    if whole:
        _set(machine, (origin,), flag, False)
    if not whole:
        inside = machine.world.state(origin).layers_trainable
        machine.world.update(origin, layers_trainable=inside.join(flag) if some else flag)
    if whole and not trains(machine.world, origin, machine.version):
        return  # Nothing in it could be trained.
    if _flags(machine, origin) == before and all(Tri.MAYBE not in flags for flags in before):
        return  # Nothing changes.
    word = {Tri.YES: "unfrozen", Tri.NO: "frozen", Tri.MAYBE: "frozen or unfrozen"}[flag]
    what = "" if whole else "some of its layers are " if some else "its layers are "
    certain = known and flag is not Tri.MAYBE and (not some or _hits(machine, origin))
    _note_late(machine, origin, machine.step(node, f"{what}{word} here"), certain=certain)


def _hits(machine: Machine, model: ObjectId) -> bool:
    """Whether some layers of a model, nobody knows which, may be taken to have weights: not if only one has."""
    state = machine.world.state(model)
    trained = [part for part in state.contents if trains(machine.world, part, machine.version)]
    return not state.complete or len(trained) > 1


def _set(machine: Machine, parts: Iterable[ObjectId], flag: Tri, some: bool) -> None:
    for part in parts:
        state = machine.world.state(part)
        machine.world.update(
            part,
            trainable=state.trainable.join(flag) if some else flag,
            layers_trainable=state.layers_trainable.join(flag) if some else flag,
        )


def fix_flags(machine: Machine, model: ObjectId, method: str) -> None:
    """From now on `method` trains what is trainable in `model` at this moment."""
    state = machine.world.state(model)
    if method not in state.fixed:
        machine.world.update(model, fixed={**state.fixed, method: _flags(machine, model)})


def _flags(machine: Machine, model: ObjectId) -> Flags:
    world = machine.world
    parts = (model, *(part for part in world.contents(model) if trains(world, part, machine.version)))
    states = ((part, world.state(part)) for part in parts)
    return tuple((part, state.trainable, state.layers_trainable) for part, state in states)


def _differ(flags: Flags, fixed: Flags) -> bool:
    """Whether a part that was there when the flags were fixed has others now."""
    then = {part: rest for part, *rest in fixed}
    return any(part in then and then[part] != rest for part, *rest in flags)


def _note_late(machine: Machine, changed: ObjectId, step: Step, *, certain: bool) -> None:
    """Tell the models that hold what has changed; an uncertain change is too late for none of them."""
    for owner in (changed, *machine.world.owners(changed)):
        state = machine.world.state(owner)
        if not state.kind.is_model:
            continue
        flags = _flags(machine, owner)
        late = certain and bool(state.fixed) and all(_differ(flags, fixed) for fixed in state.fixed.values())
        trace = extend_trace(state, step)
        machine.world.update(owner, trace=trace, frozen_late=step if late else None)
