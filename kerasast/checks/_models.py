"""Models at the moments at which it is known what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall, ObjectCreated
from kerasast.flow.roles import has_state
from kerasast.flow.values import Kind, ObjectId, ObjectState, Ref, Tri
from kerasast.keras_api import weightless
from kerasast.versions import KerasVersion

MODELS_MADE = ("Input", "compile", "fit", "summary")
"""Names of functions and methods near which models are made: for `calls` of the rules that look at whole models."""

_METHODS = frozenset({"compile", "fit", "summary"})


def parts_of_model(event: ObjectCreated | ModelCall) -> Iterator[ObjectId]:
    """The layers and models inside the model that an event makes, or uses after all its layers were added.

    Nothing for other events: a model of layers may be asked about more than once.
    """
    if isinstance(event, ModelCall):
        state = event.before
        if event.method not in _METHODS or state.kind is not Kind.SEQUENTIAL:
            return
    else:
        state = event.state
    if state.kind.is_model:
        yield from dict.fromkeys(
            part for item in state.contents for part in (item, *event.view.contents(item))
        )


def has_own_weights(state: ObjectState, version: KerasVersion) -> bool:
    """Whether an object is a single layer that certainly has weights, which training changes."""
    if state.kind is not Kind.LAYER or state.trainable is not Tri.YES:
        return False
    if state.cls is not None:
        return has_state(class_facts(state.cls, version))
    return weightless(state.api or "", version) is False


def last_layer(event: ModelCall) -> ObjectState | None:
    """What is known of the layer that the outputs of a model come from, if it has one, and that is known."""
    state = event.before
    if state.kind is Kind.SEQUENTIAL:
        last = state.items[-1] if state.items else None
        return event.view.state(last.id) if isinstance(last, Ref) else None
    if state.kind is Kind.FUNCTIONAL and state.contents:
        return event.view.state(state.contents[-1])
    return None
