"""Binding the arguments of Keras calls to the parameters of that version's signature."""

from __future__ import annotations

from collections.abc import Sequence

from kerasast.flow.arguments import Argument, Arguments
from kerasast.keras_api import lookup, lookup_method
from kerasast.versions import KerasVersion

_POSITIONAL = ("positional_only", "positional_or_keyword")

_FALLBACK = {
    "compile": ("optimizer", "loss", "metrics", "loss_weights"),
    "fit": ("x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data"),
    "save": ("filepath", "overwrite"),
    "save_weights": ("filepath", "overwrite"),
    "load_weights": ("filepath",),
    "add": ("layer",),
    "export": ("filepath",),
}
"""The first parameters of methods that subclasses of project classes and old releases share."""


def bind_names(arguments: Arguments, names: Sequence[str]) -> Arguments:
    """Give the positional arguments the names of the parameters at their positions."""
    bound: dict[str, Argument] = dict(zip(names, arguments.positional, strict=False))
    bound.update(arguments.bound)
    return Arguments(bound, arguments.positional, arguments.complete)


def bind_api(arguments: Arguments, name: str, version: KerasVersion) -> Arguments:
    """Bind the arguments of a call of a Keras function or class, by its canonical name."""
    symbol = lookup(name, version)
    if symbol is None or symbol.parameters is None:
        return arguments
    return bind_names(arguments, [item.name for item in symbol.parameters if item.kind in _POSITIONAL])


def bind_method(arguments: Arguments, cls: str | None, method: str, version: KerasVersion) -> Arguments:
    """Bind the arguments of a call of a method of a Keras class."""
    parameters = lookup_method(cls or "keras.Model", method, version)
    if parameters is not None:
        return bind_names(arguments, [item.name for item in parameters if item.kind in _POSITIONAL])
    return bind_names(arguments, _FALLBACK.get(method, ()))


def without_first(arguments: Arguments, *names: str) -> Arguments:
    """The arguments of a function that is a method in disguise, without the object it is for."""
    bound = {name: item for name, item in arguments.bound.items() if item.keyword and name not in names}
    positional = arguments.positional
    if not any(name in arguments.bound and arguments.bound[name].keyword for name in names):
        positional = positional[1:]
    return Arguments(bound, positional, arguments.complete)
