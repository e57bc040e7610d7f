"""Weights or models handed to NumPy's or Python's own serialisers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._dumped_weights import save_weights_instead
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import Argument, place_of
from kerasast.flow.dumps import ARRAY_WRITERS, PICKLERS, dumped
from kerasast.flow.events import ExternalCall
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Ref, Tri, WeightsOf
from kerasast.flow.weights import is_constant, unloadable_parts
from kerasast.registry import FixAvailability, rule

_SEVERAL_SHAPES = frozenset(
    f"keras.layers.{name}"
    for name in (
        *("Dense", "LSTM", "GRU", "SimpleRNN", "Conv1D", "Conv2D", "Conv3D"),
        *("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    )
)
"""Layers whose weights differ in shape from one another, unless they have no bias."""


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ExternalCall,),
    names=(*ARRAY_WRITERS, *PICKLERS),
    calls=("dump", "dumps", "save", "savetxt", "savez", "savez_compressed"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def raw_weights_dump(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    for argument, value in dumped(event):
        match value:
            case WeightsOf(owner, element=False):
                yield from _weights(ctx, event, argument, value, event.view.state(owner))
            case Ref(target) if event.view.state(target).kind.has_weights:
                yield from _model(ctx, event, argument, target)


def _weights(
    ctx: Context, event: ExternalCall, argument: Argument, value: WeightsOf, state: ObjectState
) -> Iterator[Diagnostic]:
    call = _short(event.name)
    if event.name in ARRAY_WRITERS:
        if state.built is Tri.NO or not _differ_in_shape(event, value.owner):
            return
        yield ctx.report(
            place_of(argument, event.node),
            f"`{call}()` cannot store a model's weights as one array: they differ in shape",
            help='call `model.save_weights("….weights.h5")`, or `model.save("….keras")` for the whole model',
            fix=partial(save_weights_instead, ctx.project, ctx.source, event.node),
        )
    elif _writes_file(event.name) and state.kind.is_model and value.api == "get_weights":
        yield ctx.report(
            place_of(argument, event.node),
            f"`{call}()` of `get_weights()` keeps bare arrays: no architecture, no names, no optimizer state",
            help='call `model.save("….keras")`, or `model.save_weights("….weights.h5")` for the weights',
            severity=Severity.INFO,
            fix=partial(save_weights_instead, ctx.project, ctx.source, event.node),
        )


def _model(ctx: Context, event: ExternalCall, argument: Argument, target: ObjectId) -> Iterator[Diagnostic]:
    state = event.view.state(target)
    where = place_of(argument, event.node)
    call = _short(event.name)
    if event.name in ARRAY_WRITERS:
        yield ctx.report(
            where,
            f"`{call}()` pickles the {state.kind.value} into an array that `np.load()` refuses to read",
            story=state.trace,
            help='call `model.save("….keras")`',
        )
        return
    if not state.kind.is_model:
        return
    parts = unloadable_parts(event.view, target, ctx.keras)
    if parts:
        yield ctx.report(
            where,
            f"`{call}()` writes a model that cannot be unpickled: {_listed(parts)} not registered with Keras",
            story=state.trace,
            help="decorate it with `@keras.saving.register_keras_serializable()`, and save with `model.save()`",
        )


def _differ_in_shape(event: ExternalCall, owner: ObjectId) -> bool:
    """Whether the weights of an object certainly do not all have one shape, or it is a model of any size."""
    state = event.view.state(owner)
    if state.kind is Kind.LAYER:
        return _has_several_shapes(state)
    if not state.complete or state.kind not in (Kind.SEQUENTIAL, Kind.FUNCTIONAL):
        return state.kind.is_model
    return any(_has_several_shapes(event.view.state(item)) for item in event.view.contents(owner))


def _has_several_shapes(state: ObjectState) -> bool:
    bias = state.arguments.get("use_bias", Const(True))
    return state.cls is None and state.api in _SEVERAL_SHAPES and is_constant(bias, True)


def _writes_file(name: str) -> bool:
    return name.rpartition(".")[2] == "dump"


def _short(name: str) -> str:
    return name.replace("numpy.", "np.")


def _listed(parts: list[str]) -> str:
    names = [f"`{part}`" for part in parts[:3]]
    verb = "is" if len(parts) == 1 else "are"
    return f"{', '.join(names)} {verb}"
