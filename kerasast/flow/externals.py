"""Functions outside Keras and the project: Python's own, NumPy's, TensorFlow's, and any other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from kerasast.flow.arguments import Arguments
from kerasast.flow.attributes import get_attribute, set_attribute
from kerasast.flow.binding import bind_names
from kerasast.flow.containers import (
    element_of,
    iterated,
    known_items,
    merge_tensors,
    merged_entries,
    new_container,
)
from kerasast.flow.effects import CHECKPOINT
from kerasast.flow.events import ExternalCall
from kerasast.flow.logs import use_names
from kerasast.flow.machine import Machine
from kerasast.flow.no_tensor import NO_TENSOR
from kerasast.flow.other_files import note_saved_model
from kerasast.flow.scopes import Scope
from kerasast.flow.text import PATH_FUNCTIONS, concatenate
from kerasast.flow.values import (
    UNKNOWN,
    BoundMethod,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Kind,
    LayersOf,
    LogNames,
    ObjectId,
    ObjectState,
    Partial,
    Ref,
    SuperValue,
    Tensor,
    Text,
    TupleValue,
    Unknown,
    Value,
    WeightsOf,
)

_HARMLESS = (
    "builtins.",
    "copy.",
    "gc.",
    "h5py.",
    "joblib.dump",
    "json.",
    "logging.",
    "math.",
    "matplotlib.",
    "os.",
    "pickle.",
    "cloudpickle.",
    "dill.",
    "pprint.",
    "re.",
    "sys.",
    "tensorflow.GradientTape",
    "tensorflow.Variable",
    "tensorflow.config.",
    "tensorflow.data.",
    "tensorflow.io.",
    "tensorflow.math.",
    "tensorflow.print",
    "tensorflow.random.",
    "tensorflow.saved_model.save",
    "tensorflow.summary.",
    "tensorflow.distribute.",
    "time.",
    "typing.",
    "warnings.",
)
"""What does nothing to the life of a Keras object that is given to it, and does not give it back."""

_GIVES_BACK = frozenset(
    f"builtins.{name}" for name in ("filter", "iter", "max", "min", "next", "vars", "object.__getattribute__")
)
"""What may give back a thing that it was given, or a part of it, so that it has another name."""

_RUNS = (".run", ".experimental_run_v2", ".merge_call", ".call_for_each_replica")
"""Methods of `tf.distribute` strategies that call a function with what they are given."""

_MAKES_WEIGHTS = ("tensorflow.compat.v1.layers.", "tensorflow.contrib.", "tensorflow.layers.")

_KEEPS_WEIGHTS = frozenset(
    [
        "builtins.dict",
        "builtins.enumerate",
        "builtins.list",
        "builtins.map",
        "builtins.reversed",
        "builtins.sorted",
        "builtins.tuple",
        "builtins.zip",
        "numpy.array",
        "numpy.asarray",
        "numpy.concatenate",
        "numpy.copy",
        "numpy.stack",
        "copy.copy",
        "copy.deepcopy",
        "tensorflow.keras.backend.batch_get_value",
    ]
)


def call_external(machine: Machine, name: str, arguments: Arguments, node: ast.AST) -> Value:
    """The value of calling a function by its absolute dotted name."""
    handler = _FUNCTIONS.get(name)
    if handler is not None:
        return handler(machine, arguments, node)
    if name in PATH_FUNCTIONS:
        return _path(machine, name, arguments, node)
    values = [argument.value for argument in arguments.positional]
    values.extend(argument.value for argument in arguments.bound.values())
    _tell(machine, name, arguments, values, node)
    if name == "tensorflow.saved_model.save":
        note_saved_model(machine, bind_names(arguments, ("obj", "export_dir")), node)
    if name == CHECKPOINT:
        return _checkpoint(machine, arguments, node)
    if name in _KEEPS_WEIGHTS:
        for value in values:
            if isinstance(value, WeightsOf):
                return value
    nature = _nature(name)
    if nature.harmless:
        machine.escape(value for value in values if isinstance(value, FunctionValue | BoundMethod | Partial))
    else:
        machine.escape(values)
    tensor = merge_tensors(machine, values) if nature.tensor else None
    if tensor is not None:
        return tensor if nature.pure else replace(tensor, complete=False)
    return machine.unknown(node) if nature.result is None else nature.result


class _Nature(NamedTuple):
    """What a name tells of a function: whether it is harmless and pure, may give a tensor, and what it gives else."""

    harmless: bool
    pure: bool
    tensor: bool
    result: External | None


@lru_cache(maxsize=4096)
def _nature(name: str) -> _Nature:
    result = None if name.startswith("builtins.") else External(f"{name}()")
    return _Nature(_is_harmless(name), _is_pure(name), name not in NO_TENSOR, result)


def _is_harmless(name: str) -> bool:
    """Whether a function leaves the objects as they are that it is given. It may call the functions it is given."""
    return name.startswith(_HARMLESS) and name not in _GIVES_BACK and not name.endswith(_RUNS)


def _is_pure(name: str) -> bool:
    """Whether a function of tensors holds no weights of its own."""
    if name.startswith(_MAKES_WEIGHTS) or "()" in name:
        return False
    return name.startswith(("tensorflow.", "numpy.", "builtins."))


def _tell(machine: Machine, name: str, arguments: Arguments, values: list[Value], node: ast.AST) -> None:
    if machine.wants(ExternalCall, name) and machine.visible(_mentioned(machine, values)):
        machine.emit(ExternalCall(machine.anchor(node), name, arguments, machine.enclosing, machine.world))


def _mentioned(machine: Machine, values: list[Value]) -> list[ObjectId]:
    found: list[ObjectId] = []
    for value in values:
        match value:
            case Ref(target) | WeightsOf(owner=target):
                found.append(target)
    return found


def _checkpoint(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`tf.train.Checkpoint(model=model)`: it holds what it is given, and restores it when told to."""
    given = {str(index): argument.value for index, argument in enumerate(arguments.positional)}
    given.update({name: argument.value for name, argument in arguments.bound.items() if argument.keyword})
    state = ObjectState(
        Kind.KERAS,
        api=CHECKPOINT,
        created=node,
        complete=arguments.complete,
        attributes=given,
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


def _manager(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`tf.train.CheckpointManager(checkpoint, …)`: it saves, and may restore if the code says so anywhere."""
    if "restore_or_initialize" in machine.frame.source.code:
        machine.escape(argument.value for argument in arguments.positional)
        machine.escape(argument.value for argument in arguments.bound.values())
    return External("tensorflow.train.CheckpointManager()")


# Python's own functions.


def _super(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    frame = machine.frame
    owner, receiver = frame.cls, frame.receiver
    if len(arguments.positional) == 2:
        given = arguments.positional[0].value
        if isinstance(given, ClassValue):
            owner = given
        receiver = arguments.positional[1].value
    elif receiver is None:
        receiver = next(
            (outer.receiver for outer in reversed(machine.frames) if outer.receiver is not None), None
        )
    if owner is None or receiver is None:
        return UNKNOWN
    return SuperValue(owner, receiver)


def _sequence(kind: Kind) -> Callable[[Machine, Arguments, ast.AST], Value]:
    def make(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
        if not arguments.positional:
            return new_container(machine, node, kind, ())
        value = arguments.positional[0].value
        if isinstance(value, WeightsOf | LayersOf | LogNames | Tensor):
            return value
        items = iterated(machine, value)
        if items is None:
            return new_container(machine, node, kind, known_items(machine, value), complete=False)
        return new_container(machine, node, kind, items)

    return make


def _sorted(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`sorted(…)`: the same items in an order that is not known."""
    made = _sequence(Kind.LIST)(machine, arguments, node)
    if isinstance(made, Ref):
        state = machine.world.state(made.id)
        if all(isinstance(item, Const) for item in state.items):
            machine.world.update(made.id, complete=False)
        else:
            machine.world.escape(made)
    return made


def _reversed(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    made = _sequence(Kind.LIST)(machine, arguments, node)
    if isinstance(made, Ref):
        machine.world.update(made.id, items=machine.world.state(made.id).items[::-1])
    return made


def _tuple(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    if not arguments.positional:
        return TupleValue(())
    value = arguments.positional[0].value
    items = iterated(machine, value)
    if items is not None:
        return TupleValue(items)
    return value if isinstance(value, WeightsOf | LayersOf | LogNames | Tensor) else machine.unknown(node)


def _dict(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    weights = next((item.value for item in arguments.positional if isinstance(item.value, WeightsOf)), None)
    if weights is not None:
        return weights
    complete = arguments.complete
    given: list[ObjectState] = []
    for argument in arguments.positional:
        state = machine.world.state_of(argument.value)
        if state is not None and state.kind is Kind.DICT:
            given.append(state)
            complete = complete and machine.world.items(argument.value) is not None
        else:
            element_of(machine, argument.value)
            complete = False
    named = tuple(argument.value for argument in arguments.bound.values())
    given.append(ObjectState(Kind.DICT, items=named, keys=tuple(arguments.bound)))
    keys, items = merged_entries(*given)
    return new_container(machine, node, Kind.DICT, items, complete=complete, keys=keys)


def _enumerate(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    if not arguments.positional:
        return machine.unknown(node)
    value = arguments.positional[0].value
    if isinstance(value, LogNames):
        use_names(machine, value, "enumerate", None, node)
    if isinstance(value, WeightsOf | External):
        return value
    if isinstance(value, LayersOf):  # One turn of a loop stands for all of them.
        return TupleValue((TupleValue((UNKNOWN, element_of(machine, value))),))
    items = iterated(machine, value)
    if items is not None:
        pairs = tuple(TupleValue((Const(index), item)) for index, item in enumerate(items))
        return new_container(machine, node, Kind.LIST, pairs)
    pair = TupleValue((UNKNOWN, element_of(machine, value)))
    return new_container(machine, node, Kind.LIST, (pair, pair), complete=False)


def _zip(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    values = [argument.value for argument in arguments.positional]
    for value in values:
        if isinstance(value, LogNames):
            use_names(machine, value, "zip", None, node)
    weights = next((value for value in values if isinstance(value, WeightsOf)), None)
    if weights is not None:
        return weights
    if any(isinstance(value, LayersOf) for value in values):  # One turn of a loop stands for all of them.
        return TupleValue((TupleValue(tuple(element_of(machine, value) for value in values)),))
    lists = [iterated(machine, value) for value in values]
    if any(items is None for items in lists):
        for value in values:
            element_of(machine, value)
        return machine.unknown(node)
    rows = zip(*(items for items in lists if items is not None), strict=False)
    return new_container(machine, node, Kind.LIST, tuple(TupleValue(tuple(row)) for row in rows))


def _range(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    numbers = [argument.value for argument in arguments.positional]
    if (
        all(isinstance(value, Const) and isinstance(value.value, int) for value in numbers)
        and 0 < len(numbers) < 4
    ):
        bounds = [value.value for value in numbers if isinstance(value, Const)]
        spread = range(*bounds) if bounds[2:] != [0] else range(0)
        if max(map(abs, bounds)) < 1 << 31 and 0 < len(spread) <= 4:
            return TupleValue(tuple(Const(number) for number in spread))
    return machine.unknown(node)


def _first(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    return arguments.positional[0].value if arguments.positional else machine.unknown(node)


def _text(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    match [argument.value for argument in arguments.positional]:
        case [Const(str()) | Text() as value]:
            return value
        case [Const() | Unknown() as value]:
            return concatenate([value])
    return machine.unknown(node)


def _path(machine: Machine, name: str, arguments: Arguments, node: ast.AST) -> Value:
    """A function of `os.path` or `pathlib`."""
    if not arguments.complete:
        return machine.unknown(node)
    found = PATH_FUNCTIONS[name]([argument.value for argument in arguments.positional])
    return machine.unknown(node) if found == UNKNOWN else found


def _getattr(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    match [argument.value for argument in arguments.positional]:
        case [owner, Const(str(name)), *_]:
            return get_attribute(machine, owner, name, node)
        case values:
            machine.escape(values[:1])
    return machine.unknown(node)


def _setattr(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    match [argument.value for argument in arguments.positional]:
        case [owner, Const(str(name)), value]:
            set_attribute(machine, owner, name, value, node)
        case values:
            machine.escape(values)
    return Const(None)


def _partial(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    if not arguments.positional or not arguments.complete:
        return machine.unknown(node)
    function, *args = (argument.value for argument in arguments.positional)
    keywords = tuple((name, argument.value) for name, argument in arguments.bound.items())
    return Partial(function, tuple(args), keywords)


def _map(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    values = [argument.value for argument in arguments.positional]
    weights = next((value for value in values if isinstance(value, WeightsOf)), None)
    if weights is not None:
        return weights
    machine.escape(values[:1])
    for value in values[1:]:
        element_of(machine, value)
    return machine.unknown(node)


def _len(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    items = machine.world.items(arguments.positional[0].value) if arguments.positional else None
    return machine.unknown(node) if items is None else Const(len(items))


def _isinstance(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    return machine.unknown(node)


def _any_name(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`exec`, `globals()`, …: whatever has a name here may be reached."""
    scope: Scope | None = machine.frame.scope
    while scope is not None:
        # What a function here reads from around it has a name here as well.
        values = [value for value in scope.names.values() if not isinstance(value, FunctionValue)]
        machine.escape(values)
        scope = scope.parent
    return machine.unknown(node)


def _vars(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    if not arguments.positional:
        return _any_name(machine, arguments, node)
    machine.escape(argument.value for argument in arguments.positional)
    return machine.unknown(node)


def _cast(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    return arguments.positional[1].value if len(arguments.positional) == 2 else machine.unknown(node)


def _traced(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`tf.function(f)` does what `f` does; `tf.function(…)` alone is a decorator that changes nothing either."""
    given = [argument.value for argument in arguments.positional]
    function = given[0] if given else arguments.value("func")
    return External("tensorflow.function") if function is None or function == Const(None) else function


def _deepcopy(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    value = arguments.positional[0].value if arguments.positional else UNKNOWN
    if isinstance(value, Ref):
        return machine.world.create(machine.world.state(value.id))
    return value


PICKLED = "numpy.load.allow_pickle()"
"""The name of an `External` that stands for what `numpy.load()` has read from a file that may hold a pickle."""


def _numpy_load(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    machine.escape(argument.value for argument in arguments.positional)
    return External(PICKLED if arguments.value("allow_pickle") == Const(True) else "numpy.load()")


def _update_names(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`get_custom_objects().update({…})`."""
    machine.registered.extend(argument.value for argument in arguments.positional)
    if arguments.bound:
        keys = tuple(arguments.bound)
        machine.registered.append(new_container(machine, node, Kind.DICT, (), keys=keys))
    return Const(None)


_FUNCTIONS: dict[str, Callable[[Machine, Arguments, ast.AST], Value]] = {
    "builtins.dict": _dict,
    "builtins.enumerate": _enumerate,
    "builtins.eval": _any_name,
    "builtins.exec": _any_name,
    "builtins.getattr": _getattr,
    "builtins.globals": _any_name,
    "builtins.isinstance": _isinstance,
    "builtins.iter": _first,
    "builtins.len": _len,
    "builtins.list": _sequence(Kind.LIST),
    "builtins.locals": _any_name,
    "builtins.map": _map,
    "builtins.range": _range,
    "builtins.reversed": _reversed,
    "builtins.set": _sequence(Kind.SET),
    "builtins.setattr": _setattr,
    "builtins.sorted": _sorted,
    "builtins.str": _text,
    "builtins.super": _super,
    "builtins.tuple": _tuple,
    "builtins.vars": _vars,
    "builtins.zip": _zip,
    "collections.OrderedDict": _dict,
    "copy.copy": _deepcopy,
    "copy.deepcopy": _deepcopy,
    "functools.partial": _partial,
    "keras.saving.get_custom_objects().update": _update_names,
    "numpy.load": _numpy_load,
    "tensorflow.function": _traced,
    "tensorflow.identity": _first,
    "tensorflow.train.CheckpointManager": _manager,
    "tqdm.auto.tqdm": _first,
    "tqdm.notebook.tqdm": _first,
    "tqdm.tqdm": _first,
    "typing.cast": _cast,
    "typing_extensions.cast": _cast,
}


def may_give_known(name: str) -> bool:
    """Whether something may be known of what a function gives that is given nothing but plain values."""
    return name in _FUNCTIONS or name in PATH_FUNCTIONS
