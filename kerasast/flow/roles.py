"""What sort of thing a class is to Keras, what its saved config has by itself, and which calls create state."""

from __future__ import annotations

import ast
from enum import Enum

from kerasast.flow.class_facts import ClassFacts, Constructor, class_facts
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.values import ApiValue, ClassValue, External, Value
from kerasast.keras_api import lookup, weightless
from kerasast.keras_api.attributes import instance_attributes
from kerasast.versions import KerasVersion


class Role(Enum):
    """The Keras class that a class derives from, as far as saving is concerned."""

    MODEL = "model"
    LAYER = "layer"
    METRIC = "metric"
    LOSS = "loss"
    INITIALIZER = "initializer"
    REGULARIZER = "regularizer"
    CONSTRAINT = "constraint"
    SCHEDULE = "learning rate schedule"


_BASES = {
    "keras.metrics.Metric": Role.METRIC,  # In Keras 2 a metric is a layer too.
    "keras.Model": Role.MODEL,
    "keras.layers.Layer": Role.LAYER,
    "keras.losses.Loss": Role.LOSS,
    "keras.initializers.Initializer": Role.INITIALIZER,
    "keras.regularizers.Regularizer": Role.REGULARIZER,
    "keras.constraints.Constraint": Role.CONSTRAINT,
    "keras.optimizers.schedules.LearningRateSchedule": Role.SCHEDULE,
}

BASE_KEYS = {
    Role.MODEL: frozenset({"name", "trainable", "dtype"}),
    Role.LAYER: frozenset({"name", "trainable", "dtype"}),
    Role.METRIC: frozenset({"name", "dtype"}),
    Role.LOSS: frozenset({"name", "reduction"}),
}
"""What `super().get_config()` has when the base is Keras's most general class of that role."""

LAYER_KEYWORDS = frozenset(
    {
        "activity_regularizer",
        "autocast",
        "batch_input_shape",
        "batch_shape",
        "batch_size",
        "dtype",
        "dynamic",
        "implementation",
        "input_dim",
        "input_shape",
        "name",
        "trainable",
        "weights",
    }
)
"""Keyword arguments that `Layer.__init__` takes in one generation or the other."""

_GENERAL = _BASES.keys() | {
    "keras.Operation",
    "keras.layers.AbstractRNNCell",
    "keras.layers.experimental.preprocessing.PreprocessingLayer",
}
"""Keras classes that have no parameters of their own to record."""


def role_of(facts: ClassFacts) -> Role | None:
    """The role of a class; `None` for callbacks, optimizers and whatever else derives from Keras."""
    for name, role in _BASES.items():
        if facts.ancestry.derives(name):
            return role
    return None


def keras_base(facts: ClassFacts) -> str | None:
    """The nearest Keras ancestor that is more than the general class of its role: `keras.layers.Dense`."""
    for name in facts.ancestry.apis:
        if name not in _GENERAL:
            return name
        if name in _BASES:
            return None
    return None


def is_sequential(facts: ClassFacts) -> bool:
    return facts.ancestry.derives("keras.Sequential")


def is_functional(facts: ClassFacts) -> bool:
    """Whether a constructor of the lineage makes it a functional model: `super().__init__(inputs, outputs)`."""
    for method in facts.methods():
        for call in method.super_calls("__init__"):
            given = {keyword.arg for keyword in call.node.keywords}
            positional = [arg for arg in call.node.args if not _is_self(arg, method)]
            if given & {"inputs", "outputs"} or len(positional) >= 2:
                return True
    return False


def _is_self(node: ast.expr, method: MethodFacts) -> bool:
    return isinstance(node, ast.Name) and node.id == method.self_name


def base_parameters(facts: ClassFacts) -> frozenset[str]:
    """The parameters of the constructors of its Keras ancestors: what their configs can hold."""
    found: set[str] = set(LAYER_KEYWORDS)
    for name in facts.ancestry.apis:
        symbol = lookup(name, facts.version)
        if symbol is not None and symbol.parameters is not None:
            found.update(item.name for item in symbol.parameters)
    return frozenset(found)


def own_constructor(facts: ClassFacts) -> Constructor | None:
    """The constructor, if this very class defines it as a plain method."""
    return facts.constructor if "__init__" in facts.own else None


def is_builtin_layer(name: str, version: KerasVersion) -> bool:
    """Whether Keras has a layer class of its own called `name`: what `.h5` files find under it."""
    return name[:1].isupper() and lookup(f"keras.layers.{name}", version) is not None


def creates_state(target: Value, node: ast.Call, version: KerasVersion) -> bool:
    """Whether calling `target` makes a layer, model or variable that certainly has weights once it is used."""
    match target:
        case ApiValue(api):
            if api.name in ("keras.Variable", "keras.backend.variable"):
                return True
            if _creates_no_weights(api.name, node):
                return False
            return weightless(api.name, version) is False
        case External(name):
            return name == "tensorflow.Variable"
        case ClassValue():
            return has_state(class_facts(target, version))
    return False


def has_random_state(target: Value, version: KerasVersion) -> bool:
    """Whether a layer keeps the state of a random generator as a variable, as those of Keras 3 do."""
    if version.major < 3 or not isinstance(target, ApiValue):
        return False
    return "seed_generator" in instance_attributes(target.api.name, version)


def _creates_no_weights(name: str, node: ast.Call) -> bool:
    """Layers that have weights by default, but not with these arguments."""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "keras.layers.Normalization":
        return "mean" in given or None in given
    if name == "keras.layers.AdditiveAttention":
        return "use_scale" in given or bool(node.args) or None in given
    return False


def has_state(facts: ClassFacts, depth: int = 0) -> bool:
    """Whether a project layer or model certainly creates weights: unconditionally, in `__init__` or `build`."""
    if depth > 8 or role_of(facts) not in (Role.LAYER, Role.MODEL):
        return False
    for name in ("__init__", "build"):
        method = facts.method(name)
        for call in method.calls if method is not None else ():
            if not call.guards.conditional and makes_weights(call, facts.version, depth):
                return True
    return False


def is_stateless(facts: ClassFacts) -> bool:
    """Whether none of the methods of a class makes a weight, or a layer that has some."""
    calls = (call for method in facts.methods() for call in method.calls)
    return not any(makes_weights(call, facts.version) for call in calls)


def holds_only_layers(facts: ClassFacts) -> bool:
    """Whether all weights of a class are those of layers that its `__init__` makes, as far as Keras knows them."""
    if not facts.ancestry.complete or facts.dynamic:
        return False
    for method in facts.methods():
        for call in method.calls:
            made = makes_weights(call, facts.version)
            if made and (call.method != "__init__" or not _makes_layer(call)):
                return False
    return True


def _makes_layer(call: CallSite) -> bool:
    match call.target:
        case ApiValue(api):
            return api.name.startswith("keras.layers.") or api.name in ("keras.Sequential", "keras.Model")
    return isinstance(call.target, ClassValue)


def is_unbuilt_layer(node: ast.expr, method: MethodFacts, facts: ClassFacts, depth: int = 0) -> bool:
    """Whether an expression makes a layer that has no weights yet, and certainly some once it is built."""
    if not isinstance(node, ast.Call) or depth > 8:
        return False
    target = method.resolve(node.func)
    if isinstance(target, ClassValue):
        return _waits_for_build(class_facts(target, facts.version), depth + 1)
    if not isinstance(target, ApiValue) or not target.api.name.startswith("keras.layers."):
        return False
    return creates_state(target, node, facts.version)


def _waits_for_build(facts: ClassFacts, depth: int) -> bool:
    """Whether a project class makes weights in `build`, or holds layers that do."""
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or is_functional(facts) or not facts.ancestry.complete:
        return False
    build = facts.method("build")
    if build is not None and any(
        makes_weights(call, facts.version, depth) for call in build.calls if not call.guards.conditional
    ):
        return True
    init = facts.method("__init__")
    if init is None or any(call.builds_another for call in init.calls):
        return False
    return any(
        is_unbuilt_layer(call.node, init, facts, depth) for call in init.calls if not call.guards.conditional
    )


def makes_weights(call: CallSite, version: KerasVersion, depth: int = 0) -> bool:
    """Whether a call in a method adds a weight, or makes a layer that has some."""
    if call.path in (("add_weight",), ("add_variable",)):
        return True
    if isinstance(call.target, ClassValue):
        return has_state(class_facts(call.target, version), depth + 1)
    return creates_state(call.target, call.node, version)
