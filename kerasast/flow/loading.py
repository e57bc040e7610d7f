"""`load_model`: the object it gives, and what is provided for the classes that its file may name."""

from __future__ import annotations

import ast

from kerasast.flow.arguments import Arguments
from kerasast.flow.facts import LoadSite
from kerasast.flow.machine import Machine
from kerasast.flow.text import path_key
from kerasast.flow.values import Const, Kind, ObjectState, Ref, Tri, Value


def load_model(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """A loaded model: built; compiled if it was when saved, unless `compile=False`."""
    compiled = bound.value("compile")
    restores = not (isinstance(compiled, Const) and not compiled.value)
    _note_load(machine, bound, restores, node)
    state = ObjectState(
        Kind.MODEL,
        api="keras.Model",
        created=node,
        built=Tri.YES,
        compiled=Tri.MAYBE if restores else Tri.NO,
        has_loss=Tri.MAYBE,
        trained=Tri.NO,
        trainable=Tri.MAYBE,
        layers_trainable=Tri.MAYBE,
        trace=(
            machine.step(
                node, "model loaded here" if restores else "model loaded here, without its compile state"
            ),
        ),
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


def _note_load(machine: Machine, bound: Arguments, restores: bool, node: ast.AST) -> None:
    if machine.muted or machine.frame.foreign:
        return
    provided: set[str] = set()
    unknown = not bound.complete
    given = [bound.value("custom_objects"), *_scoped(machine), *machine.registered]
    for value in given:
        names = _names(machine, value)
        if names is None:
            unknown = True
        else:
            provided |= names
    safe = bound.value("safe_mode")
    unsafe = machine.unsafe or (safe is not None and safe != Const(True))
    machine.loads.append(
        LoadSite(
            machine.source.path,
            machine.module.name,
            machine.source.span(node),
            path_key(bound.value("filepath")),
            frozenset(provided),
            unknown,
            machine.project.import_closure(machine.module.name),
            restores,
            not unsafe,
        )
    )


def _scoped(machine: Machine) -> list[Value | None]:
    found: list[Value | None] = []
    for scope in machine.custom_scopes:
        state = machine.world.state_of(scope)
        if state is not None:
            found.extend(state.items)
            found.extend(
                value for name, value in state.arguments.items() if name not in ("custom_objects", "args")
            )
            found.append(state.arguments.get("custom_objects"))
    return found


def _names(machine: Machine, value: Value | None) -> set[str] | None:
    """The keys of a dict of custom objects; `None` if they cannot be told."""
    if value is None or value == Const(None):
        return set()
    if isinstance(value, Ref):
        state = machine.world.state(value.id)
        if state.kind is Kind.DICT and state.complete and not state.escaped:
            return {str(key) for key in state.keys}
    return None
