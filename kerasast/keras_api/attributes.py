"""The attributes that instances of Keras's classes have, also those that only their methods assign."""

from __future__ import annotations

from functools import cache

from kerasast.keras_api.data import GENERATIONS, read
from kerasast.keras_api.symbols import ancestors
from kerasast.versions import KerasVersion


def instance_attributes(class_name: str, version: KerasVersion) -> frozenset[str]:
    """Every attribute, method and property, private ones too, of an instance of a public Keras class.

    `class_name` is canonical. Empty for a class that is not known. Names with two leading underscores are not
    among them.
    """
    generation = GENERATIONS[0] if version.major <= 2 else GENERATIONS[1]
    return _attributes((class_name, *ancestors(class_name, version)), generation)


@cache
def _attributes(names: tuple[str, ...], generation: str) -> frozenset[str]:
    table = _table(generation)
    found: set[str] = set()
    for name in names:
        found.update(table.get(name.removeprefix("keras."), "").split())
    return frozenset(found)


@cache
def _table(generation: str) -> dict[str, str]:
    return read("attributes", generation)
