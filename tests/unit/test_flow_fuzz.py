"""Programs made at random: the interpreter ends on each, without an exception, and says the same twice."""

from __future__ import annotations

import ast
import re
import textwrap
import time

import pytest
from flow_helpers import VERSIONS, record
from hypothesis import given, note, settings
from hypothesis import strategies as st

LIMIT = 10.0
"""Seconds of processor time for a program of some dozens of statements; it takes a hundredth of that."""

NAMES = ("model", "other", "layer", "items", "table", "x", "flag", "self", "f", "g", "Net", "Box", "path")

EXPRESSIONS = (
    "keras.Sequential([keras.layers.Dense(2), {e}])",
    "keras.Sequential({e})",
    "keras.Input(shape=(4,))",
    "keras.Model({e}, {e})",
    "keras.Model(inputs={e}, outputs={e})",
    "keras.layers.Dense({e}, activation={e})",
    "keras.layers.Dense(2, input_shape=(4,))({e})",
    "keras.layers.Bidirectional({e})",
    "keras.models.load_model({e}, custom_objects={e})",
    "keras.models.clone_model({e})",
    "keras.applications.VGG16(weights=None)",
    "keras.callbacks.ModelCheckpoint({e})",
    "keras.saving.custom_object_scope({e})",
    "keras.saving.get_custom_objects().update({e})",
    "tf.Variable({e})",
    "tf.function({e})",
    "np.save({e}, {e})",
    "pickle.dump({e}, {e})",
    "functools.partial({e}, {e}, k={e})",
    "os.path.join({e}, {e})",
    "pathlib.Path({e}) / {e}",
    "unknown({e}, *{e}, **{e})",
    "{n}",
    "{n}.{a}",
    "{e}.{a}",
    "{e}({e})",
    "{e}.{m}({e})",
    "{e}.{m}({e}, {n}={e})",
    "{e}[{e}]",
    "{e}[{e}:-1]",
    "{e}[-1]",
    "[{e}, {e}]",
    "[*{e}, {e}]",
    "({e}, {e})",
    "{{{e}: {e}}}",
    "{{**{e}, 'k': {e}}}",
    "{{{e}, {e}}}",
    "[{e} for {n} in {e} if {e}]",
    "{{{e}: {e} for {n} in {e} for {n} in {e}}}",
    "({e} for {n} in {e})",
    "lambda {n}={e}: {e}",
    "lambda *{n}: {e}",
    "({n} := {e})",
    "({e} if {e} else {e})",
    "({e} and {e})",
    "({e} or {e})",
    "not {e}",
    "-{e}",
    "{e} + {e}",
    "{e} * 3",
    "{e} % {e}",
    "{e} is None",
    "{e} < {e} < 3",
    "{e} in {e}",
    "f'{{{n}}}/{{{n}:>3}}.keras'",
    "'%s.h5' % {e}",
    "'{{}}.keras'.format({e})",
    "super().{m}({e})",
    "super({n}, {n}).__init__()",
    "getattr({e}, {e}, None)",
    "setattr({e}, 'trainable', {e})",
    "isinstance({e}, {e})",
    "type({e})",
    "zip({e}, {e})",
    "enumerate({e})",
    "reversed({e})",
    "sorted({e})",
    "dict({e}, k={e})",
    "list({e})",
    "range(3)",
    "len({e})",
    "next(iter({e}))",
    "exec({e})",
    "globals()",
    "vars()",
    "copy.deepcopy({e})",
    "typing.cast({e}, {e})",
    "(yield {e})",
    "(yield from {e})",
    "(await {e})",
    "None",
    "True",
    "0",
    "'weights.h5'",
    "'mse'",
    "...",
    "1e400",
    "b'x'",
)

ATTRIBUTES = (
    *(
        "trainable",
        "layers",
        "weights",
        "trainable_variables",
        "model",
        "units",
        "input",
        "output",
        "__dict__",
    ),
    *("ready", "optimizer", "built", "__class__", "name", "items"),
)

METHODS = (
    *(
        "fit",
        "compile",
        "save",
        "save_weights",
        "load_weights",
        "build",
        "call",
        "__call__",
        "add",
        "pop",
        "summary",
    ),
    *(
        "get_weights",
        "set_weights",
        "get_layer",
        "predict",
        "append",
        "extend",
        "update",
        "get",
        "items",
        "values",
    ),
    *(
        "keys",
        "insert",
        "copy",
        "train",
        "setup",
        "get_config",
        "from_config",
        "add_weight",
        "format",
        "joinpath",
    ),
)

STATEMENTS = (
    "{e}",
    "{n} = {e}",
    "{n} = {n} = {e}",
    "{n}, *{n} = {e}",
    "({n}, {n}), {n} = {e}",
    "{n}.{a} = {e}",
    "{n}[{e}] = {e}",
    "{n} += {e}",
    "{n}.{a} += {e}",
    "{n}: int = {e}",
    "{n}: int",
    "del {n}",
    "del {n}.{a}, {n}[{e}]",
    "global {n}",
    "nonlocal {n}",
    "assert {e}, {e}",
    "raise {e} from {e}",
    "return {e}",
    "break",
    "continue",
    "pass",
    "import keras as {n}",
    "from keras.layers import Dense as {n}",
    "from . import {n}",
    "from keras.layers import *",
    "import numpy.{n}",
)

BLOCKS = (
    "if {e}:\n{b}\nelse:\n{b}",
    "if {e}:\n{b}\nelif {e}:\n{b}",
    "for {n} in {e}:\n{b}\nelse:\n{b}",
    "for {n}, {n} in {e}:\n{b}",
    "for {n} in (1, 2, 3):\n{b}",
    "while {e}:\n{b}",
    "while True:\n{b}\n    break",
    "try:\n{b}\nexcept {e} as {n}:\n{b}\nelse:\n{b}\nfinally:\n{b}",
    "try:\n{b}\nfinally:\n{b}",
    "try:\n{b}\nexcept:\n{b}",
    "with {e} as {n}, {e}:\n{b}",
    "with pytest.raises({e}):\n{b}",
    "async with {e} as {n}:\n{b}",
    "async for {n} in {e}:\n{b}",
    "match {e}:\n    case {{'k': {n}, **rest}} if {e}:\n{bb}\n"
    "    case [{n}, *_] | ({n}, 1):\n{bb}\n    case Net(x={n}):\n{bb}",
    "match {e}:\n    case None:\n{bb}\n    case {n}:\n{bb}",
    "def {n}({n}, *args, k={e}, **kwargs):\n{b}",
    "def {n}(self, {n}=None, /, {n}={e}):\n{b}",
    "@{e}\ndef {n}():\n{b}",
    "async def {n}():\n{b}",
    "class {n}({n}):\n    ready = {e}\n{b}",
    "class Net(keras.Model):\n    def __init__(self, **kw):\n        super().__init__(**kw)\n{bb}\n"
    "    def call(self, x):\n{bb}",
    "class Box({n}, metaclass={n}):\n    @property\n    def model(self):\n{bb}\n"
    "    @model.setter\n    def model(self, x):\n{bb}",
    "@dataclasses.dataclass\nclass Box:\n    model: int = {e}\n    def __post_init__(self):\n{bb}",
    "class Box(Net):\n    @classmethod\n    def train(cls, x):\n{bb}\n    @staticmethod\n"
    "    def setup(x):\n{bb}\n    def __enter__(self):\n{bb}",
)

HEAD = """\
import keras, os, pathlib, pickle, functools, copy, typing, dataclasses, pytest
import numpy as np, tensorflow as tf
x = keras.Input((4,))
layer = keras.layers.Dense(2)
other = keras.Sequential([x, layer])
def f(model, flag=None, *, path="m.keras"):
    model.compile("sgd", "mse")
    return model if flag else other
class Net(keras.Model):
    def call(self, x):
        return layer(x)
class Box:
    ready = False
    def __init__(self, model=None):
        self.model = model or Net()
    def train(self):
        self.model.fit(x)
        return self
self, model, g = Box(other), Net(), lambda *a: f(*a)
items, table, flag = [model, layer], {"k": model, "l": f}, True
"""


class _Writer:
    """Writes a program from a stream of choices, each a byte; `room` bounds the size of a statement."""

    def __init__(self, choices: bytes) -> None:
        self.choices = iter(choices)
        self.room = 0

    def draw(self, count: int) -> int:
        """A number from 0 to `count - 1`: 0 when the choices have run out."""
        return next(self.choices, 0) % count

    def pick(self, options: tuple[str, ...]) -> str:
        return options[self.draw(len(options))]

    def program(self) -> str:
        """Some statements; Python's parser may still reject them."""
        parts = []
        for _ in range(1 + self.draw(12)):
            self.room = 60
            parts.append(self.statement(0))
        return HEAD + "\n".join(parts) + "\n"

    def fill(self, template: str, depth: int) -> str:
        """The template with its holes filled: expressions, names, attributes, methods and blocks."""
        out: list[str] = []
        index = 0
        while index < len(template):
            for hole in ("{{", "}}", "{e}", "{n}", "{a}", "{m}", "{bb}", "{b}"):
                if template.startswith(hole, index):
                    out.append(self.hole(hole, depth))
                    index += len(hole)
                    break
            else:
                out.append(template[index])
                index += 1
        return "".join(out)

    def hole(self, hole: str, depth: int) -> str:
        match hole:
            case "{{" | "}}":
                return hole[0]
            case "{e}":
                return self.expression(depth + 1)
            case "{n}":
                return self.pick(NAMES)
            case "{a}":
                return self.pick(ATTRIBUTES)
            case "{m}":
                return self.pick(METHODS)
        return textwrap.indent(self.block(depth + 1), "        " if hole == "{bb}" else "    ")

    def expression(self, depth: int) -> str:
        self.room -= 1
        if depth > 6 or self.room < 0:
            return self.pick(NAMES)
        return self.fill(self.pick(EXPRESSIONS), depth + 1)

    def block(self, depth: int) -> str:
        lines = [self.statement(depth) for _ in range(1 + self.draw(3))]
        return "\n".join(lines)

    def statement(self, depth: int) -> str:
        self.room -= 1
        if depth > 5 or self.room < 0:
            return "pass"
        kinds = BLOCKS if self.draw(3) == 0 else STATEMENTS
        return self.fill(self.pick(kinds), depth)


def _told(program: str, number: int) -> list[tuple[str, int, int, str]]:
    """What is told of a program: each event, where it is, and the state of its object."""
    recorder = record(program, version=VERSIONS[number])
    return [
        (
            type(event).__name__,
            getattr(event.node, "lineno", 0),
            getattr(event.node, "col_offset", 0),
            re.sub(r" at 0x\w+", "", str(getattr(event, "before", ""))),
        )
        for event in recorder.events
    ]


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.binary(min_size=100, max_size=2000), st.integers(0, 1))
def test_any_program_is_followed_to_its_end(choices: bytes, number: int) -> None:
    program = _Writer(choices).program()
    note(program)
    try:
        ast.parse(program)
    except SyntaxError:
        return
    started = time.process_time()
    first = _told(program, number)
    assert time.process_time() - started < LIMIT
    assert first == _told(program, number)


@pytest.mark.parametrize("template", [*BLOCKS, *STATEMENTS, *EXPRESSIONS])
def test_the_templates_are_python(template: str) -> None:
    filled = template.replace("{{", "\0").replace("}}", "\1")
    for hole, text in {
        "e": "x",
        "n": "y",
        "a": "a",
        "m": "m",
        "bb": " " * 8 + "pass",
        "b": "    pass",
    }.items():
        filled = filled.replace(f"{{{hole}}}", text)
    filled = filled.replace("\0", "{").replace("\1", "}")
    ast.parse(f"async def f():\n{textwrap.indent(filled, '  ')}\n")
