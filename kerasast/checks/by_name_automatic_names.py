"""`load_weights(…, by_name=True)` into a model whose layers have the names that Keras numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const, Kind
from kerasast.keras_api.symbols import weightless
from kerasast.registry import rule

if TYPE_CHECKING:
    from kerasast.flow.values import ObjectState
    from kerasast.versions import KerasVersion


@rule(
    category="loading",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("load_weights",),
    calls=("load_weights",),
    preview=True,
    since="0.1",
)
def by_name_automatic_names(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method != "load_weights" or event.arguments.value("by_name") != Const(True):
        return
    if before.kind not in (Kind.SEQUENTIAL, Kind.FUNCTIONAL) or not before.complete or before.escaped:
        return
    if not (known_suffix(event.arguments.value("filepath")) or "").endswith((".h5", ".hdf5")):
        return
    layers = [event.view.state(item) for item in before.contents]
    weighted = [layer for layer in layers if not _is_weightless(layer, ctx.keras)]
    if weighted and all(_is_numbered(layer) for layer in weighted):
        yield ctx.report(
            event.node,
            "`by_name=True` finds layers by names that Keras numbers as they are made: another order or a second model "
            "in the same program, and nothing is loaded, without a warning",
            story=event.story,
            help='give the layers names (`name="…"`) when the weights are saved and when they are loaded',
        )


def _is_weightless(layer: ObjectState, version: KerasVersion) -> bool:
    return layer.cls is None and layer.kind is Kind.LAYER and weightless(layer.api or "", version) is True


def _is_numbered(layer: ObjectState) -> bool:
    """Whether nothing gives a layer a name of its own."""
    if layer.kind is not Kind.LAYER or layer.cls is not None or layer.escaped or layer.attributes:
        return False
    return layer.arguments_complete and layer.arguments.get("name", Const(None)) == Const(None)
