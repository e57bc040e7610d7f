"""What kerasast is known not to report, though real Keras raises or loses something: each limit with its reason.

A miss that no limit explains fails the tests. Each limit has a program that shows it: one that goes wrong in real
Keras in just this way, and that kerasast says nothing of. Once kerasast reports it, the limit has to go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from differential.comparison import CONTRACT, Comparison, Verdict
from differential.harness import Case
from differential.limit_programs import MODEL, NET, REGISTERED, START, STEPPING, TF
from kerasast.versions import KerasRange, KerasVersion


@dataclass(frozen=True)
class Limit:
    """A known miss: the text of the harm in real Keras (a regular expression), and why it is not reported.

    `code` is a regular expression that is found in all such programs; `program` is one, as one file or several.
    """

    name: str
    keras: str
    harm: str
    reason: str
    program: str | dict[str, str]
    code: str = ""

    @property
    def case(self) -> Case:
        """The program that shows it."""
        files = self.program if isinstance(self.program, dict) else {"program.py": self.program}
        return Case(0, 0, files, self.name)

    def explains(self, comparison: Comparison) -> bool:
        """Whether a program goes wrong in this way, in every run."""
        if KerasVersion.parse(comparison.version) not in KerasRange.parse(self.keras):
            return False
        if not re.search(self.code, comparison.case.source):
            return False
        return all(
            any(re.search(self.harm, f"{harm.kind}: {harm.text}") for harm in run if harm.kind != CONTRACT)
            for run in comparison.observation.runs
        )


LIMITS = (
    Limit(
        name="summary-before-build",
        keras="<3",
        harm=r"^raised: ValueError: This model has not yet been built\.",
        reason="Keras 2 refuses the summary of a model without weights at once, and nothing is lost.",
        program=START
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
        program=START
        + REGISTERED
        + """\
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
        program=START
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
        code=r"clone_model",
        reason="A clone of a subclassed model has no weights yet in Keras 2; what a clone has is not followed.",
        program=START
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
    Limit(
        name="numpy-in-a-training-loop",
        keras=">=2",
        harm=r"^raised: AttributeError: 'numpy\.float\d+' object has no attribute",
        code=r"np\.mean\(",
        reason="A loss that NumPy computes has no gradient. It is looked for in what `compile()` gets, not in loops.",
        program=START
        + TF
        + MODEL
        + """\
optimizer = keras.optimizers.SGD(0.05)
with tf.GradientTape() as tape:
    loss = np.mean(np.square(model(x) - y))
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    ),
    Limit(
        name="train-on-batch-of-a-step",
        keras=">=3",
        harm=r"^raised: ValueError: too many values to unpack",
        code=r"train_on_batch[^$]*def train_step|def train_step[^$]*train_on_batch",
        reason="In Keras 3 `train_on_batch()` gives `train_step` weights of samples too, so that `x, y = data` fails.",
        program=STEPPING
        + """\
model.compile("sgd")
model.train_on_batch(x, y)
""",
    ),
    Limit(
        name="logs-of-a-train-step",
        keras=">=2",
        harm=r"^raised: KeyError: '\w+'|^monitor: |^raised: .* callback received monitor=",
        code=r"def train_step",
        reason="What a `train_step` of one's own logs is not worked out: any key and any monitor may be right.",
        program=STEPPING
        + """\
model.compile("sgd")
history = model.fit(x, y, verbose=0)
print(history.history["loss"])
""",
    ),
    Limit(
        name="loss-alias-in-a-file-that-is-not-loaded",
        keras=">=3",
        harm=r"^saved: .*cannot be loaded back: .*Could not (deserialize|locate function) '?(keras\.metrics\.)?m[sa]e",
        reason="`hdf5-loss-alias` reports the `load_model()` that fails: with `compile=False` the file can be loaded.",
        program=START
        + MODEL
        + """\
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)
model.save("model.h5")
""",
    ),
    Limit(
        name="from-config-of-ones-own",
        keras=">=2",
        harm=r"^(raised|saved): .*(got an unexpected keyword argument|Layer count mismatch|Could not parse config)",
        code=r"def from_config",
        reason="What a `from_config` of one's own does with the config is not worked out, so that a constructor "
        "without `**kwargs` is not reported.",
        program=START
        + REGISTERED
        + """\
class Mix(keras.layers.Layer):
    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def call(self, inputs):
        return self.gate(inputs)

    def get_config(self):
        return {**super().get_config(), "gate": keras.saving.serialize_keras_object(self.gate)}

    @classmethod
    def from_config(cls, config):
        gate = keras.saving.deserialize_keras_object(config.pop("gate"))
        return cls(gate, **config)


model = keras.Sequential([keras.Input((4,)), Mix(keras.layers.Dense(2))])
model.save("model.keras")
keras.models.load_model("model.keras")
""",
    ),
    Limit(
        name="value-of-a-call-without-return",
        keras=">=2",
        harm=r"^raised: .*(Got 'None'|input_shape=<unknown>|NoneType|None values not)",
        code=r"result = ",
        reason="`call-returns-none` reports the class. Keras raises at the next layer, which is given the `None`.",
        program=START
        + """

class Mix(keras.layers.Layer):
    def call(self, inputs):
        result = inputs * 2.0


inputs = keras.Input((4,))
hidden = Mix()(inputs)
outputs = keras.layers.Dense(2)(hidden)
""",
    ),
    Limit(
        name="fit-after-backup",
        keras="<3",
        harm=r"^raised: AttributeError: '\w+' object has no attribute '_training_state'",
        code=r"BackupAndRestore",
        reason="A mistake in Keras 2.15: after a training with `BackupAndRestore` the model cannot be trained without.",
        program=START
        + MODEL
        + """\
model.compile("sgd", "mse")
model.fit(x, y, verbose=0, callbacks=[keras.callbacks.BackupAndRestore("backup")])
model.fit(x, y, verbose=0)
""",
    ),
    Limit(
        name="targets-of-another-file",
        keras=">=2",
        harm=r"^raised: ValueError: (`y` argument is not supported|When providing `x` as a tf\.data\.Dataset)",
        code=r"from data import",
        reason="A value that another file defines might be `None`, which is allowed next to a dataset.",
        program={
            "data.py": START,
            "program.py": """\
import keras
import tensorflow as tf
from data import x, y

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(2), y, verbose=0)
""",
        },
    ),
    Limit(
        name="weights-taken-before-they-exist",
        keras=">=2",
        harm=r"^raised: ValueError: (not enough values to unpack|No gradients|Weights for model|No variables)",
        code=r"weights = [\w.]+\.trainable_variables",
        reason="A training loop that asked for the variables before the model was built has none to train: it raises.",
        program=START
        + """
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(2)])
optimizer = keras.optimizers.SGD(0.05)
weights = model.trainable_variables
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(model(x) - y))
gradients = tape.gradient(loss, weights)
optimizer.apply_gradients(zip(gradients, weights))
""",
    ),
    Limit(
        name="format-of-tensorflow-in-a-keras-file",
        keras="<3",
        harm=r"^raised: NotImplementedError: Saving the model to HDF5 format requires",
        code=r'save_format="(tf|h5)"',
        reason="Keras 2.15 takes `save_format=` next to a name in `.keras` for a wish for HDF5, which subclassed "
        "models do not have.",
        program=START
        + NET
        + """

model = Net()
model(x)
keras.models.save_model(model, "model.keras", save_format="tf")
""",
    ),
    Limit(
        name="logs-of-a-subclassed-model",
        keras=">=2",
        harm=r"^raised: KeyError: '\w+'|^monitor: |^raised: .* callback received monitor=",
        code=r"class Net",
        reason="How many outputs a subclassed model has is not worked out: with several, the logs have other names.",
        program=START
        + NET
        + """

model = Net()
model.compile("sgd", "mse")
print(model.fit(x, y, verbose=0).history["mae"])
""",
    ),
    Limit(
        name="config-as-one-argument",
        keras=">=2",
        harm=r"^(raised|saved): .*(takes 1 positional argument but|`name` (argument to be|must be) a string)",
        code=r"return cls\(config\)",
        reason="`config-not-unpacked` asks for a `get_config` of the class itself.",
        program=START
        + REGISTERED
        + """\
class Mix(keras.layers.Layer):
    def __init__(self, name=None):
        super().__init__(name=name)

    def call(self, inputs):
        return inputs * 2.0

    @classmethod
    def from_config(cls, config):
        return cls(config)


model = keras.Sequential([keras.Input((4,)), Mix(), keras.layers.Dense(2)])
model.save("model.keras")
""",
    ),
    Limit(
        name="clone-of-a-lambda",
        keras=">=3",
        harm=r"^raised: ValueError: Requested the deserialization of a `Lambda` layer",
        code=r"clone_model",
        reason="Keras 3 refuses to clone a model with a Python lambda, with a message that says what to do.",
        program=START
        + """
model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda values: values * 2.0)])
keras.models.clone_model(model)
""",
    ),
    Limit(
        name="nothing-to-train-in-a-step",
        keras=">=3",
        harm=r"^raised: ValueError: not enough values to unpack",
        code=r"def train_step",
        reason="A `train_step` of one's own may train something else than what is frozen.",
        program=STEPPING
        + """\
model.trainable = False
model.compile("sgd")
model.fit(x, y, verbose=0)
""",
    ),
    Limit(
        name="optimizer-without-compile",
        keras=">=2",
        harm=r"^raised: AttributeError: .*(has no attribute 'apply_gradients'|has no attribute 'optimizer')",
        code=r"\w\.optimizer\.apply_gradients",
        reason="A training loop that uses the optimizer of a model which was not compiled raises at once.",
        program=START
        + TF
        + MODEL
        + """\
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(model(x) - y))
gradients = tape.gradient(loss, model.trainable_variables)
model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    ),
    Limit(
        name="weight-before-super-init",
        keras=">=2",
        harm=r"^raised: (AttributeError: .* has no attribute '_dtype_policy'|RuntimeError: .*you forgot to call)",
        code=r"(add_weight|Variable)\([^$]*super\(\)\.__init__",
        reason="A weight that `__init__` adds before it calls that of the base class raises at once; "
        "`attribute-before-super-init` looks for attributes.",
        program=START
        + """

class Mix(keras.layers.Layer):
    def __init__(self, **kwargs):
        self.kernel = self.add_weight(shape=(4, 4), initializer="glorot_uniform", name="kernel")
        super().__init__(**kwargs)

    def call(self, inputs):
        return inputs @ self.kernel


Mix()
""",
    ),
    Limit(
        name="attribute-of-which-nothing-is-known",
        keras=">=2",
        harm=r"^raised: ValueError: No loss (found|to compute)",
        code=r"self\.kernel = self\.add_weight",
        reason="What `add_weight` returns is not followed, and what is not followed might be a layer that adds a loss.",
        program=START
        + """

class Mix(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kernel = self.add_weight(shape=(4, 4), initializer="glorot_uniform", name="kernel")

    def call(self, inputs):
        return inputs @ self.kernel


model = keras.Sequential([keras.Input((4,)), Mix(), keras.layers.Dense(2)])
model.compile("sgd")
model.fit(x, y, verbose=0)
""",
    ),
    Limit(
        name="weights-of-another-layer-exist",
        keras="<3",
        harm=r"^raised: ValueError: (Unable to load weights saved in HDF5 format into|You called `set_weights\()",
        code=r"def __init__[^$]*self\.kernel = ",
        reason="Where a layer has made weights in its `__init__`, the model counts as one that may be built.",
        program=START
        + """
import tensorflow as tf


class Mix(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kernel = tf.Variable(tf.random.normal((4, 4)))

    def call(self, inputs):
        return inputs @ self.kernel


model = keras.Sequential([Mix(), keras.layers.Dense(2)])
model(x)
model.save_weights("model.h5")
second = keras.Sequential([Mix(), keras.layers.Dense(2)])
second.load_weights("model.h5")
""",
    ),
)
"""The known limits."""


def limit_of(comparison: Comparison) -> Limit | None:
    """The limit that explains a miss, or a report at another statement, if one does."""
    if comparison.verdict not in (Verdict.MISS, Verdict.MISPLACED):
        return None
    return next((limit for limit in LIMITS if limit.explains(comparison)), None)
