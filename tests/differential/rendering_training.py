"""Writes how models are trained: `fit` with its callbacks, loops with a gradient tape, and `train_step`."""

from __future__ import annotations

from differential.grammar import Callback, CallbackKind, FitStep, TapeForm, Validation
from differential.grammar_classes import CustomClass, TrainStep

Names = dict[str, str]


def fit(step: FitStep, subject: str, keras: str) -> list[str]:
    """The lines that train a model, and read its history if that is wanted."""
    if step.on_batch:
        return [f"{subject}.train_on_batch(x, y)"]
    parts = [step.data.value, "epochs=1", "verbose=0"]
    if step.validation is not Validation.NONE:
        parts.append(step.validation.value)
    if step.callbacks:
        parts.append(f"callbacks=[{', '.join(_callback(item, keras) for item in step.callbacks)}]")
    call = f"{subject}.fit({', '.join(parts)})"
    if step.key is None:
        return [call]
    return [f"history = {call}", f'print(history.history["{step.key}"])']


def _callback(callback: Callback, keras: str) -> str:
    parts = []
    match callback.kind:
        case CallbackKind.CHECKPOINT:
            extension = callback.extension.value if callback.extension else ""
            parts.append(f'"best{extension}"')
            parts += ["save_weights_only=True"] if callback.weights_only else []
            parts += ["save_best_only=True"] if callback.best_only else []
        case CallbackKind.BACKUP:
            parts.append('"backup"')
    if callback.monitor is not None:
        parts.append(f'monitor="{callback.monitor}"')
    return f"{keras}.callbacks.{callback.kind.value}({', '.join(parts)})"


def tape(form: TapeForm, subject: str, keras: str) -> list[str]:
    """The lines of a training loop."""
    optimizer = f"{subject}.optimizer" if form is TapeForm.COMPILED else "optimizer"
    variables = "weights" if form is TapeForm.EARLY else f"{subject}.trainable_variables"
    output = f"{subject}(x, training=True)" if form is TapeForm.TRAINING else f"{subject}(x)"
    mean, square = ("np.mean", "np.square") if form is TapeForm.NUMPY else ("tf.reduce_mean", "tf.square")
    loss = f"{mean}({square}({output} - y))"
    lines = [] if form is TapeForm.COMPILED else [f"optimizer = {keras}.optimizers.SGD(0.05)"]
    if form is TapeForm.EARLY:
        lines.append(f"weights = {subject}.trainable_variables")
    lines.append("for _ in range(2):")
    if form is TapeForm.MINIMIZE:
        return [*lines, f"    optimizer.minimize(lambda: {loss}, {variables})"]
    return [
        *lines,
        "    with tf.GradientTape() as tape:",
        f"        loss = {loss}",
        f"    gradients = tape.gradient(loss, {variables})",
        f"    {optimizer}.apply_gradients(zip(gradients, {variables}))",
    ]


def train_step(cls: CustomClass, names: Names) -> list[list[str]]:
    """The methods with which a model says how it is trained."""
    form = cls.train_step
    if form is TrainStep.NONE:
        return []
    if form is TrainStep.SUPER:
        body = ["logs = super().train_step(data)", 'return {**logs, "twice": 2 * logs["loss"]}']
    elif form is TrainStep.MINIMIZE:
        body = [
            "x, y = data",
            "variables = self.trainable_variables",
            f"self.optimizer.minimize(lambda: {_OWN}, variables)",
            f'return {{"error": {_OWN}}}',
        ]
    else:
        body = _step_body(form)
    step = ["def train_step(self, data):", *(f"    {line}" for line in body)]
    listed = ["@property", "def metrics(self):", "    return [self.tracker]"]
    return [step, listed] if form is TrainStep.TRACKER else [step]


_OWN = "tf.reduce_mean(tf.square(self(x, training=True) - y))"


def _step_body(form: TrainStep) -> list[str]:
    output = "self(x)" if form is TrainStep.NO_TRAINING else "self(x, training=True)"
    loss = {
        TrainStep.COMPUTE_LOSS: "self.compute_loss(x, y, outputs)",
        TrainStep.METRICS_ONLY: "self.compute_loss(x, y, outputs)",
        TrainStep.COMPILED: "self.compiled_loss(y, outputs, regularization_losses=self.losses)",
    }.get(form, "tf.reduce_mean(tf.square(outputs - y))")
    apply = "self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))"
    return [
        "x, y = data",
        "with tf.GradientTape() as tape:",
        f"    outputs = {output}",
        f"    loss = {loss}",
        "gradients = tape.gradient(loss, self.trainable_variables)",
        *([] if form is TrainStep.NO_APPLY else [apply]),
        *_logs(form),
    ]


def _logs(form: TrainStep) -> list[str]:
    match form:
        case TrainStep.TRACKER:
            return ["self.tracker.update_state(loss)", 'return {"error": self.tracker.result()}']
        case TrainStep.OWN_AS_LOSS:
            return ['return {"loss": loss}']
        case TrainStep.METRICS_ONLY:
            return ["return self.compute_metrics(x, y, outputs, None)"]
        case TrainStep.COMPILED:
            return [
                "self.compiled_metrics.update_state(y, outputs)",
                "return {metric.name: metric.result() for metric in self.metrics}",
            ]
    return ['return {"error": loss}']
