"""Write what the Keras of the running interpreter offers to `kerasast/keras_api/data`.

Run it with the Python of an environment that has Keras and TensorFlow, first that of Keras 3 (which chooses
the canonical names) and then that of Keras 2:

    .oracle/keras-3.15/bin/python scripts/generate_keras_api.py --out kerasast/keras_api/data
    .oracle/keras-2.15/bin/python scripts/generate_keras_api.py --out kerasast/keras_api/data

The same install always gives the same bytes. What no install can tell is in `keras_api_corrections.json`,
with the reason for each entry.

Two files are written for a release such as 3.15. `names-3.15.json` lists the public paths by the namespaces
that have them (`v1` is `tf.compat.v1.keras`) and by module, and the aliases. `symbols-3.15.json` has
signatures, ancestors, methods and facts by canonical name. All paths and names lack their leading `keras.`.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from measure_layers import measure

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CORRECTIONS = Path(__file__).with_name("keras_api_corrections.json")

NAMESPACES = ("keras", "tf.keras", "v1")
"""In the order in which the tables name them; `v1` is `tf.compat.v1.keras`."""

_HIDDEN_MODULES = {"api", "src", "protobuf"}

_MODULE_ORDER = (
    "layers",
    "models",
    "saving",
    "losses",
    "optimizers",
    "backend",
    "utils",
    "applications",
    "ops",
)
"""Where an object lives in several modules, the earlier one of these names it; all others come after."""

_TOP_LEVEL = {"Model", "Sequential", "Input"}
"""The names by which `keras` itself is preferred to a module of it."""


@dataclass(frozen=True)
class Corrections:
    """What `keras_api_corrections.json` says.

    `own_names` are paths that are named by themselves (`module.*` for all of a module), `preferred` the names to
    prefer. `signatures` are by name and release; `varying_weights` the layers whose weights measuring cannot tell.
    """

    own_names: frozenset[str]
    preferred: frozenset[str]
    signatures: Mapping[tuple[str, str], str]
    varying_weights: frozenset[str]

    @classmethod
    def read(cls) -> Corrections:
        """Read the file."""
        content = json.loads(CORRECTIONS.read_text(encoding="utf-8"))
        return cls(
            own_names=frozenset(entry["path"] for entry in content["own-name"]),
            preferred=frozenset(entry["path"] for entry in content["prefer"]),
            signatures={
                (entry["name"], release): signature
                for entry in content["signature"]
                for release, signature in entry["signatures"].items()
            },
            varying_weights=frozenset(
                name for entry in content["varying-weights"] for name in entry["names"]
            ),
        )

    def keeps_own_name(self, path: str) -> bool:
        """Whether the path is named by itself whatever object it leads to."""
        return path in self.own_names or f"{path.rpartition('.')[0]}.*" in self.own_names


def walk(
    module: ModuleType, path: str = "", parents: frozenset[int] = frozenset()
) -> Iterator[tuple[str, Any]]:
    """All public paths below a module with what is there, the module itself (as an empty path) excluded."""
    for name in dir(module):
        if name.startswith("_"):
            continue
        member = getattr(module, name)
        where = f"{path}.{name}" if path else name
        if not inspect.ismodule(member):
            yield where, member
        elif _is_public_module(member, name) and id(member) not in parents:
            yield where, member
            yield from walk(member, where, parents | {id(member)})


def _is_public_module(module: ModuleType, name: str) -> bool:
    root = module.__name__.partition(".")[0]
    return root in ("keras", "tensorflow") and name not in _HIDDEN_MODULES


def public_paths(keras: ModuleType, tensorflow: ModuleType) -> dict[str, dict[str, Any]]:
    """The public paths of each namespace."""
    paths = {"keras": dict(walk(keras)), "tf.keras": dict(walk(tensorflow.keras))}
    if keras.__version__.startswith("2"):
        # Only what `tf.keras` lacks: the v1 variants of its classes share their names.
        v1 = dict(walk(tensorflow.compat.v1.keras))
        paths["v1"] = {path: member for path, member in v1.items() if path not in paths["tf.keras"]}
    return paths


def importable_only(tensorflow: ModuleType, paths: Mapping[str, Any]) -> list[str]:
    """Modules below `tf.keras` that can be imported although they are no attributes of their package."""
    found = []
    for root in map(Path, tensorflow.keras.__path__):
        for package in sorted(root.rglob("__init__.py")):
            path = ".".join(package.parent.relative_to(root).parts)
            if path and not any(part.startswith("_") for part in path.split(".")) and path not in paths:
                found.append(path)
    return found


def preference(path: str, name: str | None, corrections: Corrections) -> tuple[object, ...]:
    """Sorts the paths of one object: the one that sorts first is its canonical name.

    The path that people write in both generations should win. `name` is the object's own.
    """
    parts = path.split(".")
    leaf, modules = parts[-1], parts[:-1]
    order = _MODULE_ORDER.index(modules[0]) if modules and modules[0] in _MODULE_ORDER else len(_MODULE_ORDER)
    return (
        path not in corrections.preferred,
        "legacy" in modules or "experimental" in modules,
        leaf in _TOP_LEVEL and bool(modules),
        leaf != name,
        order if modules or leaf not in _TOP_LEVEL else 0,
        not modules and leaf not in _TOP_LEVEL,
        len(parts),
        path,
    )


def choose_names(
    paths: Mapping[str, Mapping[str, Any]], settled: Mapping[str, str], corrections: Corrections
) -> dict[str, str]:
    """The canonical name of each public path that is not a module.

    `settled` are the names by path that another generation has chosen. A path keeps the name that it has
    there; an object's other paths follow it.
    """
    groups: dict[int | str, set[str]] = defaultdict(set)
    objects: dict[int | str, Any] = {}
    for members in reversed(list(paths.values())):
        for path, member in members.items():
            if not inspect.ismodule(member):
                identity = path if corrections.keeps_own_name(path) or not callable(member) else id(member)
                groups[identity].add(path)
                objects[identity] = member
    names = {}
    for identity, group in groups.items():
        own = getattr(objects[identity], "__name__", None)
        ordered = sorted(group, key=lambda path: preference(path, own, corrections))
        elsewhere = [settled[path] for path in ordered if path in settled]
        for path in ordered:
            names[path] = settled.get(path, [*elsewhere, ordered[0]][0])
    return names


def settled_names(out: Path) -> dict[str, str]:
    """The names by path that Keras 3 has chosen, from its names file; empty if there is none yet."""
    names: dict[str, str] = {}
    for path in sorted(out.glob("names-3.*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for table, modules in content.items():
            if table.startswith("names"):
                for module, leaves in modules.items():
                    names |= {
                        where: where for leaf in leaves.split() for where in [f"{module}.{leaf}".lstrip(".")]
                    }
        names |= content["aliases"]
    return names


def render_names(paths: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """The content of the names file."""
    modules: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    everything = sorted({path for members in paths.values() for path in members})
    module_paths = {
        path for members in paths.values() for path, member in members.items() if inspect.ismodule(member)
    }
    for path in everything:
        where = [namespace for namespace in NAMESPACES if path in paths.get(namespace, {})]
        parent, _, leaf = path.rpartition(".")
        kind = "modules" if path in module_paths else "names"
        modules[f"{kind} {'+'.join(where)}"][parent].append(leaf)
    tables = {
        table: {parent: " ".join(leaves) for parent, leaves in content.items()}
        for table, content in modules.items()
    }
    aliases = {path: name for path, name in sorted(names.items()) if path != name}
    return {**dict(sorted(tables.items())), "aliases": aliases}


def signature_text(function: Callable[..., Any], *, method: bool) -> str | None:
    """A signature as it stands in a `def`, without parentheses and annotations; a method's without `self`."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if method and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty, default=_Default(parameter.default))
        if parameter.default is not inspect.Parameter.empty
        else parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in parameters
    ]
    return str(inspect.Signature(plain))[1:-1]


class _Default:
    """Prints as a default value does in source code, and as `...` where it is not a literal."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value) if _is_literal(self.value) else "..."


def _is_literal(value: object) -> bool:
    if value is None or type(value) in (bool, int, str, bytes):
        return True
    if type(value) is float:
        return value - value == 0.0  # `inf` and `nan` are not literals.
    if type(value) in (tuple, list, set):
        return all(map(_is_literal, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(_is_literal(key) and _is_literal(item) for key, item in value.items())
    return False


def public_ancestors(cls: type, names_by_class: Mapping[type, str]) -> list[str]:
    """The canonical names of the public classes that a class derives from, in the order of its MRO."""
    own = names_by_class[cls]
    found = [names_by_class[base] for base in cls.__mro__[1:] if base in names_by_class]
    return [name for name in dict.fromkeys(found) if name != own]


def class_members(cls: type) -> tuple[dict[str, str], list[str]]:
    """The public methods of a class with their signatures, and its other public attributes."""
    methods: dict[str, str] = {}
    others: list[str] = []
    for name in dir(cls):
        if name.startswith("_") and name != "__call__":
            continue
        static = inspect.getattr_static(cls, name)
        if not _defined_by_keras(cls, name):
            continue
        function = static.__func__ if isinstance(static, (classmethod, staticmethod)) else static
        if not inspect.isroutine(function):
            others.append(name)
            continue
        text = signature_text(function, method=not isinstance(static, staticmethod))
        if text is not None:
            methods[name] = text
    return methods, others


def _defined_by_keras(cls: type, name: str) -> bool:
    for base in cls.__mro__:
        if name in vars(base):
            return base.__module__.partition(".")[0] == "keras"
    return False


def describe(member: Any, names_by_class: Mapping[type, str]) -> dict[str, Any]:
    """The entry of one symbol: kind, signature, and for a class its ancestors and all of its members."""
    if inspect.isclass(member):
        entry: dict[str, Any] = {"kind": "class"}
        text = signature_text(member.__init__, method=True)
        if text is not None:
            entry["signature"] = text
        entry["ancestors"] = public_ancestors(member, names_by_class)
        entry["methods"], entry["attributes"] = class_members(member)
        return entry
    if callable(member):
        text = signature_text(member, method=False)
        return {"kind": "function"} if text is None else {"kind": "function", "signature": text}
    return {"kind": "value"}


def drop_inherited(symbols: dict[str, dict[str, Any]]) -> None:
    """Leave out of each class what asking its ancestors in order gives anyway."""
    full = {name: dict(entry) for name, entry in symbols.items()}
    for name, entry in symbols.items():
        if entry["kind"] != "class":
            continue
        above = [full[base] for base in full[name]["ancestors"]]
        entry["methods"] = {
            method: text
            for method, text in full[name]["methods"].items()
            if next((base["methods"][method] for base in above if method in base["methods"]), None) != text
        }
        inherited = {attribute for base in above for attribute in base["attributes"]}
        entry["attributes"] = [name for name in full[name]["attributes"] if name not in inherited]


def render_symbols(paths: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """The content of the symbols file, before corrections and facts."""
    chosen: dict[str, Any] = {}
    names_by_class: dict[type, str] = {}
    for namespace in NAMESPACES:
        for path, member in paths.get(namespace, {}).items():
            if inspect.ismodule(member):
                continue
            if inspect.isclass(member):
                names_by_class.setdefault(member, names[path])
            # The path that is the name itself says what the name means; v1's only where nothing else does.
            if names[path] not in chosen or (path == names[path] and namespace == "keras"):
                chosen[names[path]] = member
    symbols = {name: describe(member, names_by_class) for name, member in sorted(chosen.items())}
    drop_inherited(symbols)
    return symbols


def add_weights(
    symbols: dict[str, dict[str, Any]], keras: ModuleType, tensorflow: ModuleType, corrections: Corrections
) -> None:
    """Add to each layer class how many weights it creates, and how many of these are never trainable."""
    for name, entry in symbols.items():
        if "layers.Layer" not in entry.get("ancestors", ()) or name in corrections.varying_weights:
            continue
        roots = (keras, tensorflow.keras, tensorflow.compat.v1.keras)
        layer_class = next((found for root in roots if (found := _find(name, root))), None)
        if name.startswith("layers.") and layer_class and (found := measure(layer_class, keras, tensorflow)):
            entry["weights"], entry["frozen"] = found.total, found.frozen


def _find(path: str, module: Any) -> Any:
    for part in path.split("."):
        module = getattr(module, part, None)
    return module


def main() -> None:
    """Write the two files of the Keras that this interpreter imports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the data files")
    out: Path = parser.parse_args().out
    tensorflow, keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
    release = ".".join(keras.__version__.split(".")[:2])
    paths = public_paths(keras, tensorflow)
    corrections = Corrections.read()
    names = choose_names(paths, settled_names(out) if release.startswith("2") else {}, corrections)
    symbols = render_symbols(paths, names)
    for (name, corrected_release), signature in corrections.signatures.items():
        if corrected_release == release:
            symbols[name]["signature"] = signature
    add_weights(symbols, keras, tensorflow, corrections)
    content = render_names(paths, names)
    content["importable tf.keras"] = " ".join(importable_only(tensorflow, paths["tf.keras"]))
    _write(out / f"names-{release}.json", content)
    _write(out / f"symbols-{release}.json", symbols)


def _write(path: Path, content: dict[str, Any]) -> None:
    """One top-level entry per line, so that a change shows as a readable difference."""
    lines = (
        f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in content.items()
    )
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
