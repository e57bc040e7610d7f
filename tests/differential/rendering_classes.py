"""Writes custom layers and models."""

from __future__ import annotations

import textwrap

from differential.grammar_classes import (
    Base,
    Build,
    CallForm,
    Config,
    CustomClass,
    Extra,
    FromConfig,
    Kwargs,
    Parameter,
    Registration,
    State,
    SuperInit,
)
from differential.rendering_training import train_step

Names = dict[str, str]

_PARAMETERS = {item: item.value if item is not Parameter.NONE else "" for item in Parameter}


def render_class(cls: CustomClass, names: Names) -> str:
    """A class, with the plain class that its layers hide in if there is one."""
    methods = [
        _init(cls, names),
        *_build(cls, names),
        _call(cls, names),
        *train_step(cls, names),
        *_get_config(cls, names),
        *_from_config(cls, names),
    ]
    body = "\n\n".join(textwrap.indent("\n".join(method), "    ") for method in methods)
    decorator = {
        Registration.NONE: "",
        Registration.UNCALLED: f"@{names['registered']}\n",
    }.get(
        cls.registration,
        f"@{names['registered']}{cls.registration.value}\n",
    )
    base = f"{names['layers']}.Layer" if cls.base is Base.LAYER else f"{names['keras']}.Model"
    text = f"{decorator}class {cls.name}({base}):\n{body}"
    return f"{_holder(names)}\n\n{text}" if cls.state is State.CHILD_IN_OBJECT else text


def _holder(names: Names) -> str:
    return f"class Holder:\n    def __init__(self):\n        self.inner = {names['layers']}.Dense(4)\n"


def _dense(cls: CustomClass, names: Names) -> str:
    if cls.child is not None:
        return instance(cls.child, names)
    return f"{names['layers']}.Dense({'units' if cls.parameter is Parameter.UNITS else 4})"


def instance(cls: CustomClass, names: Names) -> str:
    """An expression that makes an object of a class."""
    argument = {
        Parameter.NONE: "",
        Parameter.UNITS: "4",
        Parameter.SCALE: "scale=3.0",
        Parameter.ACTIVATION: '"tanh"',
        Parameter.GATE: f"{names['layers']}.Dense(4)",
    }[cls.parameter]
    return f"{cls.name}({argument})"


# The constructor


def _init(cls: CustomClass, names: Names) -> list[str]:
    keywords = {
        Kwargs.FORWARDED: ("**kwargs", "**kwargs"),
        Kwargs.DROPPED: ("**kwargs", ""),
        Kwargs.NAME_ONLY: ("name=None", "name=name"),
        Kwargs.ABSENT: ("", ""),
    }[cls.kwargs]
    parameter = {
        Parameter.NONE: "",
        Parameter.UNITS: "units",
        Parameter.SCALE: "scale=1.0",
        Parameter.ACTIVATION: "activation=None",
        Parameter.GATE: "gate",
    }[cls.parameter]
    parameters = ", ".join(item for item in ("self", parameter, keywords[0]) if item)
    own = _attributes(cls, names)
    above = [f"super().__init__({keywords[1]})"]
    match cls.super_init:
        case SuperInit.FIRST:
            body = [*above, *own]
        case SuperInit.LAST:
            body = [*own, *above]
        case SuperInit.MISSING:
            body = own or ["pass"]
    return [f"def __init__({parameters}):", *_deeper(body)]


def _attributes(cls: CustomClass, names: Names) -> list[str]:
    name, dense = _PARAMETERS[cls.parameter], _dense(cls, names)
    lines = [f"self.{name} = {name}"] if name else []
    if cls.parameter is Parameter.ACTIVATION:
        lines = [f"self.activation = {names['keras']}.activations.get(activation)"]
    match cls.state:
        case State.CHILD_IN_INIT:
            lines.append(f"self.inner = {dense}")
        case State.CHILD_IN_LIST:
            lines.append(f"self.inner = [{dense} for _ in range(2)]")
        case State.CHILD_IN_DICT:
            lines.append(f'self.inner = {{"a": {dense}, "b": {dense}}}')
        case State.CHILD_IN_DEQUE:
            lines.append(f"self.inner = collections.deque([{dense}, {dense}])")
        case State.CHILD_IN_OBJECT:
            lines.append("self.holder = Holder()")
        case State.CHILD_SEQUENTIAL:
            lines.append(f"self.inner = {names['keras']}.Sequential([{dense}, {dense}])")
        case State.WEIGHT_IN_INIT:
            lines.append(f"self.kernel = {_weight('(4, 4)')}")
        case State.VARIABLE_IN_INIT:
            lines.append("self.kernel = tf.Variable(tf.random.normal((4, 4)))")
    match cls.extra:
        case Extra.NORM | Extra.NORM_TRAINING:
            lines.append(f"self.norm = {names['layers']}.BatchNormalization()")
        case Extra.DROPOUT:
            lines.append(f"self.drop = {names['layers']}.Dropout(0.2)")
    if cls.base is Base.MODEL:
        lines.append(f"self.head = {names['layers']}.Dense(2)")
    if cls.tracks:
        lines.append(f'self.tracker = {names["keras"]}.metrics.Mean(name="error")')
    return lines


def _weight(shape: str) -> str:
    return f'self.add_weight(shape={shape}, initializer="glorot_uniform", name="kernel")'


# Weights that are made later


def _build(cls: CustomClass, names: Names) -> list[list[str]]:
    lines = _build_lines(cls, names)
    return [["def build(self, input_shape):", *_deeper(lines)]] if lines else []


def _build_lines(cls: CustomClass, names: Names) -> list[str]:
    shape = "(input_shape[-1], 4)"
    match cls.state:
        case State.WEIGHT_IN_BUILD:
            return [f"self.kernel = {_weight(shape)}"]
        case State.POSITIONAL_WEIGHT:
            return [f'self.kernel = self.add_weight("kernel", {shape})']
        case State.VARIABLE_IN_BUILD:
            return [f"self.kernel = tf.Variable(tf.random.normal({shape}))"]
        case State.CHILD_IN_BUILD:
            return [f"self.inner = {names['layers']}.Dense(4)"]
    match cls.build:
        case Build.SUPER:
            return ["super().build(input_shape)"]
        case Build.FLAG:
            return ["self.built = True"]
        case Build.CHILDREN:
            return [*_built_children(cls), "self.built = True"]
    return []


def _built_children(cls: CustomClass) -> list[str]:
    loop = ["for layer in self.inner:", "    layer.build(input_shape)"]
    lines = loop if cls.state is State.CHILD_IN_LIST else ["self.inner.build(input_shape)"]
    if cls.parameter is Parameter.GATE:
        lines.append("self.gate.build((None, 4))")
    if cls.extra in (Extra.NORM, Extra.NORM_TRAINING):
        lines.append("self.norm.build((None, 4))")
    return [*lines, *(["self.head.build((None, 4))"] if cls.base is Base.MODEL else [])]


# The forward pass


def _call(cls: CustomClass, names: Names) -> list[str]:
    lines = _forward(cls, names)
    match cls.parameter:
        case Parameter.SCALE:
            lines.append("hidden = hidden * self.scale")
        case Parameter.ACTIVATION | Parameter.GATE:
            lines.append(f"hidden = self.{cls.parameter.value}(hidden)")
    training = "training" if cls.passes_training else ""
    match cls.extra:
        case Extra.NORM | Extra.NORM_TRAINING:
            given = ", training=training" if cls.extra is Extra.NORM_TRAINING else ""
            lines.append(f"hidden = self.norm(hidden{given})")
        case Extra.DROPOUT:
            lines.append(f"hidden = self.drop(hidden{', training=training' if training else ''})")
    result = "self.head(hidden)" if cls.base is Base.MODEL else "hidden"
    last = f"result = {result}" if cls.form is CallForm.NO_RETURN else f"return {result}"
    name = "forward" if cls.form is CallForm.FORWARD else "call"
    parameters = "self, inputs, training=None" if training else "self, inputs"
    return [f"def {name}({parameters}):", *_deeper([*lines, last])]


def _forward(cls: CustomClass, names: Names) -> list[str]:
    match cls.state:
        case State.CHILD_IN_INIT | State.CHILD_IN_BUILD | State.CHILD_SEQUENTIAL:
            return [f"hidden = self.inner{'.call' if cls.form is CallForm.DIRECT else ''}(inputs)"]
        case State.CHILD_IN_LIST | State.CHILD_IN_DEQUE:
            return ["hidden = inputs", "for layer in self.inner:", "    hidden = layer(hidden)"]
        case State.CHILD_IN_DICT:
            return ['hidden = self.inner["b"](self.inner["a"](inputs))']
        case State.CHILD_IN_OBJECT:
            return ["hidden = self.holder.inner(inputs)"]
        case State.CHILD_IN_CALL:
            return [f"hidden = {names['layers']}.Dense(4)(inputs)"]
        case State.NONE:
            return ["hidden = tf.nn.tanh(inputs)"]
    return ["hidden = tf.matmul(inputs, self.kernel)"]


# The contract of the config


def _get_config(cls: CustomClass, names: Names) -> list[list[str]]:
    name = _PARAMETERS[cls.parameter]
    value = f"self.{name}"
    if cls.config is not Config.MERGED:
        value = {
            Parameter.ACTIVATION: f"{names['keras']}.activations.serialize(self.activation)",
            Parameter.GATE: f"{names['keras']}.{names['saving']}.serialize_keras_object(self.gate)",
        }.get(cls.parameter, value)
    item = f'"{name}": {value}' if name else ""
    head = "def get_config(self):"
    match cls.config:
        case Config.NONE:
            return []
        case Config.FULL | Config.INCOMPLETE:
            update = [f"config.update({{{item}}})"] if item and cls.config is Config.FULL else []
            lines = ["config = super().get_config()", *update, "return config"]
        case Config.MERGED:
            lines = [f"return {{**super().get_config(), {item}}}"]
        case Config.WITHOUT_SUPER:
            lines = [f"return {{{item}}}"]
        case Config.NO_RETURN:
            lines = ["config = super().get_config()", f"config.update({{{item}}})"]
    return [[head, *_deeper(lines)]]


def _from_config(cls: CustomClass, names: Names) -> list[list[str]]:
    if cls.from_config is FromConfig.NONE:
        return []
    restored = f'{names["keras"]}.{names["saving"]}.deserialize_keras_object(config.pop("gate"))'
    body = {
        FromConfig.PACKED: ["return cls(config)"],
        FromConfig.DESERIALIZED: [
            "config = dict(config)",
            f"gate = {restored}",
            "return cls(gate, **config)",
        ],
    }.get(cls.from_config, ["return cls(**config)"])
    decorator = [] if cls.from_config is FromConfig.METHOD else ["@classmethod"]
    return [[*decorator, "def from_config(cls, config):", *_deeper(body)]]


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
