"""The hooks of callbacks: the methods of `keras.callbacks.Callback` that Keras calls by their names."""

from __future__ import annotations

import ast

from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import MethodFacts
from kerasast.keras_api import members
from kerasast.versions import KerasVersion

_CALLBACK = "keras.callbacks.Callback"


def hooks(version: KerasVersion) -> frozenset[str]:
    """The names of all hooks."""
    return frozenset(name for name in members(_CALLBACK, version) if name.startswith("on_"))


def is_callback(facts: ClassFacts) -> bool:
    """Whether a class is a callback of Keras, and nothing else that may have hooks of its own."""
    return facts.ancestry.derives(_CALLBACK) and facts.ancestry.complete


def hook_arguments(name: str, version: KerasVersion) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a hook is given by position and by keyword. Observed on Keras 2.15 and 3.15."""
    if name.startswith("on_epoch_"):
        return ("epoch", "logs"), ()
    if "batch" not in name:
        return ("logs",), ()
    if version.major >= 3 or name.startswith("on_batch_"):
        return ("batch",), ("logs",)
    return ("batch", "logs"), ()


def takes(method: MethodFacts, positional: tuple[str, ...], keywords: tuple[str, ...]) -> bool:
    """Whether a hook takes what it is given."""
    arguments: ast.arguments = method.node.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)][1:]
    if method.self_name is None:
        return True
    taken = len(positional)
    if taken > len(names) and arguments.vararg is None:
        return False
    rest = names[taken:]
    required = names[: len(names) - len(arguments.defaults)][taken:]
    only = [item.arg for item in arguments.kwonlyargs]
    required += [name for name, default in zip(only, arguments.kw_defaults, strict=True) if default is None]
    if any(name not in keywords for name in required):
        return False
    return arguments.kwarg is not None or all(name in (*rest, *only) for name in keywords)
