"""Preprocessing layers: which of them learn something from data by `adapt()`, and what they can be given instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasast.flow.values import Const

if TYPE_CHECKING:
    from kerasast.flow.values import ObjectState

GIVEN = {
    "keras.layers.Discretization": ("bin_boundaries", "bins"),
    "keras.layers.IntegerLookup": ("vocabulary",),
    "keras.layers.Normalization": ("mean", "variance"),
    "keras.layers.StringLookup": ("vocabulary",),
    "keras.layers.TextVectorization": ("vocabulary",),
}
"""The layers that are adapted to data, with the arguments that say what `adapt()` would find out."""

_LOOKUPS = frozenset(name for name, given in GIVEN.items() if "vocabulary" in given)


def has_vocabulary(state: ObjectState) -> bool:
    """Whether an object looks its inputs up in a vocabulary, which no file of weights alone has."""
    return state.api in _LOOKUPS


def starts_empty(state: ObjectState) -> bool:
    """Whether an object is a layer of Keras's own that was certainly created without what `adapt()` finds out."""
    if state.cls is not None or state.api not in GIVEN or not state.arguments_complete:
        return False
    return all(state.arguments.get(name, Const(None)) == Const(None) for name in GIVEN[state.api])
