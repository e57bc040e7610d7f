"""The language of generated programs: what a program can be made of, as data.

A `Program` says what is done and where it is written; `strategies.py` draws one, `rendering.py` writes it as Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from differential.grammar_classes import CustomClass
from differential.grammar_models import Architecture, Builder


class Extension(Enum):
    """The end of a path."""

    KERAS = ".keras"
    H5 = ".h5"
    WEIGHTS = ".weights.h5"
    NONE = ""


class Touch(Enum):
    """Something that may build a model."""

    CALL = "call"
    BUILD = "build"
    PREDICT = "predict"
    SUMMARY = "summary"


class Target(Enum):
    """What of a model is frozen."""

    FIRST = "layers[0]"
    NAMED = "get_layer"
    ALL_BUT_LAST = "layers[:-1]"
    EACH = "layers"
    MODEL = "model"
    INNER = "the nested model"


class LossName(Enum):
    """The loss that a model is compiled with."""

    SHORT = '"mse"'
    LONG = '"mean_squared_error"'
    OBJECT = "KERAS.losses.MeanSquaredError()"
    NONE = ""


class Metrics(Enum):
    """The metrics that a model is compiled with."""

    NONE = ""
    NAME = '["mae"]'
    OBJECT = "[KERAS.metrics.MeanAbsoluteError()]"
    ACCURACY = '["accuracy"]'
    BARE = '"mae"'
    UNKNOWN = '["rmse"]'


class Optimizer(Enum):
    """The optimizer that a model is compiled with."""

    NAME = '"sgd"'
    ADAM = '"adam"'
    OBJECT = "KERAS.optimizers.SGD(learning_rate=0.05)"
    CLASS = "KERAS.optimizers.SGD"
    LEGACY = "KERAS.optimizers.SGD(lr=0.05)"


class Data(Enum):
    """What a model is trained on."""

    ARRAYS = "x, y"
    KEYWORDS = "x=x, y=y"
    DATASET = "tf.data.Dataset.from_tensor_slices((x, y)).batch(4)"
    DATASET_AND_Y = "tf.data.Dataset.from_tensor_slices((x, y)).batch(4), y"


class Validation(Enum):
    """What a model is validated with."""

    NONE = ""
    DATA = "validation_data=(x, y)"
    SPLIT = "validation_split=0.34"


class CallbackKind(Enum):
    """A callback of `fit`."""

    CHECKPOINT = "ModelCheckpoint"
    STOPPING = "EarlyStopping"
    PLATEAU = "ReduceLROnPlateau"
    BACKUP = "BackupAndRestore"
    TERMINATE = "TerminateOnNaN"


@dataclass(frozen=True)
class Callback:
    """A callback; the three last fields are those of a checkpoint."""

    kind: CallbackKind
    monitor: str | None = None
    extension: Extension | None = None
    weights_only: bool = False
    best_only: bool = False


class TapeForm(Enum):
    """How a training loop is written."""

    FULL = "with the trainable variables, asked for each time"
    EARLY = "with those from before the loop"
    TRAINING = "with training=True"
    MINIMIZE = "with optimizer.minimize"
    NUMPY = "with a loss that NumPy computes"
    COMPILED = "with the optimizer of compile"


class PathStyle(Enum):
    """How a path is written."""

    LITERAL = "literal"
    CONSTANT = "a constant of the module"
    FSTRING = "f-string"
    JOIN = "os.path.join"
    PATHLIB = "pathlib"
    VARIABLE = "a variable"
    SUM = "a sum"
    FORMAT = "format"
    FOLDER = "pathlib with a folder"


@dataclass(frozen=True)
class BuildStep:
    """Touch a model."""

    how: Touch


@dataclass(frozen=True)
class CompileStep:
    """Compile a model; without a loss it can still predict."""

    loss: LossName
    metrics: Metrics = Metrics.NONE
    optimizer: Optimizer = Optimizer.NAME


@dataclass(frozen=True)
class FreezeStep:
    """Set `trainable`."""

    target: Target
    trainable: bool


@dataclass(frozen=True)
class FitStep:
    """Train a model; `key` is what is read from its history."""

    on_batch: bool = False
    data: Data = Data.ARRAYS
    validation: Validation = Validation.NONE
    callbacks: tuple[Callback, ...] = ()
    key: str | None = None


@dataclass(frozen=True)
class TapeStep:
    """Train a model in a loop of the program's own."""

    form: TapeForm


@dataclass(frozen=True)
class AdaptStep:
    """Adapt the layer that has to be adapted."""


@dataclass(frozen=True)
class EpochsStep:
    """Train a model in a loop, and save it in each round under another name."""

    weights_only: bool
    extension: Extension


@dataclass(frozen=True)
class SaveStep:
    """Save a model, or its weights only; with the function of Keras instead of the method if `function`."""

    weights_only: bool
    extension: Extension
    path: PathStyle = PathStyle.LITERAL
    function: bool = False
    option: str = ""


@dataclass(frozen=True)
class FreshStep:
    """Make the same model again under another name; what follows is done to that one."""


@dataclass(frozen=True)
class CloneStep:
    """Clone a model, with its weights or without; what follows is done to the clone."""

    with_weights: bool


@dataclass(frozen=True)
class CopyStep:
    """Make the same model again, and give it the weights of this one."""


@dataclass(frozen=True)
class LoadWeightsStep:
    """Load the weights that were saved last, or those of the last checkpoint.

    `option` is a further argument, and `then` what is called on the result.
    """

    checkpoint: bool = False
    option: str = ""
    then: str = ""


@dataclass(frozen=True)
class LoadModelStep:
    """Load the model that was saved last; what follows is done to what is loaded."""

    custom_objects: bool
    compiled: bool
    checkpoint: bool = False


@dataclass(frozen=True)
class UseStep:
    """Predict or evaluate."""

    method: str


Step = (
    BuildStep
    | CompileStep
    | FreezeStep
    | FitStep
    | TapeStep
    | AdaptStep
    | EpochsStep
    | SaveStep
    | FreshStep
    | CloneStep
    | CopyStep
    | LoadWeightsStep
    | LoadModelStep
    | UseStep
)


class Place(Enum):
    """Where a step is written."""

    INLINE = "in line"
    HELPER = "in a function"
    CONSTANT = "if True"
    FLAG = "if a flag is set"
    BOTH = "in both branches of an unknown condition"
    LOOP = "in a loop"
    TRY = "in a try with a finally"
    CLOSURE = "in a function without parameters"
    WITH = "in a with statement"
    EXCEPT = "in a try with an except"
    ELSE = "if a flag is not set"


class Scope(Enum):
    """Where the whole course of a program is written."""

    MODULE = "module"
    MAIN = "a main function"
    TRAINER = "methods of a class"


class Layout(Enum):
    """In which files a program is written."""

    SINGLE = "one file"
    MODELS = "the model is made in a file of its own"
    STAGES = "a function of another file trains and saves"
    SCRIPTS = "one script trains and saves, another one loads"


class Imports(Enum):
    """How Keras is imported."""

    KERAS = "import keras"
    TENSORFLOW = "from tensorflow import keras"
    ATTRIBUTE = "import tensorflow as tf"
    LAYERS = "from keras import layers"


@dataclass(frozen=True)
class Placed:
    """A step and where it is written."""

    step: Step
    place: Place


@dataclass(frozen=True)
class Program:
    """A whole program."""

    imports: Imports
    classes: tuple[CustomClass, ...]
    model: Architecture
    builder: Builder
    scope: Scope
    steps: tuple[Placed, ...]
    layout: Layout = Layout.SINGLE
