"""An attribute of a Keras object that is assigned under a name which is not quite its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import rename_attribute, unsafe
from kerasast.flow.events import AttributeSet
from kerasast.flow.values import Kind, ObjectState
from kerasast.keras_api.attributes import instance_attributes
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_ATTRIBUTES = ("trainable", "learning_rate", "stop_training")
"""What programs switch by assignment, and what has no effect under any other name."""


def _slips(name: str) -> Iterator[str]:
    """What comes of a letter too few, one too many or two in the wrong order; and other ways to write a name."""
    for index in range(1, len(name)):
        yield name[:index] + name[index + 1 :]
        yield name[:index] + name[index] + name[index:]
        yield name[: index - 1] + name[index] + name[index - 1] + name[index + 1 :]
    yield from (name.capitalize(), name.replace("_", ""), name.title().replace("_", ""))


_SLIPS = {
    **{slip: name for name in _ATTRIBUTES for slip in _slips(name) if slip != name},
    "traineable": "trainable",
    "trainabel": "trainable",
    "is_trainable": "trainable",
    "learn_rate": "learning_rate",
    "stop_train": "stop_training",
    "stopped_training": "stop_training",
}


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(AttributeSet,),
    calls=[f".{name}" for name in _SLIPS],
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def misspelled_attribute(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    meant = _SLIPS.get(event.attribute)
    state = event.state
    if meant is None or state.cls is not None or not _has(state, meant):
        return
    if event.attribute in instance_attributes(state.api or "", ctx.keras) or _is_read(ctx, event.attribute):
        return
    if isinstance(event.node, ast.Attribute):
        yield ctx.report(
            event.node,
            f"`{event.attribute}` means nothing to Keras: assigning it does not change `{meant}`",
            help=f"assign to `{meant}`",
            fix=partial(_fix, ctx.source, event.node, meant),
        )


def _fix(source: SourceFile, node: ast.Attribute, meant: str) -> Fix | None:
    return unsafe(f"Assign to `{meant}`", rename_attribute(source, node, meant))


def _has(state: ObjectState, name: str) -> bool:
    if name == "trainable":
        return state.kind.has_weights
    return state.kind is Kind.OPTIMIZER if name == "learning_rate" else state.kind.is_model


def _is_read(ctx: Context, name: str) -> bool:
    """Whether the project reads an attribute of this name anywhere: then it means something to the project."""
    return ctx.project.mentions(rf"\.{name}\b(?!\s*=[^=])|[\"']{name}[\"']")
