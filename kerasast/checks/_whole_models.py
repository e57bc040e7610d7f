"""Where a whole model is written to a file: by `save()`, or by a `ModelCheckpoint` during `fit()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.checks._fits import FITS, known_callbacks
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const, ObjectState, Value

WRITERS = ("ModelCheckpoint", "save", "save_model")
"""Names of the functions that write whole models: for `calls` of rules."""


@dataclass(frozen=True, slots=True)
class WholeSave:
    """A whole model is written: `call` is what writes it, as people know it, `place` where to report it."""

    place: ast.AST
    call: str
    path: Value | None

    def ends(self, *endings: str) -> bool:
        """Whether the name of the file certainly has one of these endings."""
        return (known_suffix(self.path) or "").endswith(endings)


def whole_saves(event: ModelCall) -> Iterator[WholeSave]:
    """The files to which a call certainly writes the whole model."""
    if event.method == "save":
        yield WholeSave(event.node, "`save()`", event.arguments.value("filepath"))
    elif event.method in FITS:
        for state in known_callbacks(event.view, event.arguments.value("callbacks")):
            if _keeps_whole_model(state):
                made = event.node if state.foreign or state.created is None else state.created
                yield WholeSave(made, "`ModelCheckpoint`", state.arguments.get("filepath"))


def _keeps_whole_model(state: ObjectState) -> bool:
    """Whether a callback is a `ModelCheckpoint` that writes the whole model after an epoch."""
    return (
        state.api == "keras.callbacks.ModelCheckpoint"
        and state.cls is None
        and state.arguments_complete
        and not state.escaped
        and state.arguments.get("save_weights_only", Const(False)) == Const(False)
        and state.arguments.get("save_freq", Const("epoch")) == Const("epoch")
    )
