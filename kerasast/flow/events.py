"""What the interpreter tells the rules.

Every event has the `node` it happened at, in the file under analysis, and the `scope` of code it happened in.
`view` reads the world as it was at that moment. Events are never changed; they are not frozen because so many are made.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kerasast.diagnostics import Step
from kerasast.flow.values import ClassValue, ObjectId, ObjectState, Tri, Value
from kerasast.keras_api import ApiName

if TYPE_CHECKING:
    from kerasast.flow.arguments import Arguments
    from kerasast.flow.class_facts import ClassFacts
    from kerasast.flow.facts import LoadSite, OtherSite, SaveSite
    from kerasast.flow.world import WorldView


@dataclass(slots=True)
class Block:
    """A block of statements that is being walked; `before` is the newest object that was there when it began."""

    before: ObjectId

    def is_older(self, target: ObjectId) -> bool:
        """Whether an object was there when the block began: in a loop it is the same one in every iteration."""
        return target <= self.before


@dataclass(slots=True)
class Loop(Block):
    """A loop, and what it goes through (unknown for `while`)."""

    node: ast.For | ast.AsyncFor | ast.While
    iterable: Value


@dataclass(slots=True)
class With(Block):
    """A `with` statement, and one of its context managers."""

    node: ast.With | ast.AsyncWith
    manager: Value


@dataclass(slots=True)
class Enclosing:
    """The code an event happened in: the class and the function or method, innermost first, if any.

    `conditional` is true under an `if`, `try`, loop or `match` of that function. `loops` and `withs` are those of that
    function and of the calls that led to it, outermost first.
    """

    cls: ClassValue | None = None
    function: str | None = None
    conditional: bool = False
    loops: tuple[Loop, ...] = ()
    withs: tuple[With, ...] = ()


class Listener(Protocol):
    """Whoever is told of events. What was told may be taken back, back to a mark that was asked for before."""

    def hears(self, event: type[Event], name: str) -> bool:
        """Whether it makes a difference that a method or function of this name is called."""
        ...

    @property
    def audience(self) -> str:
        """A name for what it awaits: listeners that are called so await the same."""
        ...

    def awaits(self, name: str) -> bool:
        """Whether it makes a difference that a function is called, whatever it is given, or one in a module.

        `name` is the dotted one, of Keras or from outside the project, of the function or module.
        """
        ...

    def emit(self, event: Event) -> None:
        """Something happened."""
        ...

    def enter(self, statement: int) -> None:
        """What comes now is of the functions and classes in this statement of the module, each on its own."""
        ...

    def mark(self) -> int:
        """How much was made of what happened so far."""
        ...

    def take_back(self, mark: int) -> None:
        """Forget what was made of events since a mark."""
        ...


@dataclass(slots=True)
class Event:
    """Something that happened to Keras objects at `node`."""

    node: ast.AST


@dataclass(slots=True)
class ApiUse(Event):
    """A Keras function or class is called, or (with `arguments` `None`) used as a decorator without a call."""

    api: ApiName
    arguments: Arguments | None
    enclosing: Enclosing
    view: WorldView


@dataclass(slots=True)
class ExternalCall(Event):
    """A function outside Keras and the project is called: `numpy.save`, `pickle.dump`, `tensorflow.Variable`."""

    name: str
    arguments: Arguments
    enclosing: Enclosing
    view: WorldView


@dataclass(slots=True)
class ObjectCreated(Event):
    """A Keras object came to be: `target` is its identity, `state` what is known of it at birth."""

    target: ObjectId
    state: ObjectState
    arguments: Arguments
    enclosing: Enclosing
    view: WorldView


@dataclass(slots=True)
class ModelCall(Event):
    """A method of a Keras model or layer is called: `model.fit(…)`, `layer(x)` (as `__call__`).

    `before` and `after` are the receiver's states around the call. `story` is the trace before the call.
    """

    method: str
    target: ObjectId
    before: ObjectState
    after: ObjectState
    arguments: Arguments
    enclosing: Enclosing
    view: WorldView

    @property
    def story(self) -> tuple[Step, ...]:
        return self.before.trace


@dataclass(slots=True)
class ObjectCall(Event):
    """A method of Keras is called on an object that is no model or layer: `metric.reset_state()`."""

    method: str
    target: ObjectId
    state: ObjectState
    arguments: Arguments
    enclosing: Enclosing
    view: WorldView


def called(event: Event) -> str | None:
    """The name of the method or function whose call an event is; `None` for another event."""
    if isinstance(event, ExternalCall):
        return event.name
    return event.method if isinstance(event, ModelCall | ObjectCall) else None


@dataclass(slots=True)
class AttributeSet(Event):
    """An attribute of a Keras object is assigned: `model.trainable = False`, `self.w = tf.Variable(…)`."""

    attribute: str
    target: ObjectId
    state: ObjectState
    value: Value
    enclosing: Enclosing
    view: WorldView


@dataclass(slots=True)
class ListRepeated(Event):
    """A list or tuple is multiplied by a number: `[layer] * 3`. `items` are those of the list."""

    items: tuple[Value, ...]
    view: WorldView


@dataclass(slots=True)
class HistoryRead(Event):
    """`model.fit(…).history["loss"]`: what was logged under a name.

    Among the `arguments` of `history` are those of `fit()` on which it depends what is logged, and the model as `self`;
    its `compile_arguments` are those that the model had.
    """

    key: str
    history: ObjectState
    view: WorldView


@dataclass(slots=True)
class NamesUsed(Event):
    """`model.metrics_names` is used to find its way in what `evaluate()` returns.

    `use` says how: `zip`, `enumerate`, `index` (with the name that is looked for as `key`) or `[]` (with the number).
    """

    use: str
    key: str | int | None
    target: ObjectId
    view: WorldView


@dataclass(slots=True)
class ClassDefined(Event):
    """A class of this file that derives from a Keras class. `facts` tells what its methods do.

    `saves` and `loads` are what the file, outside the functions that nothing calls, saves and loads.
    """

    cls: ClassValue
    facts: ClassFacts
    view: WorldView
    saves: tuple[SaveSite, ...] = ()
    loads: tuple[LoadSite, ...] = ()


@dataclass(slots=True)
class ProjectReady(Event):
    """Every file was analysed: what the project saves and loads. Happens once, with no file of its own.

    `others` are the places that write something else than whole models.
    """

    saves: tuple[SaveSite, ...]
    loads: tuple[LoadSite, ...]
    others: tuple[OtherSite, ...]


@dataclass(slots=True)
class SourceUnparsable(Event):
    """A Python file or cell that is not Python, or cannot be read.

    `offset` and `end` say where, as offsets in the text; they are equal if the message is about the whole file.
    """

    message: str
    offset: int
    end: int
    cell: int | None = None


@dataclass(slots=True)
class NotebookInvalid(Event):
    """An `.ipynb` file that is not a notebook."""

    message: str


@dataclass(slots=True)
class SuppressionUnused(Event):
    """A suppression comment that suppressed nothing; `names` are the useless names, empty for a blanket one.

    `problem` is what is wrong with a comment that cannot be read as a suppression.
    """

    start: int
    end: int
    names: tuple[str, ...]
    remaining: tuple[str, ...]
    problem: str | None = None


@dataclass(slots=True)
class CheckCrashed(Event):
    """The analysis of a file, or one rule on it, failed: a bug of kerasast's. `rule` is `None` for the engine."""

    rule: str | None
    error: str


__all__ = [
    "ApiUse",
    "AttributeSet",
    "CheckCrashed",
    "ClassDefined",
    "Enclosing",
    "Event",
    "ExternalCall",
    "HistoryRead",
    "ListRepeated",
    "Listener",
    "Loop",
    "ModelCall",
    "NamesUsed",
    "NotebookInvalid",
    "ObjectCall",
    "ObjectCreated",
    "ProjectReady",
    "SourceUnparsable",
    "SuppressionUnused",
    "Tri",
    "With",
    "called",
]
