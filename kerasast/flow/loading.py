"""`load_model`: the object it gives, and what is provided for the classes that its file may name."""

from __future__ import annotations

import ast
import re

from kerasast.flow.arguments import Arguments
from kerasast.flow.facts import LoadSite
from kerasast.flow.machine import Machine
from kerasast.flow.text import known_suffix, path_key
from kerasast.flow.values import Const, External, Kind, ObjectState, Ref, Tri, Value
from kerasast.index.project import ProjectIndex, never, of_module

_REGISTERS = (
    re.compile(r"get_custom_objects"),
    re.compile(r"register_keras_serializable\s*\([^()]*\)\s*\("),
)
"""What makes names known to Keras for the whole program, other than a decorator."""

_SCOPES = ("custom_object_scope", "CustomObjectScope")


def load_model(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """A loaded model: built; compiled if it was when saved, unless `compile=False`."""
    compiled = bound.value("compile")
    restores = not (isinstance(compiled, Const) and not compiled.value)
    _note_load(machine, bound, restores, node)
    what = "model loaded here" if restores else "model loaded here, without its compile state"
    step = machine.step(node, what)
    state = ObjectState(
        Kind.MODEL,
        api="keras.Model",
        created=node,
        built=Tri.YES,
        compiled=Tri.MAYBE if restores else Tri.NO,
        has_loss=Tri.MAYBE,
        trained=Tri.NO,
        learned=Tri.YES,
        trainable=Tri.MAYBE,
        layers_trainable=Tri.MAYBE,
        arguments={name: bound.bound[name].value for name in ("filepath",) if name in bound.bound},
        restored=step,
        trace=(step,),
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


DOWNLOAD = "keras.utils.get_file()"
"""The name of an `External` that stands for the path of a downloaded file which nothing has checked."""


def get_file(machine: Machine, bound: Arguments, node: ast.AST) -> Value:
    """The path of a downloaded file: `DOWNLOAD`, unless its hash is checked or its name ends in `.keras`."""
    given = [bound.value(name) for name in ("fname", "origin")]
    is_archive = any((known_suffix(value) or "").endswith(".keras") for value in given)
    hashes = (bound.value("file_hash"), bound.value("md5_hash"))
    is_unchecked = bound.complete and all(value in (None, Const(None)) for value in hashes)
    return External(DOWNLOAD) if is_unchecked and not is_archive else machine.unknown(node)


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
    together = _run_together(machine.project, machine.module.name)
    unknown = unknown or _provided_elsewhere(machine, together)
    safe = bound.value("safe_mode")
    unsafe = (safe is not None and safe != Const(True)) or _unsafe_anywhere(machine, together)
    machine.loads.append(
        LoadSite(
            machine.source.path,
            machine.module.name,
            machine.source.span(node),
            path_key(bound.value("filepath")),
            frozenset(provided),
            unknown,
            together,
            restores,
            not unsafe,
            known_suffix(bound.value("filepath")),
        )
    )


def _run_together(project: ProjectIndex, module: str) -> frozenset[str]:
    """The project modules that may be imported when code of `module` runs: its imports and its importers'."""
    cache: dict[str, frozenset[str]] = project.memo("run together", never)
    if module not in cache:
        found = set(project.import_closure(module))
        for other in project.modules:
            closure = project.import_closure(other)
            if module in closure:
                found |= closure
        cache[module] = frozenset(found)
    return cache[module]


def _provided_elsewhere(machine: Machine, together: frozenset[str]) -> bool:
    """Whether names may be provided in a way that is not followed: by another module, or by a caller's scope."""
    own = machine.module.name
    in_scope = machine.enclosing.function is not None and not machine.custom_scopes
    for module in together:
        registers, enters_scopes = _provides(machine.project, module)
        followed = module == own and bool(machine.registered)
        if (registers and not followed) or (in_scope and enters_scopes):
            return True
    return False


def _provides(project: ProjectIndex, module: str) -> tuple[bool, bool]:
    """Whether code of a module registers names of classes, and whether it enters scopes of them."""
    known: dict[str, tuple[bool, bool]] = project.memo("provides names", of_module)
    if module not in known:
        source = project.source(module)
        text = None if source is None else source.text
        known[module] = (
            text is None or any(pattern.search(text) is not None for pattern in _REGISTERS),
            text is not None and any(name in text for name in _SCOPES),
        )
    return known[module]


def _unsafe_anywhere(machine: Machine, together: frozenset[str]) -> bool:
    """Whether code that runs with this switches safe mode off for the whole program."""
    sources = [machine.project.source(module) for module in together]
    return any(source is None or "enable_unsafe_deserialization" in source.text for source in sources)


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
