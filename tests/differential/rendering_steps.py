"""Writes what is done with models: the lines of one step."""

from __future__ import annotations

from dataclasses import dataclass

from differential.grammar import (
    Builder,
    BuildStep,
    CloneStep,
    CompileStep,
    FitStep,
    FreezeStep,
    Kind,
    LoadModelStep,
    LoadWeightsStep,
    Program,
    SaveStep,
    Step,
    Target,
    Touch,
    UseStep,
)


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

    @property
    def path_text(self) -> str:
        """The path as an expression."""
        return self.path_name or f'"{self.path}"'

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
            return [
                f'{subject}.compile(optimizer="sgd"{", loss=" + chr(34) + "mse" + chr(34) if step.loss else ""})'
            ]
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
    raise AssertionError(f"rendering.py writes {step}")


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
    method = "save_weights" if step.weights_only else "save"
    return f"{context.subject}.{method}({context.path_text})"


def _clone(step: CloneStep, context: Context) -> list[str]:
    source, keras = context.subject, context.names["keras"]
    context.follow("twin")
    lines = [f"{context.subject} = {keras}.models.clone_model({source})"]
    if step.with_weights:
        lines.append(f"{context.subject}.set_weights({source}.get_weights())")
    return lines


def _load(step: LoadModelStep, context: Context) -> str:
    keras, classes = context.names["keras"], context.program.classes
    context.follow("loaded")
    objects = ""
    if step.custom_objects and classes:
        objects = ", custom_objects={" + ", ".join(f'"{cls.name}": {cls.name}' for cls in classes) + "}"
    compiled = "" if step.compiled else ", compile=False"
    return f"{context.subject} = {keras}.models.load_model({context.path_text}{objects}{compiled})"
