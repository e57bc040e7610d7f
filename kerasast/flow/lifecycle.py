"""Methods of Keras objects: what they do to the life of a model."""

from __future__ import annotations

import ast
from collections.abc import Callable

from kerasast.flow import custom_objects
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.binding import bind_method
from kerasast.flow.checkpoints import keeps_last_weights, note_best
from kerasast.flow.containers import merge_tensors
from kerasast.flow.effects import CHECKPOINT, HARMLESS, Effect, effect_of
from kerasast.flow.events import ModelCall, ObjectCall
from kerasast.flow.hdf5 import note_hdf5
from kerasast.flow.layers_of import named_layer
from kerasast.flow.machine import Machine
from kerasast.flow.optimizers import bind_optimizer
from kerasast.flow.other_files import note_export, note_weights
from kerasast.flow.preprocessing import has_vocabulary
from kerasast.flow.sequential import sequential_changes
from kerasast.flow.text import known_suffix
from kerasast.flow.trainable import fix_flags
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    External,
    GraphCall,
    Kind,
    LayersOf,
    ObjectId,
    ObjectState,
    Ref,
    Tensor,
    Tri,
    Value,
    WeightSet,
    WeightsOf,
)
from kerasast.flow.world import extend_trace


def call_layer(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> Value:
    """`layer(x)`, `model(x)`: it is built now; the tensor that comes out has passed through it."""
    before = machine.world.state(ref.id)
    values = [argument.value for argument in arguments.positional]
    values.extend(argument.value for argument in arguments.bound.values())
    tensor = merge_tensors(machine, values)
    if not arguments.positional and not arguments.bound and arguments.complete:
        return machine.unknown(node)
    _apply(machine, ref, "__call__", node)
    if tensor is not None and tensor.symbolic is Tri.YES:
        _note_graph_call(machine, ref, arguments.value("training"), node)
    _emit(machine, ref, "__call__", before, arguments, node)
    if tensor is None:
        return Tensor(Tri.MAYBE, (ref.id,), complete=False)
    return Tensor(tensor.symbolic, tuple(dict.fromkeys((*tensor.layers, ref.id))), tensor.complete)


def _note_graph_call(machine: Machine, ref: Ref, training: Value | None, node: ast.AST) -> None:
    flag = bool(training.value) if isinstance(training, Const) and training.value in (False, True) else None
    earlier = machine.world.state(ref.id).graph_call
    if earlier is not None and earlier.training is not flag:
        flag = None
    step = machine.step(node, f"called with `training={flag}` here")
    if earlier is None or earlier.training is not flag:
        machine.world.update(ref.id, graph_call=GraphCall(flag, step))


def call_method(machine: Machine, ref: Ref, name: str, arguments: Arguments, node: ast.AST) -> Value:
    """A method that Keras defines, called on an object that is followed."""
    before = machine.world.state(ref.id)
    bound = bind_method(arguments, before.api, name, machine.version)
    if before.api == CHECKPOINT and name in ("restore", "read"):
        _restore(machine, before, bound, node)
    if not before.kind.has_weights:
        if machine.wants(ObjectCall, name) and machine.visible([ref.id]):
            world = machine.world
            machine.emit(
                ObjectCall(machine.anchor(node), name, ref.id, before, bound, machine.enclosing, world)
            )
        if before.kind is Kind.OPTIMIZER and name not in _OF_OPTIMIZERS:
            machine.world.escape(ref)
        return merge_tensors(machine, [item.value for item in bound.positional]) or machine.unknown(node)
    special = _SPECIAL.get(name)
    if special is not None:
        special(machine, ref, bound, node)
    known = _apply(machine, ref, name, node) or special is not None or name in HARMLESS
    if not known:
        _weaken(machine, ref, bound)
    _emit(machine, ref, name, before, bound, node)
    return _result(machine, ref, name, bound, node)


_OF_OPTIMIZERS = frozenset({"get_config", "get_weights", "variables"})
"""Methods of optimizers that do not bind them to weights."""


def note_own_method(machine: Machine, ref: Ref, name: str, node: ast.AST) -> None:
    """A `build` or `call` of the project's own has been followed, for a model or layer that Keras looks after."""
    if machine.world.state(ref.id).kind.has_weights:
        _apply(machine, ref, name, node)


def note_list_change(
    machine: Machine, owner: ObjectId, name: str, arguments: Arguments, node: ast.AST
) -> None:
    """Tell of `model.layers.pop()`, a change of the list that Keras has made for this one use, as `layers.pop`."""
    _emit(machine, Ref(owner), f"layers.{name}", machine.world.state(owner), arguments, node)


def _emit(
    machine: Machine, ref: Ref, method: str, before: ObjectState, arguments: Arguments, node: ast.AST
) -> None:
    if machine.wants(ModelCall, method) and machine.visible([ref.id]):
        after = machine.world.state(ref.id)
        machine.emit(
            ModelCall(
                machine.anchor(node),
                method,
                ref.id,
                before,
                after,
                arguments,
                machine.enclosing,
                machine.world,
            )
        )


def _apply(machine: Machine, ref: Ref, name: str, node: ast.AST) -> bool:
    """Change the state as the table says; false if the table does not know the method."""
    state = machine.world.state(ref.id)
    effect = effect_of(name, state.kind, machine.version)
    if effect is None and name == "build" and _defines_build(machine, state):
        effect = effect_of("build", Kind.LAYER, machine.version)
    if effect is None:
        return name == "build"
    changed = any(getattr(state, field) is not value for field, value in effect.changes.items())
    trace = state.trace
    if effect.told and changed and _worth_telling(state, effect):
        told = effect.told.removeprefix("builds and ") if state.built is Tri.YES else effect.told
        trace = extend_trace(state, machine.step(node, f"`{_shown(name)}` {told} here"))
    bare = None if "learned" in effect.changes else state.bare
    machine.world.update(ref.id, trace=trace, bare=bare, **effect.changes)
    if effect.changes.get("built") is Tri.YES:
        _build_contents(machine, ref)
    return True


def _shown(name: str) -> str:
    return "calling it" if name == "__call__" else f"{name}()"


def _worth_telling(state: ObjectState, effect: Effect) -> bool:
    return state.kind.is_model or "__call__" not in effect.methods


def _defines_build(machine: Machine, state: ObjectState) -> bool:
    if state.cls is None:
        return state.kind is not Kind.SUBCLASSED
    lineage = ancestry(state.cls, machine.version)
    return lineage.defines("build") or not lineage.complete


def _build_contents(machine: Machine, ref: Ref) -> None:
    """A built model's layers are built too: all of a graph's, perhaps those of a subclassed model."""
    state = machine.world.state(ref.id)
    sure = state.kind in (Kind.SEQUENTIAL, Kind.FUNCTIONAL)
    for part in machine.world.contents(ref.id):
        held = machine.world.state(part)
        if held.built is not Tri.YES:
            machine.world.update(part, built=Tri.YES if sure else Tri.MAYBE)


def _weaken(machine: Machine, ref: Ref, arguments: Arguments) -> None:
    """A method that is not known may do anything to the object and to what it is given."""
    state = machine.world.state(ref.id)
    machine.escape(argument.value for argument in arguments.bound.values())
    if state.cls is not None and not ancestry(state.cls, machine.version).complete:
        machine.world.escape(ref)
    machine.world.update(
        ref.id,
        built=state.built.join(Tri.YES),
        compiled=state.compiled.join(Tri.YES),
        has_loss=state.has_loss.join(Tri.YES),
        adapted=state.adapted.join(Tri.YES),
        learned=state.learned.join(Tri.YES),
        bare=None,
        frozen_late=None,
    )


def _result(machine: Machine, ref: Ref, name: str, arguments: Arguments, node: ast.AST) -> Value:
    if name in ("get_layer", "_flatten_layers"):
        note_reached(machine, ref.id)
    match name:
        case "get_weights":
            return WeightsOf(ref.id, WeightSet.ALL, name)
        case "get_layer":
            return named_layer(machine, ref, arguments.value("name")) or LayersOf(
                ref.id, element=True, sliced=True
            )
        case "load_weights" if _loads_at_once(machine, arguments):
            return External("load_weights()")  # It is `None`: whatever is asked of it is told as a call.
        case "_flatten_layers":
            return LayersOf(ref.id)
        case "compile" | "summary" | "add" | "save" | "save_weights" | "build" | "export" | "set_weights":
            return Const(None)
        case "call" | "predict" | "predict_on_batch" | "compute_mask":
            tensor = merge_tensors(machine, [argument.value for argument in arguments.positional])
            return tensor or machine.unknown(node)
        case "fit" | "fit_generator":
            return _history(machine, ref, arguments, node)
    return machine.unknown(node)


def note_reached(machine: Machine, target: ObjectId) -> None:
    """The layers or variables of a model are reached one by one: they may be given weights."""
    if machine.world.state(target).bare is not None:
        machine.world.update(target, bare=None)


def _loads_at_once(machine: Machine, arguments: Arguments) -> bool:
    """Whether weights are read from a file of Keras's, and not from a checkpoint, which has a status to return."""
    suffix = known_suffix(arguments.value("filepath"))
    return machine.version.major >= 3 or (suffix is not None and suffix.endswith((".h5", ".hdf5", ".keras")))


_HISTORY = ("callbacks", "validation_data", "validation_split")
"""The arguments of `fit()` on which it depends what is logged."""


def _history(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> Ref:
    """What `fit()` returns. It holds the model too, but whoever is given it is taken to read only what was logged."""
    given = {name: arguments.bound[name].value for name in _HISTORY if name in arguments.bound}
    model = machine.world.state(ref.id)
    state = ObjectState(
        Kind.CALLBACK,
        api="keras.callbacks.History",
        created=node,
        arguments={**given, "self": ref},
        arguments_complete=arguments.complete,
        compile_arguments=model.compile_arguments,
        compile_complete=model.compile_complete,
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


# Methods that do more than the table can say.

_ADDED_LOSSES = "_losses"
"""The attribute in which Keras keeps what `add_loss()` adds; here it says that there is something."""


def _compile(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    state = machine.world.state(ref.id)
    loss = arguments.value("loss")
    has_loss: Tri
    if loss is None:
        replaced = machine.version.major < 3 and _compiled_with_loss(state)
        has_loss = Tri.of(state.has_loss is Tri.YES and not replaced)
        if state.kind.is_model and state.escaped:
            has_loss = Tri.MAYBE
    elif isinstance(loss, Const):
        has_loss = Tri.of(loss.value is not None)
    else:
        has_loss = Tri.MAYBE if loss == UNKNOWN or not isinstance(loss, Ref) else Tri.YES
    machine.world.update(
        ref.id,
        has_loss=has_loss,
        fixed={},
        frozen_late=None,
        compile_arguments={name: argument.value for name, argument in arguments.bound.items()},
        compile_complete=arguments.complete,
    )
    if machine.version.major < 3:
        fix_flags(machine, ref.id, "compile")


def _compiled_with_loss(state: ObjectState) -> bool:
    """Whether its loss is that of the last `compile()`, which the next one replaces in Keras 2.

    Keras 3.15 keeps a loss until another one is given.
    """
    given = state.compile_arguments.get("loss", Const(None))
    return given != Const(None) and _ADDED_LOSSES not in state.attributes


def _add_loss(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    attributes = machine.world.state(ref.id).attributes
    machine.world.update(ref.id, attributes={**attributes, _ADDED_LOSSES: UNKNOWN})


def _add(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    """`Sequential.add`: a first layer decides whether the model has its weights; more of them only add to it."""
    state = machine.world.state(ref.id)
    layer = arguments.value("layer")
    if state.kind is not Kind.SEQUENTIAL or layer is None:
        return
    items = (*state.items, layer)
    changes = sequential_changes(machine, items)
    if state.built is Tri.YES or (state.built is Tri.MAYBE and changes["built"] is Tri.NO):
        changes["built"] = state.built
    if not state.complete:
        changes["complete"] = False
    machine.world.update(ref.id, **changes)


def _pop(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    state = machine.world.state(ref.id)
    machine.world.update(ref.id, items=state.items[:-1], complete=False)


def _give_weights(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    """`load_weights`, `set_weights`: with these come the statistics of the layers inside, and perhaps vocabularies."""
    if machine.world.state(ref.id).past_best is not None:
        machine.world.update(ref.id, past_best=None)
    path = known_suffix(arguments.value("filepath"))
    no_vocabulary = path is not None and path.endswith((".weights.h5", ".keras"))
    for part in machine.world.contents(ref.id):
        state = machine.world.state(part)
        if state.adapted is Tri.NO and not (no_vocabulary and has_vocabulary(state)):
            machine.world.update(part, adapted=Tri.MAYBE)


def _load_weights(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    """Weights from a file bring the state of the optimizer only if this has one already, or from a TF checkpoint."""
    _give_weights(machine, ref, arguments, node)
    state = machine.world.state(ref.id)
    if state.kind.is_model and _loads_at_once(machine, arguments):
        step = machine.step(node, "weights loaded here")
        machine.world.update(ref.id, restored=step if state.trained is Tri.NO else None)


def _restore(machine: Machine, checkpoint: ObjectState, arguments: Arguments, node: ast.AST) -> None:
    """`checkpoint.restore(path)` is told as a method of each model that the checkpoint holds."""
    for held in checkpoint.attributes.values():
        state = machine.world.state_of(held)
        if isinstance(held, Ref) and state is not None and state.kind.has_weights:
            call_method(machine, held, "restore", arguments, node)


def _train(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    if machine.version.major >= 3:
        fix_flags(machine, ref.id, "train_on_batch")
    bind_optimizer(machine, ref, "train_on_batch", node)
    machine.world.update(ref.id, restored=None, past_best=None)


def _fit(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    if machine.version.major >= 3:
        fix_flags(machine, ref.id, "fit")
    bind_optimizer(machine, ref, "fit", node)
    callbacks = _callbacks(machine, arguments.get("callbacks"))
    last = len(callbacks) == _count(machine, arguments.value("callbacks")) and keeps_last_weights(
        [machine.world.state(callback.id) for callback in callbacks], arguments
    )
    step = machine.step(node, "trained here with early stopping, which does not restore the best weights")
    machine.world.update(ref.id, restored=None, past_best=step if last else None)
    for callback in callbacks:
        state = machine.world.state(callback.id)
        if state.api == "keras.callbacks.ModelCheckpoint" and state.cls is None:
            note_best(machine, ref, callback, node)
            note_hdf5(machine, ref, state.arguments.get("filepath"))
            weights_only = state.arguments.get("save_weights_only", Const(False))
            if weights_only == Const(False):
                custom_objects.note_save(machine, ref, state.arguments.get("filepath"), node)


def _count(machine: Machine, given: Value | None) -> int | None:
    """How many callbacks `fit()` is given; `None` if that is not known."""
    items = machine.world.items(given)
    return int(isinstance(given, Ref)) if items is None else len(items)


def _callbacks(machine: Machine, argument: Argument | None) -> list[Ref]:
    if argument is None:
        return []
    items = machine.world.items(argument.value) or (argument.value,)
    return [
        item for item in items if isinstance(item, Ref) and machine.world.state(item.id).kind is Kind.CALLBACK
    ]


def _save(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    custom_objects.note_save(machine, ref, arguments.value("filepath"), node)
    note_hdf5(machine, ref, arguments.value("filepath"))


def _save_weights(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    note_hdf5(machine, ref, arguments.value("filepath"))
    if machine.world.state(ref.id).kind.is_model:
        note_weights(machine, arguments.value("filepath"), node)


def _export(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    note_export(machine, arguments, node)


def _add_metric(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    """Its metrics are no longer those that it was compiled with."""
    state = machine.world.state(ref.id)
    machine.world.update(ref.id, attributes={**state.attributes, "metrics": UNKNOWN})


_SPECIAL: dict[str, Callable[[Machine, Ref, Arguments, ast.AST], None]] = {
    "add": _add,
    "add_loss": _add_loss,
    "add_metric": _add_metric,
    "compile": _compile,
    "export": _export,
    "fit": _fit,
    "fit_generator": _fit,
    "load_weights": _load_weights,
    "pop": _pop,
    "restore": _give_weights,
    "save": _save,
    "save_weights": _save_weights,
    "set_weights": _give_weights,
    "train_on_batch": _train,
}
