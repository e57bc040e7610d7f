"""What kerasast is known not to report, though real Keras raises or loses something: each limit with its reason.

A miss that no limit explains fails the tests. Each limit has a program that shows it: one that goes wrong in real
Keras in just this way, and that kerasast says nothing of. Once kerasast reports it, the limit has to go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from differential.comparison import CONTRACT, Comparison, Verdict
from kerasast.versions import KerasRange, KerasVersion


@dataclass(frozen=True)
class Limit:
    """A known miss: the text of the harm in real Keras (a regular expression), and why it is not reported."""

    name: str
    keras: str
    harm: str
    reason: str
    program: str

    def explains(self, comparison: Comparison) -> bool:
        """Whether a program goes wrong in this way, in every run."""
        if KerasVersion.parse(comparison.version) not in KerasRange.parse(self.keras):
            return False
        return all(
            any(re.search(self.harm, f"{harm.kind}: {harm.text}") for harm in run if harm.kind != CONTRACT)
            for run in comparison.observation.runs
        )


_START = """\
import keras
import numpy as np

x = np.random.normal(size=(6, 4)).astype("float32")
y = np.random.normal(size=(6, 2)).astype("float32")
"""

LIMITS = (
    Limit(
        name="summary-before-build",
        keras="<3",
        harm=r"^raised: ValueError: This model has not yet been built\.",
        reason="Keras 2 refuses the summary of a model without weights at once, and nothing is lost.",
        program=_START
        + """
model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])
model.summary()
""",
    ),
    Limit(
        name="model-with-build-built-by-hand",
        keras="<3",
        harm=r"^(saved|raised): .*expected 0 variables, but received \d+ variables during loading",
        reason="Keras 2 does not record the shape that a model's own `build` was called with, unless it calls that "
        "of its base class: a `.keras` file of the model cannot be loaded.",
        program=_START
        + """

@keras.saving.register_keras_serializable()
class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.head = keras.layers.Dense(2)

    def build(self, input_shape):
        self.head.build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.head(inputs)


model = Net()
model.build((None, 4))
model.save("model.keras")
""",
    ),
    Limit(
        name="slice-of-a-functional-model",
        keras=">=2",
        harm=r"^idle: there is nothing that training can change",
        reason="Which layers `layers[:-1]` of a functional model are is not worked out, so that nobody knows that all "
        "of them are frozen.",
        program=_START
        + """
inputs = keras.Input((4,))
outputs = keras.layers.Dense(2, name="head")(keras.layers.Dense(4)(inputs))
model = keras.Model(inputs, outputs)
for layer in model.layers[:-1]:
    layer.trainable = False
model.get_layer("head").trainable = False
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)
""",
    ),
    Limit(
        name="clone-of-a-subclassed-model",
        keras="<3",
        harm=r"^raised: ValueError: Weights for model .* have not yet been created",
        reason="A clone of a subclassed model has no weights yet in Keras 2; what a clone has is not followed.",
        program=_START
        + """

class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.Sequential([keras.layers.Dense(4)])
        self.head = keras.layers.Dense(2)

    def call(self, inputs):
        return self.head(self.inner(inputs))

    def get_config(self):
        return super().get_config()


model = Net()
model(x)
twin = keras.models.clone_model(model)
twin.set_weights(model.get_weights())
""",
    ),
)
"""The known limits."""


def limit_of(comparison: Comparison) -> Limit | None:
    """The limit that explains a miss, or a report at another statement, if one does."""
    if comparison.verdict not in (Verdict.MISS, Verdict.MISPLACED):
        return None
    return next((limit for limit in LIMITS if limit.explains(comparison)), None)
