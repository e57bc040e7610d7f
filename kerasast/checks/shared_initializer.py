"""One random initializer that is given to several layers, which get the same numbers from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._hoisting import one_line
from kerasast.checks._models import MODELS_MADE, parts_of_model
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import Edits, remove_statement, replace, statement_of, unsafe
from kerasast.flow.events import ModelCall, ObjectCreated
from kerasast.flow.values import Kind, ObjectId, ObjectState, Ref
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_NAMES = (
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
)
"""Initializers that draw random numbers."""

_RANDOM = frozenset(f"keras.initializers.{name}" for name in _NAMES)

_COPYING = frozenset({"keras.layers.MultiHeadAttention", "keras.layers.GroupQueryAttention"})
"""Layers that initialise each of their weights by a copy of the initializer that they are given."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ObjectCreated, ModelCall),
    names=MODELS_MADE,
    calls=_NAMES,
    also=MODELS_MADE,
    keras=">=2.10",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def shared_initializer(ctx: Context, event: ObjectCreated | ModelCall) -> Iterator[Diagnostic]:
    users: dict[ObjectId, list[ObjectState]] = {}
    for part in parts_of_model(event):
        state = event.view.state(part)
        if state.kind is not Kind.LAYER or state.cls is not None or state.api in _COPYING:
            continue
        for name, value in state.arguments.items():
            if name.endswith("_initializer") and isinstance(value, Ref):
                users.setdefault(value.id, []).append(state)
    for target, layers in users.items():
        initializer = event.view.state(target)
        if (
            len(layers) < 2
            or initializer.api not in _RANDOM
            or initializer.foreign
            or initializer.created is None
        ):
            continue
        if event.view.state_of(initializer.arguments.get("seed")) is not None:
            continue  # a `SeedGenerator`, which gives another number each time
        name = initializer.api.rpartition(".")[2]
        steps = [
            ctx.step(layer.created, f"`{(layer.api or 'layer').rpartition('.')[2]}` gets its numbers from it")
            for layer in layers[:2]
            if layer.created is not None and not layer.foreign
        ]
        yield ctx.report(
            initializer.created,
            f"one `{name}` initializes several weights of this model: it gives the same random numbers each time",
            story=tuple(dict.fromkeys(steps)),
            help=f'give each layer an initializer of its own, or a name such as `kernel_initializer="{_snake(name)}"`',
            fix=partial(_fix, ctx.source, initializer.created),
        )


def _fix(source: SourceFile, created: ast.AST) -> Fix | None:
    """Write the initializer where it is used, instead of giving it a name."""
    statement = statement_of(source, created)
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
            text = one_line(source, call)
        case _:
            return None
    given = [*call.args, *(item.value for item in call.keywords)]
    if text is None or len(text) > 60 or source.span(call) != source.span(created):
        return None
    if any(item.arg in (None, "seed") for item in call.keywords) or not all(map(_is_literal, given)):
        return None
    parts: list[Edits] = [remove_statement(source, statement)]
    wanted = {id(item.value) for node in walk(source.parse()) for item in _initializers(node)}
    for node in walk(source.parse()):
        if not isinstance(node, ast.Name) or node.id != name or node is statement.targets[0]:
            continue
        if id(node) not in wanted or not isinstance(node.ctx, ast.Load):
            return None
        parts.append(replace(source, node, text))
    return unsafe("Give each layer an initializer of its own", *parts)


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )


def _initializers(node: ast.AST) -> Iterator[ast.keyword]:
    """The arguments of a call that are initializers."""
    if isinstance(node, ast.Call):
        yield from (item for item in node.keywords if item.arg and item.arg.endswith("_initializer"))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
