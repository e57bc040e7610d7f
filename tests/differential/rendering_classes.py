"""Writes custom layers and models."""

from __future__ import annotations

import textwrap

from differential.grammar import (
    Base,
    Build,
    Config,
    CustomClass,
    Kwargs,
    Parameter,
    Registration,
    State,
    SuperInit,
)

Names = dict[str, str]

_PARAMETERS = {Parameter.NONE: "", Parameter.UNITS: "units", Parameter.SCALE: "scale"}


def render_class(cls: CustomClass, names: Names) -> str:
    """A class, with the plain class that its layers hide in if there is one."""
    methods = [_init(cls, names), *_build(cls, names), _call(cls, names), *_get_config(cls)]
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
        return instance(cls.child)
    return f"{names['layers']}.Dense({'units' if cls.parameter is Parameter.UNITS else 4})"


def instance(cls: CustomClass) -> str:
    """An expression that makes an object of a class."""
    argument = {Parameter.NONE: "", Parameter.UNITS: "4", Parameter.SCALE: "scale=3.0"}[cls.parameter]
    return f"{cls.name}({argument})"


def _init(cls: CustomClass, names: Names) -> list[str]:
    keywords = {
        Kwargs.FORWARDED: ("**kwargs", "**kwargs"),
        Kwargs.DROPPED: ("**kwargs", ""),
        Kwargs.NAME_ONLY: ("name=None", "name=name"),
        Kwargs.ABSENT: ("", ""),
    }[cls.kwargs]
    parameter = {Parameter.NONE: "", Parameter.UNITS: "units", Parameter.SCALE: "scale=1.0"}[cls.parameter]
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
    if cls.base is Base.MODEL:
        lines.append(f"self.head = {names['layers']}.Dense(2)")
    return lines


def _weight(shape: str) -> str:
    return f'self.add_weight(shape={shape}, initializer="glorot_uniform", name="kernel")'


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
            loop = ["for layer in self.inner:", "    layer.build(input_shape)"]
            inner = loop if cls.state is State.CHILD_IN_LIST else ["self.inner.build(input_shape)"]
            head = ["self.head.build((None, 4))"] if cls.base is Base.MODEL else []
            return [*inner, *head, "self.built = True"]
    return []


def _call(cls: CustomClass, names: Names) -> list[str]:
    lines = _forward(cls, names)
    if cls.parameter is Parameter.SCALE:
        lines.append("hidden = hidden * self.scale")
    result = "self.head(hidden)" if cls.base is Base.MODEL else "hidden"
    return ["def call(self, inputs):", *_deeper([*lines, f"return {result}"])]


def _forward(cls: CustomClass, names: Names) -> list[str]:
    match cls.state:
        case State.CHILD_IN_INIT | State.CHILD_IN_BUILD | State.CHILD_SEQUENTIAL:
            return ["hidden = self.inner(inputs)"]
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


def _get_config(cls: CustomClass) -> list[list[str]]:
    name = _PARAMETERS[cls.parameter]
    item = f'"{name}": self.{name}' if name else ""
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


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
