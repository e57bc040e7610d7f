"""A `ModuleIndex` as JSON, for caches and for other processes."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from kerasast.index.bindings import (
    OPAQUE,
    AliasBinding,
    Binding,
    ClassInfo,
    FunctionInfo,
    ImportBinding,
    LiteralBinding,
    OpaqueBinding,
)
from kerasast.index.module_index import ModuleIndex

Json = Any
"""A value that `json.dumps` takes without losing anything."""


def to_json(index: ModuleIndex) -> dict[str, Json]:
    """A value for `json.dumps` that `from_json` understands; equal indexes give equal values."""
    return {
        "name": index.name,
        "path": index.path,
        "is_package": index.is_package,
        "package": index.package,
        "bindings": {name: [_pack(item) for item in found] for name, found in index.bindings.items()},
        "star_imports": [_pack(item) for item in index.star_imports],
        "imports": sorted(index.imports),
        "relative_imports": sorted(index.relative_imports),
        "exports": None if index.exports is None else list(index.exports),
    }


def from_json(data: dict[str, Json]) -> ModuleIndex:
    """The index that `to_json` was given.

    Raises:
        KeyError, TypeError, ValueError: `data` is something else.
    """
    exports = data["exports"]
    return ModuleIndex(
        name=data["name"],
        path=data["path"],
        is_package=data["is_package"],
        package=data["package"],
        bindings={name: tuple(map(_unpack, found)) for name, found in data["bindings"].items()},
        star_imports=tuple(_unpack_import(item) for item in data["star_imports"]),
        imports=frozenset(data["imports"]),
        relative_imports=frozenset(data["relative_imports"]),
        exports=None if exports is None else tuple(exports),
    )


def digest(index: ModuleIndex) -> str:
    """A hash of all that an index holds, the same in every process and on every machine."""
    text = json.dumps(to_json(index), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _pack(binding: Binding) -> Json:
    match binding:
        case ImportBinding(target, relative):
            return ["relative" if relative else "import", target]
        case AliasBinding(expression):
            return ["alias", expression]
        case LiteralBinding(value):
            return ["literal", _pack_literal(value)]
        case OpaqueBinding():
            return ["opaque"]
        case FunctionInfo():
            return ["function", *_pack_function(binding)]
        case ClassInfo(name, line, bases, decorators, methods, attributes):
            members = [_pack_function(method) for method in methods]
            return ["class", name, line, list(bases), list(decorators), members, sorted(attributes)]


def _unpack(data: Json) -> Binding:
    match data:
        case ["import" | "relative", _]:
            return _unpack_import(data)
        case ["alias", expression]:
            return AliasBinding(expression)
        case ["literal", value]:
            return LiteralBinding(_unpack_literal(value))
        case ["opaque"]:
            return OPAQUE
        case ["function", *fields]:
            return _unpack_function(fields)
        case ["class", name, line, bases, decorators, members, attributes]:
            methods = tuple(map(_unpack_function, members))
            return ClassInfo(name, line, tuple(bases), tuple(decorators), methods, frozenset(attributes))
    raise ValueError(f"not a binding: {data!r}")


def _unpack_import(data: Json) -> ImportBinding:
    kind, target = data
    return ImportBinding(target, kind == "relative")


def _pack_function(function: FunctionInfo) -> Json:
    return [function.name, function.line, list(function.decorators)]


def _unpack_function(data: Json) -> FunctionInfo:
    name, line, decorators = data
    return FunctionInfo(name, line, tuple(decorators))


def _pack_literal(value: object) -> Json:
    """A literal: what JSON has no form for becomes an object with a single key that names its type."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"float": repr(value)}
        case list():
            return [_pack_literal(item) for item in value]
        case tuple():
            return {"tuple": [_pack_literal(item) for item in value]}
        case dict():
            return {"dict": [[_pack_literal(key), _pack_literal(item)] for key, item in value.items()]}
        case bytes():
            return {"bytes": value.decode("latin-1")}
        case complex():
            return {"complex": repr(value)}
    assert value is Ellipsis
    return {"ellipsis": None}


def _unpack_literal(data: Json) -> object:
    match data:
        case list():
            return [_unpack_literal(item) for item in data]
        case {"float": text}:
            return float(text)
        case {"tuple": items}:
            return tuple(_unpack_literal(item) for item in items)
        case {"dict": pairs}:
            return {_unpack_literal(key): _unpack_literal(item) for key, item in pairs}
        case {"bytes": text}:
            return bytes(text, "latin-1")
        case {"complex": text}:
            return complex(text)
        case {"ellipsis": None}:
            return ...
    return data
