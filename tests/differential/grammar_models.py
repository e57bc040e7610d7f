"""Models of generated programs, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

ADAPTED = "stats"
"""The name of the layer that has to be adapted to data."""


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
    RAW_OP = "a function of TensorFlow is between them"
    TWO_INPUTS = "there is a second input"
    TWO_OUTPUTS = "there is a second output"


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
    def inputs(self) -> int:
        """How many inputs it has."""
        return 2 if self.kind is Kind.FUNCTIONAL and self.graph is Graph.TWO_INPUTS else 1

    @property
    def outputs(self) -> int:
        """How many outputs it has."""
        return 2 if self.kind is Kind.FUNCTIONAL and self.graph is Graph.TWO_OUTPUTS else 1

    @property
    def adaptable(self) -> bool:
        """Whether a layer of it has to be adapted to data."""
        return any(isinstance(layer, Layer) and layer.name == ADAPTED for layer in self.layers)

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
