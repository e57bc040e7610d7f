"""Custom layers and models of generated programs, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    ACTIVATION = "activation"
    GATE = "gate"


class Config(Enum):
    """The `get_config` of a class."""

    NONE = "none"
    FULL = "full"
    MERGED = "full, as one expression"
    INCOMPLETE = "without the parameter"
    WITHOUT_SUPER = "without that of the base class"
    NO_RETURN = "returns nothing"


class FromConfig(Enum):
    """The `from_config` of a class."""

    NONE = "none"
    UNPACKED = "gives the config as keywords"
    PACKED = "gives the config as one argument"
    METHOD = "is no class method"
    DESERIALIZED = "makes the layer in it again"


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


class Extra(Enum):
    """A layer that a model has besides."""

    NONE = "none"
    NORM = "a BatchNormalization"
    NORM_TRAINING = "a BatchNormalization that is given `training`"
    DROPOUT = "a Dropout"


class CallForm(Enum):
    """How the forward pass is written."""

    INPUTS = "call(inputs)"
    TRAINING = "call(inputs, training)"
    NO_RETURN = "call without a return"
    FORWARD = "forward(inputs)"
    DIRECT = "with the `call` of the layer inside"


class TrainStep(Enum):
    """The `train_step` of a model."""

    NONE = "none"
    SUPER = "that of the base class, with more"
    COMPUTE_LOSS = "compute_loss, and a result under its own name"
    TRACKER = "a loss of its own, in a metric that is listed"
    OWN_LOSS = "a loss of its own, under its own name"
    OWN_AS_LOSS = "a loss of its own, as `loss`"
    METRICS_ONLY = "compute_loss and compute_metrics"
    COMPILED = "compiled_loss and compiled_metrics"
    MINIMIZE = "optimizer.minimize"
    NO_APPLY = "gradients that nobody applies"
    NO_TRAINING = "the model is called without `training`"


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
    extra: Extra = Extra.NONE
    form: CallForm = CallForm.INPUTS
    from_config: FromConfig = FromConfig.NONE
    train_step: TrainStep = TrainStep.NONE
    child: CustomClass | None = None

    @property
    def tracks(self) -> bool:
        """Whether it has a metric for its own loss."""
        return self.train_step is TrainStep.TRACKER

    @property
    def passes_training(self) -> bool:
        """Whether its `call` has a parameter `training`."""
        return self.form is CallForm.TRAINING or self.extra is Extra.NORM_TRAINING
