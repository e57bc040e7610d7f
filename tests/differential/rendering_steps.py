"""Writes what is done with models: the lines of one step."""

from __future__ import annotations

from dataclasses import dataclass

from differential.grammar import (
    AdaptStep,
    BuildStep,
    CallbackKind,
    CloneStep,
    CompileStep,
    CopyStep,
    EpochsStep,
    FitStep,
    FreezeStep,
    LoadModelStep,
    LoadWeightsStep,
    PathStyle,
    Program,
    SaveStep,
    Step,
    TapeStep,
    Target,
    Touch,
    UseStep,
)
from differential.grammar_models import ADAPTED, Builder, Kind
from differential.rendering_models import render_model
from differential.rendering_training import fit, tape


@dataclass
class Context:
    """Where the rendering of a program's course is: the model that steps act on, and the path saved to last.

    `path_name` is the variable that holds the path, where it is a parameter; `best` is the path of the last checkpoint.
    """

    program: Program
    names: dict[str, str]
    subject: str
    path: str = "model.keras"
    path_name: str | None = None
    style: PathStyle = PathStyle.LITERAL
    best: str | None = None

    @property
    def path_text(self) -> str:
        """The path as an expression."""
        return self.path_name or self.outer_path

    @property
    def outer_path(self) -> str:
        """The path as an expression outside of functions that have it as a parameter."""
        _, dot, extension = self.path.partition(".")
        return {
            PathStyle.LITERAL: f'"{self.path}"',
            PathStyle.CONSTANT: "PATH",
            PathStyle.FSTRING: f'f"{{NAME}}{dot}{extension}"',
            PathStyle.JOIN: f'os.path.join("out", "{self.path}")',
            PathStyle.PATHLIB: f'pathlib.Path("{self.path}")',
            PathStyle.VARIABLE: "PATH",
            PathStyle.SUM: f'NAME + "{dot}{extension}"',
            PathStyle.FORMAT: f'"{{}}{dot}{extension}".format(NAME)',
            PathStyle.FOLDER: f'FOLDER / "{self.path}"',
        }[self.style]

    def follow(self, name: str) -> None:
        """From now on act on another model, which stands beside this one."""
        self.subject = f"self.{name}" if self.subject.startswith("self.") else name


def render_step(step: Step, context: Context) -> list[str]:
    """The lines of a step; it may change what the next steps act on."""
    subject, keras = context.subject, context.names["keras"]
    match step:
        case BuildStep():
            return [_touch(step.how, context)]
        case CompileStep():
            return [_compile(step, subject, keras)]
        case FreezeStep():
            return _freeze(step, context)
        case FitStep():
            return _fit(step, context)
        case TapeStep():
            return tape(step.form, subject, keras)
        case AdaptStep():
            return [f'{subject}.get_layer("{ADAPTED}").adapt(x)']
        case EpochsStep():
            return _epochs(step, context)
        case SaveStep():
            return [_save(step, context)]
        case CloneStep():
            return _clone(step, context)
        case LoadWeightsStep():
            _aim(step, context)
            option = f", {step.option}" if step.option else ""
            return [f"{subject}.load_weights({context.path_text}{option}){step.then}"]
        case LoadModelStep():
            return [_load(step, context)]
        case UseStep():
            return [_use(step.method, subject)]
        case CopyStep():
            return _copy(context)
    raise AssertionError(f"rendering.py writes {step}")


def _compile(step: CompileStep, subject: str, keras: str) -> str:
    loss = f", loss={step.loss.value}" if step.loss.value else ""
    metrics = f", metrics={step.metrics.value}" if step.metrics.value else ""
    return f"{subject}.compile(optimizer={step.optimizer.value}{loss}{metrics})".replace("KERAS", keras)


def _touch(how: Touch, context: Context) -> str:
    subject = context.subject
    if how is Touch.BUILD and context.program.model.inputs > 1:
        how = Touch.CALL
    return {
        Touch.CALL: f"{subject}(x)",
        Touch.BUILD: f"{subject}.build((None, 4))",
        Touch.PREDICT: f"{subject}.predict(x, verbose=0)",
        Touch.SUMMARY: f"{subject}.summary()",
    }[how]


def _use(method: str, subject: str) -> str:
    return {
        "__call__": f"{subject}(x)",
        "predict": f"{subject}.predict(x, verbose=0)",
        "evaluate": f"{subject}.evaluate(x, y, verbose=0)",
    }[method]


def _freeze(step: FreezeStep, context: Context) -> list[str]:
    subject, value = context.subject, step.trainable
    first = 1 if context.program.model.kind is Kind.FUNCTIONAL else 0
    match step.target:
        case Target.FIRST:
            return [f"{subject}.layers[{first}].trainable = {value}"]
        case Target.NAMED:
            return [f'{subject}.get_layer("head").trainable = {value}']
        case Target.ALL_BUT_LAST:
            return [f"for layer in {subject}.layers[:-1]:", f"    layer.trainable = {value}"]
        case Target.EACH:
            return [f"for layer in {subject}.layers:", f"    layer.trainable = {value}"]
        case Target.MODEL:
            return [f"{subject}.trainable = {value}"]
        case Target.INNER:
            if context.program.builder is Builder.TUPLE and context.subject != "net":
                return [f"{subject}_inner.trainable = {value}"]
            return [f'{subject}.get_layer("base").trainable = {value}']


def _fit(step: FitStep, context: Context) -> list[str]:
    for callback in step.callbacks:
        if callback.kind is CallbackKind.CHECKPOINT and callback.extension is not None:
            context.best = f"best{callback.extension.value}"
    return fit(step, context.subject, context.names["keras"])


def _epochs(step: EpochsStep, context: Context) -> list[str]:
    extension = step.extension.value
    context.path, context.style = f"model_1{extension}", PathStyle.LITERAL
    method = "save_weights" if step.weights_only else "save"
    return [
        "for epoch in range(2):",
        f"    {context.subject}.fit(x, y, verbose=0)",
        f'    {context.subject}.{method}(f"model_{{epoch}}{extension}")',
    ]


def _aim(step: LoadModelStep | LoadWeightsStep, context: Context) -> None:
    """Let the path be that of the last checkpoint, if the step wants that one."""
    if step.checkpoint and context.best is not None:
        context.path, context.style = context.best, PathStyle.LITERAL


def _save(step: SaveStep, context: Context) -> str:
    context.path = f"model{step.extension.value}"
    context.style = step.path
    option = f", {step.option}" if step.option else ""
    if step.function:
        return f"{context.names['keras']}.models.save_model({context.subject}, {context.path_text}{option})"
    method = "save_weights" if step.weights_only else "save"
    return f"{context.subject}.{method}({context.path_text}{option})"


def _clone(step: CloneStep, context: Context) -> list[str]:
    source, keras = context.subject, context.names["keras"]
    context.follow("twin")
    lines = [f"{context.subject} = {keras}.models.clone_model({source})"]
    if step.with_weights:
        lines.append(f"{context.subject}.set_weights({source}.get_weights())")
    return lines


def _copy(context: Context) -> list[str]:
    source = context.subject
    context.follow("second")
    made = make(context.program, context.subject, context.names)
    return [*made, f"{context.subject}.set_weights({source}.get_weights())"]


def make(program: Program, subject: str, names: dict[str, str]) -> list[str]:
    """The lines that make the program's model under a name."""
    match program.builder:
        case Builder.INLINE:
            return render_model(program.model, program.classes, subject, names)
        case Builder.FUNCTION:
            return [f"{subject} = build_model()"]
        case Builder.TUPLE:
            return [f"{subject}, {subject}_inner = build_model()"]
        case Builder.DICT:
            return [f'{subject} = build_model()["model"]']


def _load(step: LoadModelStep, context: Context) -> str:
    _aim(step, context)
    keras, classes = context.names["keras"], context.program.classes
    context.follow("loaded")
    objects = ""
    if step.custom_objects and classes:
        objects = ", custom_objects={" + ", ".join(f'"{cls.name}": {cls.name}' for cls in classes) + "}"
    compiled = "" if step.compiled else ", compile=False"
    return f"{context.subject} = {keras}.models.load_model({context.path_text}{objects}{compiled})"
