"""Files that hold something else than a whole Keras model: weights alone, or a SavedModel."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from kerasast.flow.facts import OtherSite
from kerasast.flow.text import path_key
from kerasast.flow.values import Const

if TYPE_CHECKING:
    from kerasast.flow.arguments import Arguments
    from kerasast.flow.machine import Machine
    from kerasast.flow.values import ObjectState, Value


def note_weights(machine: Machine, path: Value | None, node: ast.AST) -> None:
    """Remember that `save_weights()` writes here."""
    _note(machine, path, "weights", "save_weights()", node)


def note_checkpoint(machine: Machine, state: ObjectState, node: ast.AST) -> None:
    """Remember what a new callback will write, if it is a `ModelCheckpoint` of weights."""
    if state.api == "keras.callbacks.ModelCheckpoint" and state.cls is None:
        given = state.arguments.get("save_weights_only")
        if isinstance(given, Const) and given.value is True:
            call = "ModelCheckpoint(…, save_weights_only=True)"
            _note(machine, state.arguments.get("filepath"), "weights", call, node)


def note_export(machine: Machine, arguments: Arguments, node: ast.AST) -> None:
    """Remember that `model.export()` writes here, if it writes a SavedModel."""
    format = arguments.value("format")
    if format is None or format == Const("tf_saved_model"):
        _note(machine, arguments.value("filepath"), "SavedModel", "export()", node)


def note_saved_model(machine: Machine, arguments: Arguments, node: ast.AST) -> None:
    """Remember that `tf.saved_model.save()` writes a Keras model here."""
    model, path = arguments.value("obj"), arguments.value("export_dir")
    state = machine.world.state_of(model)
    if state is not None and state.kind.is_model:
        _note(machine, path, "SavedModel", "tf.saved_model.save()", node)


def _note(
    machine: Machine,
    path: Value | None,
    content: Literal["weights", "SavedModel"],
    call: str,
    node: ast.AST,
) -> None:
    if not machine.muted and not machine.frame.foreign:
        site = machine.source.path, machine.module.name, machine.source.span(node), path_key(path)
        machine.others.append(OtherSite(*site, content, call))
