"""Writes programs as Python: their files with imports, data, classes and builder, and the steps in their places."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace

from differential.grammar import (
    AdaptStep,
    BuildStep,
    CloneStep,
    CompileStep,
    CopyStep,
    EpochsStep,
    FitStep,
    FreezeStep,
    FreshStep,
    Imports,
    Layout,
    LoadModelStep,
    LoadWeightsStep,
    PathStyle,
    Place,
    Placed,
    Program,
    SaveStep,
    Scope,
    Step,
    TapeStep,
    UseStep,
)
from differential.grammar_models import Builder
from differential.rendering_classes import render_class
from differential.rendering_models import render_model
from differential.rendering_steps import Context, make, render_step

FLAG = "DEMO_FLAG"
"""The environment variable that unknown branches ask for."""

MAIN = "program.py"
"""The file of a program that is run."""


def render(program: Program) -> dict[str, str]:
    """The files of a program: their sources by path, the one that is run last."""
    names = names_of(program.imports)
    classes = [render_class(cls, names) for cls in program.classes]
    data = _data(program) + _constants(program)
    builder = _builder(program, names)
    course = _Course(program, names)
    if program.layout is Layout.SINGLE:
        return {MAIN: _file(_imports(program), *classes, data, *builder, *course.whole())}
    files = {
        "data.py": _file(_imports(program), data),
        "models.py": _file(_imports(program), *classes, *builder),
    }
    head = f"{_imports(program)}\n\n{_own_imports(program)}"
    match program.layout:
        case Layout.MODELS:
            files[MAIN] = _file(head, *course.whole())
        case Layout.STAGES:
            functions, lines = course.until_saved()
            train = "\n".join(["def train():", *indent([*lines, f"return {course.context.subject}"])])
            files["train.py"] = _file(head, *functions, train)
            functions, lines = course.rest()
            files[MAIN] = _file(
                f"{head}\nfrom train import train", *functions, "\n".join(["model = train()", *lines])
            )
        case Layout.SCRIPTS:
            functions, lines = course.until_saved()
            files["train.py"] = _file(head, *functions, "\n".join(lines))
            functions, lines = course.rest()
            files["load.py"] = _file(head, *functions, "\n".join(lines))
            files[MAIN] = _file("import train\nimport load\nfrom data import x")
    return files


def _file(*parts: str) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"


def _data(program: Program) -> str:
    one = 'np.random.normal(size=(12, 4)).astype("float32")'
    target = 'np.random.normal(size=(12, 2)).astype("float32")'
    narrow = 'np.random.normal(size=(12, 1)).astype("float32")'
    x = f"[{one}, {one}]" if program.model.inputs > 1 else one
    y = f"[{target}, {narrow}]" if program.model.outputs > 1 else target
    return f"x = {x}\ny = {y}\n"


_CONSTANTS = {
    PathStyle.CONSTANT: (("PATH",), 'PATH = "model{}"\n'),
    PathStyle.VARIABLE: (("PATH",), 'folder = "."\nPATH = os.path.join(folder, "model{}")\n'),
    PathStyle.FSTRING: (("NAME",), 'NAME = "model"\n'),
    PathStyle.SUM: (("NAME",), 'NAME = "model"\n'),
    PathStyle.FORMAT: (("NAME",), 'NAME = "model"\n'),
    PathStyle.JOIN: ((), 'os.makedirs("out", exist_ok=True)\n'),
    PathStyle.FOLDER: (("FOLDER",), 'FOLDER = pathlib.Path("out")\nFOLDER.mkdir(exist_ok=True)\n'),
}
"""What paths are made of: its names, and the lines that define them."""


def _last_save(program: Program) -> SaveStep | None:
    saves = [item.step for item in program.steps if isinstance(item.step, SaveStep)]
    return saves[-1] if saves else None


def _constants(program: Program) -> str:
    """The constants that paths are made of."""
    save = _last_save(program)
    if save is None or save.path not in _CONSTANTS:
        return ""
    return _CONSTANTS[save.path][1].replace("{}", save.extension.value)


def names_of(imports: Imports) -> dict[str, str]:
    """How a program calls `keras` and `keras.layers`."""
    keras = "tf.keras" if imports is Imports.ATTRIBUTE else "keras"
    # Keras 3 has no `tf.keras.saving`.
    saving = "saving" if imports in (Imports.KERAS, Imports.LAYERS) else "utils"
    return {
        "keras": keras,
        "layers": "layers" if imports is Imports.LAYERS else f"{keras}.layers",
        "saving": saving,
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


def _own_imports(program: Program) -> str:
    """The lines that import what other files of the program define."""
    save = _last_save(program)
    constants = _CONSTANTS.get(save.path, ((), ""))[0] if save is not None else ()
    classes = [cls.name for cls in program.classes]
    data, models = ", ".join(("x", "y", *constants)), ", ".join([*classes, "build_model"])
    return f"from data import {data}\nfrom models import {models}"


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


class _Course:
    """Writes the steps of a program, all at once or in two parts."""

    def __init__(self, program: Program, names: dict[str, str]) -> None:
        self.program = program
        self.names = names
        self.context = Context(program, names, "model")
        self._number = 0

    def whole(self) -> list[str]:
        """All of it, with the functions before it."""
        if self.program.scope is Scope.TRAINER:
            return _trainer(self.program, self.names)
        functions: list[str] = []
        lines = [*make(self.program, "model", self.names), *self._lines(len(self.program.steps), functions)]
        if self.program.scope is Scope.MAIN:
            return [*functions, "\n".join(["def main():", *indent(lines)]), "main()"]
        return [*functions, "\n".join(lines)]

    def until_saved(self) -> tuple[list[str], list[str]]:
        """What happens until the model is saved: functions, and the lines that use them."""
        functions: list[str] = []
        lines = make(self.program, "model", self.names)
        saved = [isinstance(item.step, (SaveStep, EpochsStep)) for item in self.program.steps].index(True)
        return functions, [*lines, *self._lines(saved + 1, functions)]

    def rest(self) -> tuple[list[str], list[str]]:
        """What happens after that."""
        functions: list[str] = []
        lines = self._lines(len(self.program.steps), functions)
        return functions, lines

    def _lines(self, end: int, functions: list[str]) -> list[str]:
        lines = []
        for number in range(self._number, end):
            lines += _place(self.program.steps[number], number, self.context, functions)
        self._number = end
        return lines


def _trainer(program: Program, names: dict[str, str]) -> list[str]:
    context = Context(program, names, "self.model")
    functions: list[str] = []
    methods = {"__init__": make(program, "self.model", names)}
    for number, placed in enumerate(program.steps):
        if isinstance(placed.step, (SaveStep, EpochsStep)):
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
    if isinstance(step, _MAKERS) and place in (Place.FLAG, Place.ELSE):
        return lines
    if place is Place.CLOSURE and not isinstance(step, _MAKERS):
        return [f"def step_{number}():", *indent(lines), "", f"step_{number}()"]
    return _surround(place, lines)


def _surround(place: Place, lines: list[str]) -> list[str]:
    """Lines in a compound statement."""
    inside = indent(lines)
    match place:
        case Place.CONSTANT:
            return ["if True:", *inside]
        case Place.FLAG:
            return [f'if os.environ.get("{FLAG}"):', *inside]
        case Place.BOTH:
            return ["if len(os.listdir()) > 1:", *inside, "else:", *inside]
        case Place.LOOP:
            return ["for _ in range(1):", *inside]
        case Place.TRY:
            return ["try:", *inside, "finally:", '    print("done")']
        case Place.WITH:
            return ['with tf.device("CPU:0"):', *inside]
        case Place.EXCEPT:
            return ["try:", *inside, "except KeyboardInterrupt:", '    print("stopped")']
        case Place.ELSE:
            return [f'if os.environ.get("{FLAG}"):', '    print("not today")', "else:", *inside]
    return lines


_MAKERS = (LoadModelStep, CloneStep, CopyStep)
"""Steps after which another model is acted on."""

_VERBS = {
    BuildStep: "touch",
    CompileStep: "prepare",
    FreezeStep: "freeze",
    FitStep: "train",
    TapeStep: "loop",
    AdaptStep: "adapt",
    EpochsStep: "repeat",
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
    inside = replace(context, subject="net", path_name="path")
    body = render_step(step, inside)
    context.path, context.style, context.best = inside.path, inside.style, inside.best
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
