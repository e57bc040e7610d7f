"""What a call of `fit()` is given: validation data, and callbacks that monitor something."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.arguments import Arguments
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ClassValue, Const, Kind, ObjectState, Tri, Value
from kerasast.versions import KerasVersion
from kerasast.walking import children, walk

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView

RATES = frozenset({"lr", "learning_rate"})
"""The names under which callbacks log the learning rate that they set."""

FITS = frozenset({"fit", "fit_generator"})

MONITORS = {"EarlyStopping": 0, "ModelCheckpoint": 1, "ReduceLROnPlateau": 0}
"""The callbacks that monitor something, and the position of their `monitor` argument."""

NO_EFFECT = {
    "EarlyStopping": "it never stops the training",
    "ReduceLROnPlateau": "it never reduces the learning rate",
}
"""What becomes of a callback when what it monitors is not logged."""


def best_checkpoint_effect(major: int) -> str:
    """The same for a checkpoint that saves only when what it monitors improves."""
    return "the file keeps the last model, not the best" if major >= 3 else "nothing is ever saved"


def has_validation(arguments: Arguments) -> Tri:
    """Whether a call of `fit()` evaluates the model on other data after each epoch."""
    return is_validated([arguments.value(name) for name in ("validation_data", "validation_split")])


def is_validated(given: Sequence[Value | None]) -> Tri:
    """The same by the values of `validation_data` and `validation_split`, `None` for one that is not given."""
    if all(value is None or (isinstance(value, Const) and not value.value) for value in given):
        return Tri.NO
    return Tri.YES if any(isinstance(value, Const) and value.value for value in given) else Tri.MAYBE


@dataclass(frozen=True, slots=True)
class Monitor:
    """A callback of Keras's that monitors `name`; `given` is false for the default."""

    callback: str
    name: str
    given: bool
    state: ObjectState

    @property
    def keeps_best(self) -> bool:
        """Whether it certainly is a checkpoint that saves only when what it monitors improves."""
        return self.callback == "ModelCheckpoint" and self.state.arguments.get("save_best_only") == Const(
            True
        )

    @property
    def asks_direction(self) -> bool:
        """Whether Keras has to find out by itself which way is better."""
        return self.state.arguments.get("mode", Const("auto")) == Const("auto")

    def place(self, event: ModelCall) -> ast.AST:
        """Where to report it: its `monitor` argument, the call that made it, or `fit()` if that is elsewhere."""
        made = self.state.created
        if self.state.foreign or not isinstance(made, ast.Call):
            return event.node
        for keyword in made.keywords:
            if keyword.arg == "monitor":
                return keyword.value
        position = MONITORS[self.callback]
        return made.args[position] if len(made.args) > position else made


def monitors(event: ModelCall, version: KerasVersion) -> Iterator[Monitor]:
    """The callbacks given to `fit()` that monitor something; none unless all its callbacks are known.

    Any other callback may put what is monitored into the logs that they all share (observed on Keras 2.15 and 3.15).
    """
    given = event.arguments.value("callbacks")
    if not leave_logs_alone(event.view, given, version):
        return
    for state in known_callbacks(event.view, given):
        callback = (state.api or "").removeprefix("keras.callbacks.")
        if callback not in MONITORS or state.cls is not None:
            continue
        if state.escaped or not state.arguments_complete or "monitor" in state.attributes:
            continue
        name = state.arguments.get("monitor", Const("val_loss"))
        if isinstance(name, Const) and isinstance(name.value, str):
            yield Monitor(callback, name.value, "monitor" in state.arguments, state)


def known_callbacks(view: WorldView, given: Value | None) -> list[ObjectState]:
    """Those callbacks that are known of what `fit()` is given as `callbacks`."""
    states = [view.state_of(item) for item in _items(view, given)]
    return [state for state in states if state is not None and state.kind is Kind.CALLBACK]


def leave_logs_alone(view: WorldView, given: Value | None, version: KerasVersion) -> bool:
    """Whether all of what `fit()` is given as `callbacks` is known, and puts nothing into the logs.

    But for the learning rate, that is: the callbacks which set it log it as `lr` or `learning_rate`.
    """
    known = known_callbacks(view, given)
    return len(known) == len(_items(view, given)) and all(
        _leaves_logs_alone(state, version) for state in known
    )


def _items(view: WorldView, given: Value | None) -> list[Value]:
    items = view.items(given)
    if items is None:
        items = () if given is None else (given,)
    return [item for item in items if item != Const(None)]


def _leaves_logs_alone(state: ObjectState, version: KerasVersion) -> bool:
    if state.cls is None:
        return state.api is not None and state.api not in (
            "keras.callbacks.LambdaCallback",
            "keras.callbacks.Callback",
        )
    lineage = ancestry(state.cls, version)
    return lineage.complete and all(map(_only_reads_logs, lineage.classes))


def _only_reads_logs(cls: ClassValue) -> bool:
    """Whether the hooks of a callback class do nothing with their logs but look things up."""
    for method in cls.node.body:
        if isinstance(method, ast.FunctionDef) and method.name.startswith("on_"):
            parameters = [*method.args.posonlyargs, *method.args.args]
            if method.args.vararg is not None or method.args.kwarg is not None or not parameters:
                return False
            if not _only_reads(method, parameters[-1].arg):
                return False
    return True


_READERS = frozenset({"copy", "get", "items", "keys", "values"})


def _only_reads(method: ast.FunctionDef, name: str) -> bool:
    """Whether every use of a parameter is `logs[…]`, `logs.get(…)`, `logs or {}`, a test, or is handed to `super()`."""
    uses = {node for node in walk(method) if _is_name(node, name)}
    for node in walk(method):
        match node:
            case ast.Subscript(value=value, ctx=ast.Load()):
                uses.discard(value)
            case ast.Attribute(value=value, attr=attr) if attr in _READERS:
                uses.discard(value)
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.BoolOp(values=values)) if target == name:
                uses -= {*values, node.targets[0]}
            case ast.Compare() | ast.If() | ast.IfExp():
                uses -= set(children(node))
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name("super"))), args=args):
                uses -= {*args, *(keyword.value for keyword in node.keywords)}
            case ast.Call(func=ast.Name("print" | "dict" | "len"), args=args):
                uses -= set(args)
    return not uses


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def decides_for_itself(state: ObjectState, version: KerasVersion, *methods: str) -> bool:
    """Whether a model may have methods of these names that are not Keras's."""
    if any(name in state.attributes for name in methods):
        return True
    if state.cls is None:
        return state.kind is Kind.MODEL  # It may have been loaded, and be of any class.
    lineage: Ancestry = ancestry(state.cls, version)
    return not lineage.complete or any(map(lineage.defines, methods))
