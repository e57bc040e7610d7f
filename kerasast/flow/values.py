"""Abstract values: what the interpreter knows an expression to be.

Values are never changed. Those made most often are not frozen all the same: the `__init__` of a frozen dataclass
takes three times as long. Anything that changes during the program (the life of a model, the items of a list, the
attributes of an instance) lives in the `World` under an `ObjectId`, and values only point to it.
"""

from __future__ import annotations

import ast
import zlib
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NewType, TypeVar

if TYPE_CHECKING:
    from kerasast.diagnostics import Step
    from kerasast.flow.scopes import Scope
    from kerasast.keras_api import ApiName

ObjectId = NewType("ObjectId", int)


class Tri(Enum):
    """Three-valued truth: on every path no, perhaps, on every path yes."""

    NO = 0
    MAYBE = 1
    YES = 2

    def join(self, other: Tri) -> Tri:
        """What is known where two paths meet."""
        return self if self is other else Tri.MAYBE

    def either(self, other: Tri) -> Tri:
        """Logical or."""
        return self if self.value >= other.value else other

    @classmethod
    def of(cls, truth: bool) -> Tri:
        return cls.YES if truth else cls.NO


@dataclass(slots=True, unsafe_hash=True)
class Unknown:
    """Anything. `origin` identifies the expression that made it, so that the same unknown can be recognised."""

    origin: int = 0


UNKNOWN = Unknown()


@cache
def salt_of(path: str) -> int:
    """What tells the unknowns of one file from those of another."""
    return zlib.crc32(path.encode("utf-8", "surrogatepass")) << 40


def unknown_at(salt: int, node: ast.AST) -> Unknown:
    """The unknown value of an expression of the file with this salt."""
    try:
        return Unknown(salt + node.lineno * 10_000 + node.col_offset + 1)  # type: ignore[attr-defined]
    except AttributeError:  # a module, or the arguments of a function
        return Unknown(salt + 1)


@dataclass(slots=True, unsafe_hash=True)
class Const:
    """A constant: number, string, bytes, bool, None, Ellipsis."""

    value: Any


@dataclass(slots=True, unsafe_hash=True)
class Text:
    """A string of which parts are unknown: an f-string, a concatenation, a joined path.

    `parts` are literal pieces and `None` for anything unknown. Never all literal: that is a `Const`.
    `key` identifies the unknown pieces, so that two uses of one path compare equal.
    """

    parts: tuple[str | None, ...]
    key: tuple[Any, ...] = ()

    @property
    def suffix(self) -> str:
        """The literal text that it ends with, perhaps empty."""
        return self.parts[-1] or ""


@dataclass(slots=True, unsafe_hash=True)
class Ref:
    """An object of the `World`: a Keras object, an instance of a project class, or a mutable container."""

    id: ObjectId


@dataclass(slots=True, unsafe_hash=True)
class TupleValue:
    """A tuple with known items."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ApiValue:
    """A class, function or module of Keras."""

    api: ApiName


@dataclass(slots=True, unsafe_hash=True)
class External:
    """A name outside the project and outside Keras, by its absolute dotted name: `tensorflow.Variable`.

    `tensorflow.compat.v2` is normalised away, `tensorflow.compat.v1` is kept.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the project."""

    name: str


@dataclass(slots=True, eq=False)
class FunctionValue:
    """A function of the project, with the scope it was defined in. Compared by identity of its node."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: ClassValue | None = None
    defaults: tuple[tuple[str, Value], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionValue) and other.node is self.node

    def __hash__(self) -> int:
        return id(self.node)

    @property
    def name(self) -> str:
        return "<lambda>" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue:
    """A class of the project, with its bases evaluated where it was defined. Compared by its node."""

    node: ast.ClassDef
    scope: Scope
    bases: tuple[Value, ...] = ()
    decorators: tuple[Value, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassValue) and other.node is self.node

    def __hash__(self) -> int:
        return id(self.node)

    @property
    def name(self) -> str:
        return self.node.name


@dataclass(slots=True, unsafe_hash=True)
class Generator:
    """What a call of a generator function of the project gives."""

    node: ast.FunctionDef


@dataclass(slots=True, unsafe_hash=True)
class BoundMethod:
    """`receiver.name`, not yet called; `function` where the receiver's class is the project's."""

    receiver: Value
    name: str
    function: FunctionValue | None = None


@dataclass(frozen=True, slots=True)
class SuperValue:
    """`super()` inside a method of `owner`, bound to `receiver`."""

    owner: ClassValue
    receiver: Value


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(function, …)`."""

    function: Value
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class Tensor:
    """A tensor. `symbolic` is `YES` for a Keras tensor; `layers` are the objects that it passed through."""

    symbolic: Tri = Tri.MAYBE
    layers: tuple[ObjectId, ...] = ()
    complete: bool = True


@dataclass(slots=True, unsafe_hash=True)
class LayersOf:
    """`model.layers`, all of them or (`sliced`) some; one unknown element of these when `element` is set."""

    owner: ObjectId
    element: bool = False
    sliced: bool = False


class WeightSet(Enum):
    """Which of a model's weights an expression holds."""

    ALL = "weights"
    TRAINABLE = "trainable weights"
    NON_TRAINABLE = "non-trainable weights"


@dataclass(slots=True, unsafe_hash=True)
class WeightsOf:
    """Weights of an object, as arrays or variables, in a list or made into something else (`[w.numpy() for w in …]`).

    `api` is the attribute or method that gave them: `get_weights`, `trainable_variables`. `element` is set for a
    single one of them.
    """

    owner: ObjectId
    which: WeightSet
    api: str
    element: bool = False


@dataclass(slots=True, unsafe_hash=True)
class LogNames:
    """`model.metrics_names`, also in a list or tuple."""

    owner: ObjectId


Value = (
    Unknown
    | Const
    | Text
    | Ref
    | TupleValue
    | ApiValue
    | External
    | ModuleValue
    | FunctionValue
    | ClassValue
    | Generator
    | BoundMethod
    | SuperValue
    | Partial
    | Tensor
    | LayersOf
    | WeightsOf
    | LogNames
)


class Kind(Enum):
    """What sort of object a `Ref` points to."""

    SEQUENTIAL = "Sequential model"
    FUNCTIONAL = "functional model"
    SUBCLASSED = "subclassed model"
    MODEL = "model"
    LAYER = "layer"
    OPTIMIZER = "optimizer"
    LOSS = "loss"
    METRIC = "metric"
    CALLBACK = "callback"
    VARIABLE = "variable"
    KERAS = "Keras object"
    INSTANCE = "object"
    LIST = "list"
    DICT = "dict"
    SET = "set"

    @property
    def is_model(self) -> bool:
        return self in (Kind.SEQUENTIAL, Kind.FUNCTIONAL, Kind.SUBCLASSED, Kind.MODEL)

    @property
    def has_weights(self) -> bool:
        return self.is_model or self is Kind.LAYER

    @property
    def is_container(self) -> bool:
        return self in (Kind.LIST, Kind.DICT, Kind.SET)


Flags = tuple[tuple[ObjectId, Tri, Tri], ...]
"""`trainable` and `layers_trainable` of objects."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class GraphCall:
    """A call on a Keras tensor, which puts the layer into a graph: the constant given for `training`, and where.

    `training` is `None` where none is given, it is not a constant, or several calls do not agree.
    """

    training: bool | None
    step: Step


@dataclass(eq=False)
class ObjectState:
    """What is known of one object at one point of the program. For Keras objects this is its lifecycle.

    A state is never changed: `evolve` gives another. It is neither frozen nor slotted because so many are
    made that the time counts: a dictionary is copied faster than twenty-five slots.

    built: has its variables.
    compiled: `compile()` was called (or `load_model` restored a compiled model).
    has_loss: there is something to minimise.
    trained: training has run since the last `compile` (in Keras 3 this fixes what is trainable).
    trainable: its own `trainable` flag is on.
    learned: its weights were trained, loaded, or given to it.
    bare: the step at which it was made like another model, without the weights of that; `None` once it may have got
        any.
    adapted: it was given its vocabulary, statistics or weights after it was created, other than by training.
    layers_trainable: the `trainable` flags of the layers it holds, as far as loops over `.layers` set them.
    fixed: what was trainable when a training method fixed it, by method (`compile` in Keras 2).
    frozen_late: the step at which `trainable` became different from all that is fixed, until the next `compile`.
    hdf5: what was trainable in it when it, or its weights, were written to a legacy HDF5 file, by `path_key`.
    restored: the step that gave it the weights of an earlier training, until it is trained.
    past_best: the training with early stopping that left it with the last weights, not the best, until it gets others.
    policy: the dtype policy that the program had set for all new layers when this one was made.
    graph_call: the calls that put it into graphs of layers, if there are any.
    escaped: reached code that is not followed; anything may have happened to it.
    contents: the layers that it holds, in order; `complete` says whether these are all of them.
    arguments: the arguments that it was created with, by parameter name.
    compile_arguments: the same for its last `compile()`.
    attributes: for instances of project classes and for attributes assigned from outside.
    items: for containers: the items, in order (a dict's are its values, `keys` its constant keys).
    trace: the story so far.
    foreign: identifies the call into another module during which it was created, 0 for the file under analysis.
    """

    kind: Kind
    api: str | None = None
    cls: ClassValue | None = None
    created: ast.AST | None = None
    built: Tri = Tri.MAYBE
    compiled: Tri = Tri.MAYBE
    has_loss: Tri = Tri.MAYBE
    trained: Tri = Tri.NO
    learned: Tri = Tri.NO
    bare: Step | None = None
    adapted: Tri = Tri.NO
    trainable: Tri = Tri.YES
    layers_trainable: Tri = Tri.YES
    fixed: dict[str, Flags] = field(default_factory=dict)
    frozen_late: Step | None = None
    hdf5: dict[tuple[object, ...], Flags] = field(default_factory=dict)
    restored: Step | None = None
    past_best: Step | None = None
    policy: str | None = None
    graph_call: GraphCall | None = None
    escaped: bool = False
    contents: tuple[ObjectId, ...] = ()
    complete: bool = False
    arguments: dict[str, Value] = field(default_factory=dict)
    arguments_complete: bool = True
    compile_arguments: dict[str, Value] = field(default_factory=dict)
    compile_complete: bool = True
    attributes: dict[str, Value] = field(default_factory=dict)
    items: tuple[Value, ...] = ()
    keys: tuple[Any, ...] = ()
    trace: tuple[Step, ...] = ()
    foreign: int = 0

    def evolve(self, **changes: Any) -> ObjectState:
        """The same state but for some fields."""
        state: ObjectState = object.__new__(ObjectState)
        state.__dict__.update(self.__dict__, **changes)
        return state
