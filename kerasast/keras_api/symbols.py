"""What Keras's public names are in each generation: kind, signature, ancestry, members, facts about layers.

Names are canonical; a `KerasVersion` chooses the generation, whose newest release was measured.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from kerasast.keras_api.data import GENERATIONS, read
from kerasast.keras_api.names import ApiName, canonical, expand, split_namespace
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

ParameterKind = Literal[
    "positional_only", "positional_or_keyword", "var_positional", "keyword_only", "var_keyword"
]
SymbolKind = Literal["class", "function", "value", "module"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function. `kind` is what `inspect` calls it, in lower case.

    `default` is the default's `repr`; `...` where it is no literal, `None` where there is no default.
    """

    name: str
    kind: ParameterKind
    has_default: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A public name of Keras in one generation.

    `parameters` are those of a call (of a class: of its constructor, without `self`), `None` where there is
    no call or its signature is not known. `bases` are the nearest ancestors that are public names of Keras.
    """

    name: str
    kind: SymbolKind
    parameters: tuple[Parameter, ...] | None
    bases: tuple[str, ...]


def lookup(name: str, version: KerasVersion) -> Symbol | None:
    """The symbol of a name, or `None` if it is no public name in the generation of `version`."""
    return _lookup(name, _generation(version))


def lookup_method(class_name: str, method: str, version: KerasVersion) -> tuple[Parameter, ...] | None:
    """The parameters, without `self`, of a class's own or inherited public method or `__call__`.

    `None` if the class has no such method in the generation of `version`, or its signature is not known.
    """
    return _lookup_method(class_name, method, _generation(version))


def members(class_name: str, version: KerasVersion) -> frozenset[str]:
    """The public methods, properties and class attributes that a class has or inherits from Keras.

    Attributes that its methods assign (`model.optimizer`) are not among them.
    """
    generation = _generation(version)
    found: set[str] = set()
    for name in (class_name, *ancestors(class_name, version)):
        entry = _entry(name, generation)
        found.update(entry.get("methods", ()), entry.get("attributes", ()))
    return frozenset(found)


def ancestors(name: str, version: KerasVersion) -> tuple[str, ...]:
    """The public names of all of a class's ancestors that are Keras's, in the order of its MRO."""
    return _ancestors(name, _generation(version))


def weightless(name: str, version: KerasVersion) -> bool | None:
    """Whether a layer class never creates weights, whatever its arguments and inputs are.

    False if it creates some with default arguments; `None` where it depends (on arguments, on a wrapped
    layer, on a subclass) or is not known. The state of the random generator of a `Dropout` is no weight, in
    Keras 3 either: it is in `layer.variables` but not in `layer.weights`.
    """
    count = _entry(name, _generation(version)).get("weights")
    return None if count is None else count == 0


def non_trainable_state(name: str, version: KerasVersion) -> bool | None:
    """Whether a layer class keeps weights that training moves by other means than gradients, or never.

    Such are the moving statistics of a `BatchNormalization`; measured with default arguments. `None` where it
    depends or is not known.
    """
    count = _entry(name, _generation(version)).get("frozen")
    return None if count is None else count > 0


def exists(dotted_or_name: str, namespace: str, version: KerasVersion) -> bool | None:
    """Whether a public path can be reached in a namespace in `version`, by attributes or by an import.

    The start of the path does not matter: `keras.layers.Dense` and `tensorflow.keras.layers.Dense` are the
    same question, `namespace` tells where to look. `None` where that is not known: for private packages, for
    `tensorflow.python.keras`, and for releases other than the measured ones where these may differ.
    """
    split = split_namespace(dotted_or_name)
    if split is None or split[0] == "tensorflow.python.keras" or namespace == "tensorflow.python.keras":
        return None
    path = split[1]
    plain = {f"{root}.{path}".rstrip(".") for root in ("keras", "tensorflow.keras", "tf_keras")}
    if dotted_or_name not in plain:  # Private packages and `tf.compat` are not what the data list.
        return None
    if namespace == "tf_keras":  # It continues Keras 2.15; what it has added since is not known.
        return True if path in _paths("2.15")["keras"] else None
    generation = _generation(version)
    paths = _paths(generation)
    if path in paths[namespace]:
        return True
    if namespace == "tf.keras" and not paths["importable"].isdisjoint(_prefixes(path)):
        return None
    return _absent(path, namespace, version)


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _absent(path: str, namespace: str, version: KerasVersion) -> bool | None:
    owner, _, member = path.rpartition(".")
    generation = _generation(version)
    if owner in _paths(generation)[namespace] and _entry(f"keras.{owner}", generation):
        return True if member in members(f"keras.{owner}", version) else None
    if version in (KERAS_2, KERAS_3):
        return False
    # What Keras 3 removed was never in its older releases; other differences between releases are not known.
    return False if version.major >= 3 and path in _paths(GENERATIONS[0])[namespace] else None


def _generation(version: KerasVersion) -> str:
    return GENERATIONS[0] if version.major <= 2 else GENERATIONS[1]


@cache
def _symbols(generation: str) -> dict[str, dict[str, Any]]:
    return read("symbols", generation)


@cache
def _paths(generation: str) -> dict[str, frozenset[str]]:
    """The public paths of each namespace, and (`importable`) modules that only an `import` reaches."""
    found: dict[str, set[str]] = {"keras": {""}, "tf.keras": {""}, "v1": {""}}
    content = read("names", generation)
    importable = content.pop("importable tf.keras").split()
    del content["aliases"]
    for table, paths in content.items():
        for namespace in table.partition(" ")[2].split("+"):
            found[namespace].update(expand(paths))
    return {**{name: frozenset(paths) for name, paths in found.items()}, "importable": frozenset(importable)}


def _entry(name: str, generation: str) -> dict[str, Any]:
    """The data of a name, empty if there are none."""
    symbols = _symbols(generation)
    entry = symbols.get(name.removeprefix("keras."))
    if entry is None:
        api = canonical(name)
        entry = None if api is None else symbols.get(api.name.removeprefix("keras."))
    return entry or {}


@cache
def _ancestors(name: str, generation: str) -> tuple[str, ...]:
    return tuple(f"keras.{base}" for base in _entry(name, generation).get("ancestors", ()))


@cache
def _lookup_method(class_name: str, method: str, generation: str) -> tuple[Parameter, ...] | None:
    for name in (class_name, *_ancestors(class_name, generation)):
        signature = _entry(name, generation).get("methods", {}).get(method)
        if signature is not None:
            return _parameters(signature)
    return None


@cache
def _lookup(name: str, generation: str) -> Symbol | None:
    entry = _entry(name, generation)
    if not entry:
        paths = _paths(generation)
        path = name.removeprefix("keras").removeprefix(".")
        is_module = any(path in paths[namespace] for namespace in ("keras", "tf.keras"))
        return Symbol(name, "module", None, ()) if is_module else None
    signature = entry.get("signature")
    parameters = None if signature is None else _parameters(signature)
    return Symbol(name, entry["kind"], parameters, _nearest(entry.get("ancestors", []), generation))


def _nearest(names: list[str], generation: str) -> tuple[str, ...]:
    """Those of the ancestors that no other of them derives from."""
    symbols = _symbols(generation)
    farther = {base for name in names for base in symbols.get(name, {}).get("ancestors", ())}
    return tuple(f"keras.{name}" for name in names if name not in farther)


@cache
def _parameters(signature: str) -> tuple[Parameter, ...]:
    """The parameters of a signature as it stands between the parentheses of a `def`."""
    function = ast.parse(f"def f({signature}): ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    found = []
    for argument, default in zip(plain, defaults, strict=True):
        positional = argument in arguments.posonlyargs
        found.append(
            _parameter(argument, "positional_only" if positional else "positional_or_keyword", default)
        )
    if arguments.vararg:
        found.append(_parameter(arguments.vararg, "var_positional", None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(argument, "keyword_only", default))
    if arguments.kwarg:
        found.append(_parameter(arguments.kwarg, "var_keyword", None))
    return tuple(found)


def _parameter(argument: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
    text = None if default is None else ast.unparse(default)
    return Parameter(argument.arg, kind, default is not None, text)


def is_other_keras(api: ApiName, version: KerasVersion) -> bool:
    """Whether a name is of the Keras 2 that is installed as `tf_keras` beside the Keras 3 that code is for."""
    return api.namespace == "tf_keras" and version.major >= 3
