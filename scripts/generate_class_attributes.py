"""Write which attributes the instances of Keras's classes have to `kerasast/keras_api/data`.

Run it after `generate_keras_api.py`, with the Python of an environment that has Keras and TensorFlow:

    .oracle/keras-3.15/bin/python scripts/generate_class_attributes.py --out kerasast/keras_api/data
    .oracle/keras-2.15/bin/python scripts/generate_class_attributes.py --out kerasast/keras_api/data

An attribute counts if the class or one of its Python ancestors has it, or if any of their methods assigns it to
its first parameter, or sets it by its name. `attributes-3.15.json` maps canonical names, without `keras.`, to
what each class adds to its public Keras ancestors, separated by spaces. The same install always gives the same
bytes.
"""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import inspect
import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@functools.cache
def own_attributes(cls: type) -> frozenset[str]:
    """The names in the body of a class, and those that its methods assign to `self`."""
    found = set(vars(cls))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):  # A class without Python source.
        return frozenset(found)
    found.update(_assigned(tree))
    return frozenset(found)


def _assigned(tree: ast.Module) -> Iterator[str]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not function.args.args:
            continue
        receiver = function.args.args[0].arg
        for node in ast.walk(function):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attr, ctx=ast.Store()) if name == receiver:
                    yield attr
                case ast.Call(func=func, args=[*_, ast.Constant(str(attr)), _]) if _sets_by_name(func):
                    yield attr


def _sets_by_name(func: ast.expr) -> bool:
    """Whether it is `setattr`, or what the layers of Keras 2 make their lists of weights with."""
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return name in ("setattr", "__setattr__", "_maybe_create_attribute")


def all_attributes(cls: type) -> set[str]:
    """The attributes of instances of a class, without those with two leading underscores."""
    found: set[str] = set()
    for ancestor in cls.__mro__[:-1]:
        found |= own_attributes(ancestor)
    return {name for name in found if not name.startswith("__")}


def find(name: str, keras: Any, tensorflow: Any) -> type | None:
    """The class of a canonical name without `keras.`."""
    for root in (keras, tensorflow.keras):
        value = root
        for part in name.split("."):
            value = getattr(value, part, None)
        if isinstance(value, type):
            return value
    return None


def collect(symbols: dict[str, dict[str, Any]], keras: Any, tensorflow: Any) -> dict[str, str]:
    """What each class adds to the public Keras classes that it derives from."""
    classes = {name: find(name, keras, tensorflow) for name in symbols if symbols[name]["kind"] == "class"}
    attributes = {name: all_attributes(cls) for name, cls in classes.items() if cls is not None}
    added = {}
    for name, found in attributes.items():
        inherited: set[str] = set()
        for ancestor in symbols[name].get("ancestors", ()):
            inherited |= attributes.get(ancestor, set())
        if found - inherited:
            added[name] = " ".join(sorted(found - inherited))
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder of the data files")
    folder: Path = parser.parse_args().out
    keras = importlib.import_module("keras")
    tensorflow = importlib.import_module("tensorflow")
    generation = ".".join(keras.__version__.split(".")[:2])
    symbols = json.loads((folder / f"symbols-{generation}.json").read_text())
    added = collect(symbols, keras, tensorflow)
    lines = [f"{json.dumps(name)}:{json.dumps(names)}" for name, names in sorted(added.items())]
    (folder / f"attributes-{generation}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
