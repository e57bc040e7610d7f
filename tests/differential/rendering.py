"""Writes programs as Python: the frame of imports, data, classes and builder, and the steps in their places."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from differential.grammar import (
    Builder,
    BuildStep,
    CloneStep,
    CompileStep,
    CopyStep,
    FitStep,
    FreezeStep,
    FreshStep,
    Imports,
    LoadModelStep,
    LoadWeightsStep,
    PathStyle,
    Place,
    Placed,
    Program,
    SaveStep,
    Scope,
    Step,
    UseStep,
)
from differential.rendering_classes import render_class
from differential.rendering_models import render_model
from differential.rendering_steps import Context, make, render_step

FLAG = "DEMO_FLAG"
"""The environment variable that unknown branches ask for."""


def render(program: Program) -> str:
    """The source of a program."""
    names = names_of(program.imports)
    parts = [_imports(program)]
    parts += [render_class(cls, names) for cls in program.classes]
    parts.append(_DATA + _constants(program))
    parts += _builder(program, names)
    parts += _course(program, names)
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


_DATA = """\
x = np.random.normal(size=(6, 4)).astype("float32")
y = np.random.normal(size=(6, 2)).astype("float32")
"""


def _constants(program: Program) -> str:
    """The constants that paths are made of."""
    saves = [item.step for item in program.steps if isinstance(item.step, SaveStep)]
    extension = saves[-1].extension.value if saves else ""
    return {
        PathStyle.CONSTANT: f'PATH = "model{extension}"\n',
        PathStyle.FSTRING: 'NAME = "model"\n',
        PathStyle.JOIN: 'os.makedirs("out", exist_ok=True)\n',
    }.get(saves[-1].path if saves else PathStyle.LITERAL, "")


def names_of(imports: Imports) -> dict[str, str]:
    """How a program calls `keras` and `keras.layers`."""
    keras = "tf.keras" if imports is Imports.ATTRIBUTE else "keras"
    # Keras 3 has no `tf.keras.saving`.
    saving = "saving" if imports in (Imports.KERAS, Imports.LAYERS) else "utils"
    return {
        "keras": keras,
        "layers": "layers" if imports is Imports.LAYERS else f"{keras}.layers",
        "registered": f"{keras}.{saving}.register_keras_serializable",
    }


def _imports(program: Program) -> str:
    keras = {
        Imports.KERAS: ["import keras"],
        Imports.TENSORFLOW: ["from tensorflow import keras"],
        Imports.ATTRIBUTE: [],
        Imports.LAYERS: ["import keras", "from keras import layers"],
    }[program.imports]
    standard = ["import collections", "import os", "import pathlib", ""]
    return "\n".join([*standard, *keras, "import numpy as np", "import tensorflow as tf"])


def indent(lines: Iterable[str]) -> list[str]:
    """Lines, one level deeper."""
    return [textwrap.indent(line, "    ") for line in lines]


# Where a model is made


def _builder(program: Program, names: dict[str, str]) -> list[str]:
    if program.builder is Builder.INLINE:
        return []
    lines = render_model(program.model, program.classes, "model", names)
    inner = "base" if program.model.nested else "model.layers[-1]"
    result = {
        Builder.FUNCTION: "model",
        Builder.TUPLE: f"model, {inner}",
        Builder.DICT: '{"model": model, "name": "demo"}',
    }[program.builder]
    return ["\n".join(["def build_model():", *indent([*lines, f"return {result}"])])]


# The course of the program


def _course(program: Program, names: dict[str, str]) -> list[str]:
    if program.scope is Scope.TRAINER:
        return _trainer(program, names)
    context = Context(program, names, "model")
    functions: list[str] = []
    lines = make(program, "model", names)
    for number, placed in enumerate(program.steps):
        lines += _place(placed, number, context, functions)
    if program.scope is Scope.MAIN:
        return [*functions, "\n".join(["def main():", *indent(lines)]), "main()"]
    return [*functions, "\n".join(lines)]


def _trainer(program: Program, names: dict[str, str]) -> list[str]:
    context = Context(program, names, "self.model")
    functions: list[str] = []
    methods = {"__init__": make(program, "self.model", names)}
    for number, placed in enumerate(program.steps):
        if isinstance(placed.step, SaveStep):
            method = "save"
        else:
            method = "restore" if "save" in methods else "train"
        methods.setdefault(method, []).extend(_place(placed, number, context, functions))
    body = [f"def {name}(self):\n" + "\n".join(indent(lines)) + "\n" for name, lines in methods.items()]
    calls = [f"trainer.{name}()" for name in methods if name != "__init__"]
    cls = "class Trainer:\n" + "\n".join(indent(body))
    return [*functions, cls, "\n".join(["trainer = Trainer()", *calls])]


def _place(placed: Placed, number: int, context: Context, functions: list[str]) -> list[str]:
    """The lines of a step in its place; functions that it needs are added to `functions`."""
    step, place = placed.step, placed.place
    if isinstance(step, FreshStep):
        context.subject = context.subject.removesuffix("model") + "second"
        return make(context.program, context.subject, context.names)
    if place is Place.HELPER:
        return _helper(step, number, context, functions)
    lines = render_step(step, context)
    if isinstance(step, _MAKERS) and place is Place.FLAG:
        return lines
    match place:
        case Place.CONSTANT:
            return ["if True:", *indent(lines)]
        case Place.FLAG:
            return [f'if os.environ.get("{FLAG}"):', *indent(lines)]
        case Place.BOTH:
            return ["if len(os.listdir()) > 1:", *indent(lines), "else:", *indent(lines)]
        case Place.LOOP:
            return ["for _ in range(1):", *indent(lines)]
        case Place.TRY:
            return ["try:", *indent(lines), "finally:", '    print("done")']
        case Place.CLOSURE if not isinstance(step, _MAKERS):
            return [f"def step_{number}():", *indent(lines), "", f"step_{number}()"]
    return lines


_MAKERS = (LoadModelStep, CloneStep, CopyStep)
"""Steps after which another model is acted on."""

_VERBS = {
    BuildStep: "touch",
    CompileStep: "prepare",
    FreezeStep: "freeze",
    FitStep: "train",
    SaveStep: "store",
    LoadWeightsStep: "fill",
    LoadModelStep: "restore",
    CloneStep: "clone",
    CopyStep: "copy",
    UseStep: "use",
}


def _helper(step: Step, number: int, context: Context, functions: list[str]) -> list[str]:
    """A function with the step in it, and the line that calls it."""
    name = f"{_VERBS[type(step)]}_{number}"
    outer = context.subject
    inside = Context(context.program, context.names, "net", context.path, "path", context.style)
    body = render_step(step, inside)
    context.path, context.style, context.subject = inside.path, inside.style, outer
    takes_path = isinstance(step, (SaveStep, LoadWeightsStep, LoadModelStep))
    path = [context.outer_path] if takes_path else []
    if isinstance(step, _MAKERS):
        made = inside.subject
        receiver = [] if isinstance(step, LoadModelStep) else ["net"]
        parameters = [*receiver, *(["path"] if takes_path else [])]
        functions.append(
            "\n".join([f"def {name}({', '.join(parameters)}):", *indent([*body, f"return {made}"])])
        )
        context.subject = _sibling(outer, made)
        arguments = [*([outer] if receiver else []), *path]
        return [f"{context.subject} = {name}({', '.join(arguments)})"]
    parameters = ["net", *(["path"] if takes_path else [])]
    functions.append("\n".join([f"def {name}({', '.join(parameters)}):", *indent(body)]))
    return [f"{name}({', '.join([outer, *path])})"]


def _sibling(subject: str, name: str) -> str:
    return f"self.{name}" if subject.startswith("self.") else name
