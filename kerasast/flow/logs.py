"""What is told of the names under which Keras logs: keys of a history, and `metrics_names`."""

from __future__ import annotations

import ast
from typing import Any

from kerasast.flow.events import HistoryRead, NamesUsed
from kerasast.flow.machine import Machine
from kerasast.flow.values import LogNames, Ref


def read_history(machine: Machine, owner: Ref, key: Any, node: ast.Subscript) -> None:
    """`history.history[key]`."""
    state = machine.world.state(owner.id)
    if state.api != "keras.callbacks.History" or not isinstance(key, str):
        return
    if machine.wants(HistoryRead) and machine.visible([owner.id]):
        machine.emit(HistoryRead(machine.anchor(node), key, state, machine.world))


def use_names(machine: Machine, names: LogNames, use: str, key: Any, node: ast.AST) -> None:
    """`metrics_names` is put beside something else, or one of them is looked up."""
    if machine.wants(NamesUsed) and machine.visible([names.owner]) and isinstance(key, str | int | None):
        machine.emit(NamesUsed(machine.anchor(node), use, key, names.owner, machine.world))
