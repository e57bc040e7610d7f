"""What `compile()` is given: the optimizer, losses and metrics, one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ApiValue, Const, Kind, ObjectState, Ref, Tensor, Tri, TupleValue, Value
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView


def is_compile(event: ModelCall, version: KerasVersion) -> bool:
    """Whether this is `compile()` of Keras, rather than one of a class's own."""
    state = event.before
    if event.method != "compile" or not state.kind.is_model or "compile" in state.attributes:
        return False
    if state.cls is None:
        return True
    lineage = ancestry(state.cls, version)
    return lineage.complete and not lineage.defines("compile")


def given(event: ModelCall, name: str) -> Iterator[tuple[ast.AST, Value]]:
    """What `compile()` is given for a parameter, with its place: each item of lists and dicts, at any depth."""
    argument = event.arguments.get(name)
    if argument is None:
        return
    node = place_of(argument, event.node)
    yield from _items(event, node, argument.value, 0)


def _items(event: ModelCall, node: ast.AST, value: Value, depth: int) -> Iterator[tuple[ast.AST, Value]]:
    is_container = isinstance(value, TupleValue) or (
        isinstance(value, Ref) and event.view.state(value.id).kind.is_container
    )
    if not is_container:
        yield node, value
        return
    items = event.view.items(value)
    if items is None or depth > 3:
        return
    parts: list[ast.expr] = []
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts = node.elts
    elif isinstance(node, ast.Dict):
        parts = node.values
    for index, item in enumerate(items):
        inner = parts[index] if len(parts) == len(items) else node
        yield from _items(event, inner, item, depth + 1)


def item_count(event: ModelCall, value: Value | None, *kinds: Kind) -> int:
    """How many items a tuple, or a container of one of these kinds, certainly has; 0 if that is not known."""
    if isinstance(value, TupleValue) or (isinstance(value, Ref) and event.view.state(value.id).kind in kinds):
        return len(event.view.items(value) or ())
    return 0


def output_count(event: ModelCall) -> int:
    """How many outputs a functional model certainly has; 0 if that is not known."""
    state = event.before
    if state.kind is not Kind.FUNCTIONAL or state.cls is not None or state.escaped:
        return 0
    items = event.view.items(state.arguments.get("outputs"))
    return len(items) if items and all(isinstance(item, Tensor) for item in items) else 0


def output_names(event: ModelCall) -> tuple[str, ...]:
    """The names of the outputs of a functional model: those of the last layers; empty unless all are known."""
    names = []
    for item in event.view.items(event.before.arguments.get("outputs")) or () if output_count(event) else ():
        layers = item.layers if isinstance(item, Tensor) and item.complete else ()
        name = event.view.state(layers[-1]).arguments.get("name") if layers else None
        if not isinstance(name, Const) or not isinstance(name.value, str):
            return ()
        names.append(name.value)
    return tuple(names)


def compiled_with_metrics(view: WorldView, state: ObjectState) -> bool:
    """Whether a model certainly was compiled with metrics."""
    if state.compiled is not Tri.YES or not state.compile_complete:
        return False
    lists = [view.items(state.compile_arguments.get(name)) for name in ("metrics", "weighted_metrics")]
    return any(item != Const(None) for items in lists for item in items or ())


def loss_name(event: ModelCall, value: Value) -> str | None:
    """The name of a loss of Keras: `mse`, `MeanSquaredError`."""
    match value:
        case Const(str()):
            return str(value.value)
        case ApiValue(api):
            return api.name.rpartition(".")[2]
        case Ref(target):
            state = event.view.state(target)
            return (state.api or "").rpartition(".")[2] if state.cls is None and not state.escaped else None
    return None
