"""The hooks of callbacks: the methods of `keras.callbacks.Callback` that Keras calls by their names."""

from __future__ import annotations

from kerasast.flow.class_facts import ClassFacts
from kerasast.keras_api import members
from kerasast.versions import KerasVersion

_CALLBACK = "keras.callbacks.Callback"


def hooks(version: KerasVersion) -> frozenset[str]:
    """The names of all hooks."""
    return frozenset(name for name in members(_CALLBACK, version) if name.startswith("on_"))


def is_callback(facts: ClassFacts) -> bool:
    """Whether a class is a callback of Keras, and nothing else that may have hooks of its own."""
    return facts.ancestry.derives(_CALLBACK) and facts.ancestry.complete
