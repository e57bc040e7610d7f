"""How Keras objects come to be."""

from __future__ import annotations

import ast
from collections.abc import Callable

from kerasast.flow import lifecycle, loading
from kerasast.flow.arguments import Arguments
from kerasast.flow.binding import bind_api, bind_names, without_first
from kerasast.flow.containers import all_known, held_objects, merge_tensors
from kerasast.flow.events import ApiUse, ObjectCreated
from kerasast.flow.machine import Machine
from kerasast.flow.no_tensor import NO_TENSOR
from kerasast.flow.other_files import note_checkpoint
from kerasast.flow.sequential import sequential_changes
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    Const,
    External,
    FunctionValue,
    Kind,
    ObjectId,
    ObjectState,
    Ref,
    Tensor,
    Tri,
    Value,
)
from kerasast.keras_api import ApiName, ancestors, canonical, lookup

KINDS = (
    ("keras.Sequential", Kind.SEQUENTIAL),
    ("keras.Model", Kind.SUBCLASSED),
    ("keras.layers.Layer", Kind.LAYER),
    ("keras.optimizers.Optimizer", Kind.OPTIMIZER),
    ("keras.optimizers.legacy.Optimizer", Kind.OPTIMIZER),
    ("keras.losses.Loss", Kind.LOSS),
    ("keras.metrics.Metric", Kind.METRIC),
    ("keras.callbacks.Callback", Kind.CALLBACK),
    ("keras.Variable", Kind.VARIABLE),
)
"""The kind of an object by the first of these classes that its class is or derives from."""

_FAMILIES = (
    ("keras.layers.", Kind.LAYER),
    ("keras.optimizers.schedules.", Kind.KERAS),
    ("keras.optimizers.", Kind.OPTIMIZER),
    ("keras.losses.", Kind.LOSS),
    ("keras.metrics.", Kind.METRIC),
    ("keras.callbacks.", Kind.CALLBACK),
)
"""The kind by the module, for classes of releases that the data does not cover."""

_TENSOR_MODULES = (
    "keras.ops.",
    "keras.backend.",
    "keras.activations.",
    "keras.random.",
    "keras.losses.",
    "keras.metrics.",
)

_HARMLESS_MODULES = (
    "keras.utils.",
    "keras.preprocessing.",
    "keras.datasets.",
    "keras.config.",
    "keras.mixed_precision.",
)

_ESCAPING = frozenset({"keras.utils.multi_gpu_model", "keras.utils.serialize_keras_object"})


def call_api(machine: Machine, api: ApiName, arguments: Arguments, node: ast.AST) -> Value:
    """The value of calling a Keras function or class."""
    name = api.name
    bound = bind_api(arguments, name, machine.version)
    if machine.wants(ApiUse) and not machine.frame.foreign:
        machine.emit(ApiUse(node, api, bound, machine.enclosing, machine.world))
    handler = _FUNCTIONS.get(name)
    if handler is not None:
        return handler(machine, bound, node)
    kind = kind_of_api(machine, name)
    if kind is not None:
        return _create(machine, kind, name, bound, node)
    owner, _, method = name.rpartition(".")
    if method == "__init__" and bound.positional and isinstance(bound.positional[0].value, Ref):
        construct_base(machine, bound.positional[0].value, without_first(bound, "self"), node)
        return Const(None)
    if method == "from_config" and kind_of_api(machine, owner) is not None:
        return _restored(machine, kind_of_api(machine, owner) or Kind.KERAS, owner, node)
    return _call_plain(machine, name, bound, node)


def _call_plain(machine: Machine, name: str, bound: Arguments, node: ast.AST) -> Value:
    """A function of Keras that makes no object that is followed."""
    values = [argument.value for argument in bound.bound.values()]
    values.extend(argument.value for argument in bound.positional)
    if name.startswith("keras.applications.") and name.rpartition(".")[2][:1].isupper():
        return _application(machine, name, bound, node)
    tensor = merge_tensors(machine, values) if name not in NO_TENSOR else None
    if tensor is not None:
        return tensor
    is_harmless = name.startswith((*_TENSOR_MODULES, *_HARMLESS_MODULES)) and name not in _ESCAPING
    if not is_harmless:
        machine.escape(values)
    return machine.unknown(node)


def is_plain_function(machine: Machine, name: str) -> bool:
    """Whether a canonical name is that of a function that gives nothing that is followed, unless it is given such."""
    if name in _FUNCTIONS or not name.startswith((*_TENSOR_MODULES, *_HARMLESS_MODULES)):
        return False
    symbol = lookup(name, machine.version)
    return symbol is not None and symbol.kind == "function"


def kind_of_api(machine: Machine, name: str) -> Kind | None:
    """What calling a canonical name makes; `None` for a function or module."""
    symbol = lookup(name, machine.version)
    if symbol is not None:
        if symbol.kind != "class":
            return None
        family = (name, *ancestors(name, machine.version))
        return next((kind for base, kind in KINDS if base in family), Kind.KERAS)
    last = name.rpartition(".")[2]
    if not last[:1].isupper():
        return None
    return next((kind for prefix, kind in _FAMILIES if name.startswith(prefix)), None)


def _create(machine: Machine, kind: Kind, name: str, bound: Arguments, node: ast.AST) -> Value:
    values = {key: argument.value for key, argument in bound.bound.items()}
    contents = _wrapped(machine, bound) if kind.has_weights else ()
    state = ObjectState(
        kind,
        api=name,
        created=node,
        built=Tri.NO,
        compiled=Tri.NO,
        has_loss=Tri.NO,
        trainable=_flag(values.get("trainable")),
        contents=contents,
        complete=True,
        arguments=values,
        arguments_complete=bound.complete,
        policy=machine.policy,
        foreign=machine.frame.foreign,
    )
    note_checkpoint(machine, state, node)
    return announce(machine, machine.world.create(state), bound, node)


def _flag(value: Value | None) -> Tri:
    if value is None:
        return Tri.YES
    return Tri.of(bool(value.value)) if isinstance(value, Const) else Tri.MAYBE


def _wrapped(machine: Machine, bound: Arguments) -> tuple[ObjectId, ...]:
    """The layers given to the constructor of a wrapper such as `Bidirectional`."""
    found: dict[ObjectId, None] = {}
    for argument in bound.bound.values():
        found.update(dict.fromkeys(held_objects(machine, argument.value)))
    return tuple(found)


def construct_base(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> None:
    """What the Keras constructor does for an instance of a project class: `super().__init__(…)`."""
    state = machine.world.state(ref.id)
    values = {name: argument.value for name, argument in arguments.bound.items()}
    if state.kind is Kind.SUBCLASSED and (arguments.positional or {"inputs", "outputs"} & values.keys()):
        make_functional(machine, ref, arguments)
    elif state.kind is Kind.SUBCLASSED and not arguments.complete:
        machine.world.update(ref.id, built=Tri.MAYBE, complete=False)
    elif state.kind is Kind.SEQUENTIAL:
        set_layers(machine, ref, bind_names(arguments, ("layers",)).value("layers"))
    elif state.kind is Kind.LAYER:
        api = bind_api(arguments, state.api or "keras.layers.Layer", machine.version)
        known = {name: argument.value for name, argument in api.bound.items()}
        machine.world.update(
            ref.id,
            arguments={**state.arguments, **known},
            arguments_complete=state.arguments_complete and arguments.complete,
            contents=tuple(dict.fromkeys((*state.contents, *_wrapped(machine, api)))),
        )


def announce(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> Ref:
    """Begin the story of a new object and tell of it."""
    state = machine.world.state(ref.id)
    if state.kind.has_weights:
        state = machine.world.update(ref.id, trace=(machine.step(node, _birth(state)), *state.trace))
    if machine.wants(ObjectCreated) and not machine.frame.foreign:
        machine.emit(ObjectCreated(node, ref.id, state, arguments, machine.enclosing, machine.world))
    return ref


def _birth(state: ObjectState) -> str:
    what = state.kind.value
    if state.kind is Kind.LAYER:
        what = f"`{(state.cls.name if state.cls else (state.api or 'layer').rpartition('.')[2])}` layer"
    elif state.kind is Kind.SUBCLASSED and state.cls is not None:
        what = f"`{state.cls.name}` model"
    suffix = ", without weights yet" if state.kind.is_model and state.built is Tri.NO else ""
    return f"{what} created here{suffix}"


# Models of Keras.


def _sequential(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    layers = bound.value("layers")
    state = ObjectState(
        Kind.SEQUENTIAL,
        api="keras.Sequential",
        created=node,
        built=Tri.NO,
        compiled=Tri.NO,
        has_loss=Tri.NO,
        complete=True,
        foreign=machine.frame.foreign,
    )
    ref = machine.world.create(state)
    set_layers(machine, ref, layers)
    return announce(machine, ref, bound, node)


def set_layers(machine: Machine, ref: Ref, layers: Value | None) -> None:
    """Give a new Sequential model its list of layers."""
    if layers is None or layers == Const(None):
        items: tuple[Value, ...] | None = ()
    else:
        items = machine.world.items(layers)
    known = items if items is not None else (UNKNOWN,)
    machine.world.update(ref.id, **sequential_changes(machine, known))


def _model(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    named = bind_names(bound, ("inputs", "outputs", "name"))
    state = ObjectState(
        Kind.MODEL,
        api="keras.Model",
        created=node,
        compiled=Tri.NO,
        has_loss=Tri.NO,
        arguments={name: argument.value for name, argument in named.bound.items()},
        arguments_complete=bound.complete,
        foreign=machine.frame.foreign,
    )
    ref = machine.world.create(state)
    make_functional(machine, ref, bound)
    return announce(machine, ref, bound, node)


def make_functional(machine: Machine, ref: Ref, arguments: Arguments) -> bool:
    """Give a model the graph between its inputs and outputs; false if the arguments have none."""
    bound = bind_names(arguments, ("inputs", "outputs"))
    outputs = bound.value("outputs") or bound.value("output")
    inputs = bound.value("inputs") or bound.value("input")
    if outputs is None and inputs is None:
        return False
    values = [value for value in (inputs, outputs) if value is not None]
    tensor = merge_tensors(machine, values)
    known = tensor is not None and tensor.complete and all(all_known(machine, value) for value in values)
    contents = () if tensor is None else tensor.layers
    if not bound.complete and outputs is UNKNOWN:
        machine.world.update(ref.id, kind=Kind.MODEL, built=Tri.MAYBE, complete=False)
        return True
    for part in contents:
        machine.world.update(part, built=Tri.YES)
    machine.world.update(ref.id, kind=Kind.FUNCTIONAL, built=Tri.YES, contents=contents, complete=known)
    return True


def _input(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    return Tensor(Tri.YES)


def _application(machine: Machine, name: str, bound: Arguments, node: ast.AST) -> Value:
    """A pre-trained architecture: built, with weights, never compiled."""
    state = ObjectState(
        Kind.FUNCTIONAL,
        api=name,
        created=node,
        built=Tri.YES,
        compiled=Tri.NO,
        has_loss=Tri.NO,
        arguments={key: argument.value for key, argument in bound.bound.items()},
        arguments_complete=bound.complete,
        foreign=machine.frame.foreign,
    )
    return announce(machine, machine.world.create(state), bound, node)


def _restored(machine: Machine, kind: Kind, name: str, node: ast.AST) -> Ref:
    """An object made from a configuration: what it holds, and whether it is built, the configuration says."""
    told = "the model is made from its configuration here, which has no weights"
    state = ObjectState(
        Kind.MODEL if kind.is_model else kind,
        api=name,
        created=node,
        bare=machine.step(node, told) if kind.is_model else None,
        compiled=Tri.NO,
        has_loss=Tri.MAYBE,
        adapted=Tri.MAYBE,
        trainable=Tri.MAYBE,
        layers_trainable=Tri.MAYBE,
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


def _from_text(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """`model_from_json`: Keras 3.15 writes the compilation into the text as well."""
    model = _restored(machine, Kind.MODEL, "keras.Model", node)
    if machine.version.major >= 3:
        machine.world.update(model.id, compiled=Tri.MAYBE)
    return model


def _clone(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """`clone_model`: the same layers with new weights; compiled like the original in Keras 3.15, never in 2.15."""
    original = bound.value("model")
    state = machine.world.state_of(original)
    if state is None or not isinstance(original, Ref) or bound.value("clone_function") is not None:
        clone = _restored(machine, Kind.MODEL, "keras.Model", node)
        machine.world.update(clone.id, bare=None)
        return clone
    copies = tuple(machine.world.create(machine.world.state(part)).id for part in state.contents)
    cloned = ObjectState(
        state.kind,
        api=state.api,
        cls=state.cls,
        created=node,
        built=state.built,
        compiled=state.compiled if machine.version.major >= 3 else Tri.NO,
        has_loss=Tri.MAYBE,
        bare=machine.step(node, "only the layers are cloned here, not what they have learned")
        if state.learned is Tri.YES
        else None,
        trainable=state.trainable,
        layers_trainable=state.layers_trainable,
        escaped=state.escaped,
        contents=copies,
        complete=state.complete,
        items=state.items,
        trace=(machine.step(node, f"{state.kind.value} cloned here"),),
        foreign=machine.frame.foreign,
    )
    return machine.world.create(cloned)


def _save_model(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    model = bound.value("model")
    if isinstance(model, Ref) and machine.world.state(model.id).kind.is_model:
        return lifecycle.call_method(machine, model, "save", without_first(bound, "model"), node)
    return Const(None)


def _scope_of_names(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    state = ObjectState(
        Kind.KERAS,
        api="keras.saving.custom_object_scope",
        created=node,
        items=tuple(argument.value for argument in bound.positional),
        arguments={name: argument.value for name, argument in bound.bound.items()},
        arguments_complete=bound.complete,
    )
    return machine.world.create(state)


def _set_policy(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """`set_global_policy`: by name, or with a `Policy` that is made by name."""
    given = bound.value("policy")
    state = machine.world.state_of(given)
    if state is not None and state.api == "keras.dtype_policies.DTypePolicy":
        given = state.arguments.get("name")
    certain = isinstance(given, Const) and isinstance(given.value, str) and not machine.enclosing.conditional
    machine.policy_line = getattr(node, "lineno", 0)
    machine.policy = given.value if certain and isinstance(given, Const) else None
    return Const(None)


def _global_names(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    return External("keras.saving.get_custom_objects()")


def _activation(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """`activations.get(…)`: the function of Keras that a name means, or what is given if it is one already."""
    match arguments.value("identifier"):
        case Const(str() | None as name):
            api = canonical(f"keras.activations.{name or 'linear'}")
            return machine.unknown(node) if api is None else ApiValue(api)
        case ApiValue() | FunctionValue() | Ref() as given:
            return given
    return machine.unknown(node)


_FUNCTIONS: dict[str, Callable[[Machine, Arguments, ast.AST], Value]] = {
    "keras.Sequential": _sequential,
    "keras.Model": _model,
    "keras.Input": _input,
    "keras.models.load_model": loading.load_model,
    "keras.models.clone_model": _clone,
    "keras.models.model_from_json": _from_text,
    "keras.models.model_from_yaml": _from_text,
    "keras.models.model_from_config": _from_text,
    "keras.models.save_model": _save_model,
    "keras.utils.get_file": loading.get_file,
    "keras.config.set_dtype_policy": _set_policy,
    "keras.activations.get": _activation,
    "keras.saving.custom_object_scope": _scope_of_names,
    "keras.saving.get_custom_objects": _global_names,
}
