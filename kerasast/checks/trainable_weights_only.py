"""Persisting a model's trainable weights alone."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._savers import SAVERS, is_saver, variables_given
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Severity
from kerasast.flow.arguments import Argument, place_of
from kerasast.flow.dumps import ARRAY_WRITERS, PICKLERS, dumped
from kerasast.flow.events import ExternalCall
from kerasast.flow.values import ObjectId, ObjectState, Ref, Tri, Value, WeightSet, WeightsOf
from kerasast.flow.weights import keeps_non_trainable
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ExternalCall,),
    names=("tensorflow.train.Checkpoint", *SAVERS, *ARRAY_WRITERS, *PICKLERS),
    calls=("Checkpoint", "Saver", "dump", "dumps", "save", "savetxt", "savez", "savez_compressed"),
    since="0.1",
)
def trainable_weights_only(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    written = list(_persisted(event))
    whole = {owner for _, value in written for owner in _kept_otherwise(value)}
    told: set[ObjectId] = set()
    for argument, value in written:
        if not isinstance(value, WeightsOf) or value.which is not WeightSet.TRAINABLE:
            continue
        if value.owner in whole or value.owner in told:
            continue
        told.add(value.owner)
        state = event.view.state(value.owner)
        others, holder = keeps_non_trainable(event.view, value.owner, ctx.keras)
        if others is Tri.NO:
            continue
        yield ctx.report(
            place_of(argument, event.node),
            f"only the trainable weights are saved: {_lost(holder)}",
            story=state.trace,
            help='save the model with `model.save("….keras")` or `model.save_weights("….weights.h5")`',
            confidence=Confidence.HIGH if others is Tri.YES else Confidence.LOW,
        )


def _lost(holder: ObjectState | None) -> str:
    if holder is None:
        return "whatever else its layers keep is lost"
    if holder.trainable is Tri.NO:
        return "those that are frozen are lost"
    return f"the statistics of its `{(holder.api or '').rpartition('.')[2]}` layer are lost"


def _persisted(event: ExternalCall) -> Iterator[tuple[Argument, Value]]:
    arguments = event.arguments
    if event.name == "tensorflow.train.Checkpoint":
        given = [*arguments.positional, *(item for item in arguments.bound.values() if item.keyword)]
    elif is_saver(event):
        given = variables_given(event)
    else:
        yield from dumped(event)
        return
    for argument in given:
        yield argument, argument.value
        for item in event.view.items(argument.value) or ():
            yield argument, item


def _kept_otherwise(value: Value) -> Iterator[ObjectId]:
    """The object whose other weights are written as well by the same call, if any is."""
    match value:
        case Ref(owner):
            yield owner
        case WeightsOf(owner, which) if which is not WeightSet.TRAINABLE:
            yield owner
