"""Weights in a legacy HDF5 file, loaded into a model in which something else is frozen than when they were saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.hdf5 import is_legacy
from kerasast.flow.text import path_key
from kerasast.flow.values import Kind, ObjectId, ObjectState, Tri
from kerasast.flow.world import WorldView
from kerasast.keras_api import non_trainable_state, weightless
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_NORMALIZED = re.compile(
    r"keras\.applications\.(?:DenseNet|EfficientNet|Inception|MobileNet|NASNet|RegNet|ResNet|Xception)\w*"
)
"""Architectures in which layers with weights come after a `BatchNormalization`."""

_Order = list[tuple[ObjectId, bool]]
"""The weights of a model: for each layer those that training changes, and the others."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("load_weights",),
    calls=("load_weights",),
    text=r"\.trainable\s*=",
    since="0.1",
)
def hdf5_weights_order(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    path, state = event.arguments.value("filepath"), event.before
    if event.method != "load_weights" or state.escaped or not state.kind.is_model or not is_legacy(path):
        return
    saved = state.hdf5.get(path_key(path) or ())
    if saved is None or "skip_mismatch" in event.arguments:
        return
    then = {part: own for part, own, _ in saved}
    for part in state.contents:
        if _is_ordered_anew(event.view, part, then, ctx.keras):
            yield ctx.report(
                event.node,
                "the file has the weights of the model inside in another order than this wants, since that was frozen"
                " or unfrozen after they were saved: they go to the wrong layers, or do not fit",
                story=event.story,
                help="save the weights to a `.weights.h5` file, or load them before anything is frozen or unfrozen",
            )
            return


def _is_ordered_anew(
    view: WorldView, model: ObjectId, then: dict[ObjectId, Tri], version: KerasVersion
) -> bool:
    """Whether the weights of a model inside have another order now than with the flags that it had then."""
    state = view.state(model)
    before = then.get(model)
    if not state.kind.is_model or state.escaped or before is None:
        return False
    if Tri.MAYBE in (before, state.trainable):
        return False
    if _NORMALIZED.fullmatch(state.api or "") and state.cls is None:
        return before is not state.trainable and state.layers_trainable is state.trainable
    parts = [(part, view.state(part)) for part in state.contents]
    if not state.complete or any(part not in then for part, _ in parts):
        return False
    if state.kind is Kind.FUNCTIONAL:
        # The order of its layers is not known; after the first of two there is something in any order.
        normalizing = [part for part, inner in parts if _has_both(inner, version)]
        whole = state.trainable
        agree = all(then[part] is before and view.state(part).trainable is whole for part in normalizing)
        return len(normalizing) > 1 and before is not whole and agree
    if state.kind is not Kind.SEQUENTIAL:
        return False
    now = {part: inner.trainable for part, inner in parts}
    first, second = _order(parts, before, then, version), _order(parts, state.trainable, now, version)
    return first is not None and second is not None and first != second


def _order(
    parts: list[tuple[ObjectId, ObjectState]], whole: Tri, flags: dict[ObjectId, Tri], version: KerasVersion
) -> _Order | None:
    """The order of a model's weights in a file; `None` if it is not known."""
    trained: _Order = []
    others: _Order = []
    for part, state in parts:
        if _has_none(state, version):
            continue
        both = _has_both(state, version)
        if flags[part] is Tri.MAYBE or (not both and not _trains_all(state, version)):
            return None
        is_trained = whole is Tri.YES and flags[part] is Tri.YES
        (trained if is_trained else others).append((part, True))
        if both:
            others.append((part, False))
    return trained + others


def _is_plain(state: ObjectState) -> bool:
    return state.kind is Kind.LAYER and state.cls is None and not state.contents and not state.escaped


def _has_none(state: ObjectState, version: KerasVersion) -> bool:
    return _is_plain(state) and weightless(state.api or "", version) is True


def _has_both(state: ObjectState, version: KerasVersion) -> bool:
    """Whether a layer has weights that training changes, and others."""
    changed = {"scale", "center"} & state.arguments.keys()
    return _is_plain(state) and state.api == "keras.layers.BatchNormalization" and not changed


def _trains_all(state: ObjectState, version: KerasVersion) -> bool:
    """Whether training changes all weights of a layer, which has some."""
    name = state.api or ""
    return (
        _is_plain(state)
        and weightless(name, version) is False
        and non_trainable_state(name, version) is False
    )
