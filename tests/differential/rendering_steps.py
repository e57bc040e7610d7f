"""Writes what is done with models: the lines of one step."""

from __future__ import annotations

from dataclasses import dataclass

from differential.grammar import (
    Builder,
    BuildStep,
    CloneStep,
    CompileStep,
    CopyStep,
    FitStep,
    FreezeStep,
    Kind,
    LoadModelStep,
    LoadWeightsStep,
    PathStyle,
    Program,
    SaveStep,
    Step,
    Target,
    Touch,
    UseStep,
)
from differential.rendering_models import render_model


@dataclass
class Context:
    """Where the rendering of a program's course is: the model that steps act on, and the path saved to last.

    `path_name` is the variable that holds the path, where it is a parameter.
    """

    program: Program
    names: dict[str, str]
    subject: str
    path: str = "model.keras"
    path_name: str | None = None
    style: PathStyle = PathStyle.LITERAL

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
        }[self.style]

    def follow(self, name: str) -> None:
        """From now on act on another model, which stands beside this one."""
        self.subject = f"self.{name}" if self.subject.startswith("self.") else name


def render_step(step: Step, context: Context) -> list[str]:
    """The lines of a step; it may change what the next steps act on."""
    subject, keras = context.subject, context.names["keras"]
    match step:
        case BuildStep():
            return [_touch(step.how, subject)]
        case CompileStep():
            return [_compile(step, subject, keras)]
        case FreezeStep():
            return _freeze(step, context)
        case FitStep():
            return [_fit(step, subject, keras)]
        case SaveStep():
            return [_save(step, context)]
        case CloneStep():
            return _clone(step, context)
        case LoadWeightsStep():
            return [f"{subject}.load_weights({context.path_text})"]
        case LoadModelStep():
            return [_load(step, context)]
        case UseStep():
            return [f"{subject}(x)" if step.method == "__call__" else f"{subject}.predict(x, verbose=0)"]
        case CopyStep():
            return _copy(context)
    raise AssertionError(f"rendering.py writes {step}")


def _compile(step: CompileStep, subject: str, keras: str) -> str:
    loss = f", loss={step.loss.value}" if step.loss.value else ""
    metrics = f", metrics={step.metrics.value}" if step.metrics.value else ""
    return f'{subject}.compile(optimizer="sgd"{loss}{metrics})'.replace("KERAS", keras)


def _touch(how: Touch, subject: str) -> str:
    return {
        Touch.CALL: f"{subject}(x)",
        Touch.BUILD: f"{subject}.build((None, 4))",
        Touch.PREDICT: f"{subject}.predict(x, verbose=0)",
        Touch.SUMMARY: f"{subject}.summary()",
    }[how]


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


def _fit(step: FitStep, subject: str, keras: str) -> str:
    if step.on_batch:
        return f"{subject}.train_on_batch(x, y)"
    callbacks = ""
    if step.checkpoint is not None:
        extension, weights_only = step.checkpoint
        only = ", save_weights_only=True" if weights_only else ""
        callbacks = f', callbacks=[{keras}.callbacks.ModelCheckpoint("best{extension.value}"{only})]'
    return f"{subject}.fit(x, y, epochs=1, verbose=0{callbacks})"


def _save(step: SaveStep, context: Context) -> str:
    context.path = f"model{step.extension.value}"
    context.style = step.path
    if step.function:
        return f"{context.names['keras']}.models.save_model({context.subject}, {context.path_text})"
    method = "save_weights" if step.weights_only else "save"
    return f"{context.subject}.{method}({context.path_text})"


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
    keras, classes = context.names["keras"], context.program.classes
    context.follow("loaded")
    objects = ""
    if step.custom_objects and classes:
        objects = ", custom_objects={" + ", ".join(f'"{cls.name}": {cls.name}' for cls in classes) + "}"
    compiled = "" if step.compiled else ", compile=False"
    return f"{context.subject} = {keras}.models.load_model({context.path_text}{objects}{compiled})"
