"""The language of generated programs: what a program can be made of, as data.

A `Program` says what is done and where it is written; `strategies.py` draws one, `rendering.py` writes it as Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Classes


class Base(Enum):
    """What a class of the program derives from."""

    LAYER = "layers.Layer"
    MODEL = "Model"


class Registration(Enum):
    """The decorator of a class."""

    NONE = ""
    DEFAULT = "()"
    PACKAGE = '(package="demo")'
    UNCALLED = " "


class Kwargs(Enum):
    """What `__init__` does with the keyword arguments of its base class."""

    FORWARDED = "forwarded"
    DROPPED = "accepted, not forwarded"
    NAME_ONLY = "only the name"
    ABSENT = "not accepted"


class SuperInit(Enum):
    """Where `__init__` calls that of its base class."""

    FIRST = "first"
    LAST = "last"
    MISSING = "missing"


class Parameter(Enum):
    """The parameter of `__init__`."""

    NONE = "none"
    UNITS = "units"
    SCALE = "scale"


class Config(Enum):
    """The `get_config` of a class."""

    NONE = "none"
    FULL = "full"
    MERGED = "full, as one expression"
    INCOMPLETE = "without the parameter"
    WITHOUT_SUPER = "without that of the base class"
    NO_RETURN = "returns nothing"


class State(Enum):
    """Where the weights of a class come from."""

    WEIGHT_IN_BUILD = "add_weight in build"
    WEIGHT_IN_INIT = "add_weight in __init__"
    POSITIONAL_WEIGHT = "add_weight with a positional name"
    VARIABLE_IN_BUILD = "tf.Variable in build"
    VARIABLE_IN_INIT = "tf.Variable in __init__"
    CHILD_IN_INIT = "a layer made in __init__"
    CHILD_IN_BUILD = "a layer made in build"
    CHILD_IN_CALL = "a layer made in call"
    CHILD_IN_LIST = "layers in a list"
    CHILD_IN_DICT = "layers in a dict"
    CHILD_IN_DEQUE = "layers in a deque"
    CHILD_IN_OBJECT = "a layer in an object of a plain class"
    CHILD_SEQUENTIAL = "a Sequential made in __init__"
    NONE = "none"


class Build(Enum):
    """The `build` of a class that holds layers."""

    NONE = "none"
    CHILDREN = "builds them"
    SUPER = "calls that of the base class only"
    FLAG = "sets built only"


@dataclass(frozen=True)
class CustomClass:
    """A class of layers or models; its layers are Keras's, or of the class `child` of the program's."""

    name: str
    base: Base
    registration: Registration
    kwargs: Kwargs
    super_init: SuperInit
    parameter: Parameter
    config: Config
    state: State
    build: Build
    child: CustomClass | None = None


# Models


@dataclass(frozen=True)
class Layer:
    """A layer of a Sequential or functional model: one of Keras's, or of the program's class number `custom`."""

    api: str
    arguments: str = ""
    custom: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Nested:
    """A model inside a model: functional, or a Sequential with an `Input` or without weights as yet."""

    layers: tuple[Layer, ...]
    has_input: bool
    functional: bool = False


class Kind(Enum):
    """What kind of model a program has."""

    SEQUENTIAL = "Sequential"
    FUNCTIONAL = "functional"
    SUBCLASSED = "subclassed"


class Start(Enum):
    """How a Sequential gets to know its input."""

    INPUT = "Input"
    INPUT_LAYER = "InputLayer"
    INPUT_SHAPE = "input_shape"
    NONE = "not"


class Assembly(Enum):
    """How a Sequential gets its layers."""

    LIST = "list"
    ADD = "add"
    VARIABLE = "list in a variable"


class Graph(Enum):
    """How the layers of a functional model are connected."""

    CHAIN = "one after the other"
    RESIDUAL = "around them, the input is added"
    SHARED = "the first layer is used twice"


@dataclass(frozen=True)
class Architecture:
    """A model: its layers between input and output, or the number of its class; `graph` is for functional ones."""

    kind: Kind
    layers: tuple[Layer | Nested, ...] = ()
    start: Start = Start.INPUT
    assembly: Assembly = Assembly.LIST
    graph: Graph = Graph.CHAIN
    custom: int | None = None

    @property
    def nested(self) -> bool:
        """Whether a model is inside it."""
        return any(isinstance(layer, Nested) for layer in self.layers)


class Builder(Enum):
    """Where a model is made."""

    INLINE = "where it is used"
    FUNCTION = "a function returns it"
    TUPLE = "a function returns it with a layer"
    DICT = "a function returns it in a dict"


# What is done with models


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


class PathStyle(Enum):
    """How a path is written."""

    LITERAL = "literal"
    CONSTANT = "a constant of the module"
    FSTRING = "f-string"
    JOIN = "os.path.join"
    PATHLIB = "pathlib"


class Extension(Enum):
    """The end of a path."""

    KERAS = ".keras"
    H5 = ".h5"
    WEIGHTS = ".weights.h5"
    NONE = ""


@dataclass(frozen=True)
class BuildStep:
    """Touch a model."""

    how: Touch


@dataclass(frozen=True)
class CompileStep:
    """Compile a model; without a loss it can still predict."""

    loss: LossName
    metrics: Metrics = Metrics.NONE


@dataclass(frozen=True)
class FreezeStep:
    """Set `trainable`."""

    target: Target
    trainable: bool


@dataclass(frozen=True)
class FitStep:
    """Train a model; a checkpoint is `(extension, save_weights_only)`."""

    checkpoint: tuple[Extension, bool] | None = None
    on_batch: bool = False


@dataclass(frozen=True)
class SaveStep:
    """Save a model, or its weights only; with the function of Keras instead of the method if `function`."""

    weights_only: bool
    extension: Extension
    path: PathStyle = PathStyle.LITERAL
    function: bool = False


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
    """Load the weights that were saved last."""


@dataclass(frozen=True)
class LoadModelStep:
    """Load the model that was saved last; what follows is done to what is loaded."""

    custom_objects: bool
    compiled: bool


@dataclass(frozen=True)
class UseStep:
    """Predict or evaluate."""

    method: str


Step = (
    BuildStep
    | CompileStep
    | FreezeStep
    | FitStep
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


class Scope(Enum):
    """Where the whole course of a program is written."""

    MODULE = "module"
    MAIN = "a main function"
    TRAINER = "methods of a class"


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
