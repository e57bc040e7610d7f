"""Canonical names: the many paths that lead to one object of Keras, and the one name that rules compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from kerasast.keras_api.data import GENERATIONS, read


@dataclass(frozen=True, slots=True)
class ApiName:
    """A name of Keras: `name` is canonical (`keras.layers.Dense`), `dotted` the absolute path as written.

    `namespace` is where the path starts: `keras`, `tf.keras`, `tf_keras` or `tensorflow.python.keras`.
    """

    name: str
    namespace: str
    dotted: str


@lru_cache(maxsize=65536)
def canonical(dotted: str) -> ApiName | None:
    """The name of Keras that an absolute dotted path means, or `None` for a path outside Keras.

    Paths that are not public in any release, such as `keras.layers.core.Dense` or `keras.engine.Layer`, mean
    the public object of that name where there is just one. What is still unknown keeps its path
    (`keras.foo.Bar`); a member of a known object gets that object's name: `keras.models.Model.fit` is
    `keras.Model.fit`.
    """
    split = split_namespace(dotted)
    if split is None:
        return None
    namespace, path = split
    name = _public_name(path)
    return ApiName(f"keras.{name}" if name else "keras", namespace, dotted)


_TENSORFLOW_ROOTS = frozenset({"tensorflow", "tensorflow_core"})
_BEFORE_KERAS = frozenset({"_api", "api", "compat", "contrib", "python", "v1", "v2"})
_AFTER_KERAS = frozenset({"_tf_keras", "_v1", "_v2", "api", "keras", "python", "src"})

_MIRRORED = frozenset({"initializers", "losses", "metrics", "optimizers"})
"""Modules of Keras that TensorFlow 2 also shows at its top level, as `tf.losses`."""


def split_namespace(dotted: str) -> tuple[str, str] | None:
    """The namespace of an absolute path and what follows it, or `None` for a path outside Keras.

    `tensorflow.compat.v1.keras.layers.Dense` is split into `tf.keras` and `layers.Dense`. What follows is
    without the private packages that the public ones are copied from (`keras.src`, `keras.api._v2.keras`).
    """
    root, _, rest = dotted.partition(".")
    parts = rest.split(".") if rest else []
    if root in _TENSORFLOW_ROOTS:
        return _split_tensorflow(parts)
    if root not in ("keras", "tf_keras"):
        return None
    if parts and parts[0] == "_tf_keras":
        root = "tf.keras"
    return root, ".".join(_without_private_packages(parts))


def _split_tensorflow(parts: list[str]) -> tuple[str, str] | None:
    if "keras" in parts:
        position = parts.index("keras")
        before = parts[:position]
        if not _BEFORE_KERAS.issuperset(before):
            return None
        namespace = "tensorflow.python.keras" if before == ["python"] else "tf.keras"
        return namespace, ".".join(_without_private_packages(parts[position + 1 :]))
    # TensorFlow 1 has functions of its own there (`tf.losses.mean_squared_error`), but no classes.
    if len(parts) > 1 and parts[0] in _MIRRORED and parts[1][:1].isupper():
        path = ".".join(parts)
        if ".".join(parts[:2]) in _tables().names:
            return "tf.keras", path
    return None


def _without_private_packages(parts: list[str]) -> list[str]:
    start = 0
    while start < len(parts) and parts[start] in _AFTER_KERAS:
        start += 1
    return parts[start:]


@dataclass(frozen=True, slots=True)
class _Tables:
    """`names` maps public paths to names, `modules` are the paths of modules, `leaves` the names by ending.

    All without their leading `keras.`.
    """

    names: dict[str, str]
    modules: frozenset[str]
    leaves: dict[str, frozenset[str]]


@cache
def _tables() -> _Tables:
    names: dict[str, str] = {}
    modules: set[str] = set()
    for generation in GENERATIONS:
        content = read("names", generation)
        for table, paths in content.items():
            if table.startswith("names"):
                names.update((path, path) for path in expand(paths))
            elif table.startswith("modules"):
                modules.update(expand(paths))
        names.update(content["aliases"])
    leaves: dict[str, set[str]] = {}
    for path, name in names.items():
        if ".legacy" not in path and ".experimental" not in path:
            leaves.setdefault(path.rpartition(".")[2], set()).add(name)
    return _Tables(names, frozenset(modules), {leaf: frozenset(found) for leaf, found in leaves.items()})


def expand(paths: dict[str, str]) -> list[str]:
    """The paths of a table that lists them by module: `{"layers": "Dense Layer"}`."""
    return [
        f"{module}.{leaf}" if module else leaf for module, leaves in paths.items() for leaf in leaves.split()
    ]


def _public_name(path: str) -> str:
    """The name of what is at a path, both without their leading `keras.`."""
    tables = _tables()
    name = tables.names.get(path)
    if name is not None:
        return name
    if not path or path in tables.modules:
        return path
    owner, member = path, ""
    while "." in owner:
        owner, _, last = owner.rpartition(".")
        member = f".{last}{member}"
        if owner in tables.names:
            return tables.names[owner] + member
    return _moved_name(path.split("."), tables) or path


_FOREIGN = frozenset({"np", "numpy", "tensorflow", "tf"})
"""Modules that are not Keras's, reached through one of Keras's: `keras.backend.tf.Variable`."""


def _moved_name(parts: list[str], tables: _Tables) -> str | None:
    """The name of an object that once was, or privately is, at a path: the nearest that ends alike."""
    *modules, leaf = parts
    if not _FOREIGN.isdisjoint(modules):
        return None
    for depth in range(len(modules) - 1, 0, -1):
        name = tables.names.get(".".join([*modules[:depth], leaf]))
        if name is not None:
            return name
    if modules[:1] in (["backend"], ["ops"]):  # Their names are those of other libraries' functions.
        return None
    candidates = tables.leaves.get(leaf, frozenset())
    return next(iter(candidates)) if len(candidates) == 1 and modules else None
