"""The ancestry of classes that come from installed packages: is `keras_cv.layers.Grayscale` a Keras layer?

The only module that uses astroid, and it is imported when a project first asks. Packages are found on
`sys.path` and read, never imported: nothing of theirs runs. Only the files that lead to the answer are
read, for one class at most `MAX_FILES` and `MAX_BYTES` together. Keras and TensorFlow themselves are not
looked into.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from kerasast.keras_api import canonical

if TYPE_CHECKING:
    from astroid import nodes
    from astroid.builder import AstroidBuilder

MAX_FILES = 48
MAX_BYTES = 3_000_000
_MAX_STEPS = 400
_MAX_DEPTH = 40
_OPAQUE_PACKAGES = frozenset({"builtins", "keras", "numpy", "tensorflow", "tf_keras"})


def ancestry(dotted: str) -> tuple[str, ...] | None:
    """The ancestors of a class by its absolute dotted name, nearest first and without itself.

    An ancestor that is Keras's has its canonical name (`keras.layers.Layer`) and is not followed further;
    another has the dotted name under which it is defined. A base that is not a dotted name is left out.
    `None` when the class cannot be found.
    """
    head = dotted.partition(".")[0]
    if head in _OPAQUE_PACKAGES or head in sys.stdlib_module_names:
        return None
    return _ancestry(dotted, tuple(sys.path))


@lru_cache(maxsize=1024)
def _ancestry(dotted: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
    search = _Search(path)
    found = search.definition(dotted)
    if not isinstance(found, tuple):
        return None
    names: dict[str, None] = {}
    pending = [found]
    while pending:
        _, cls = pending.pop(0)
        for base in cls.bases:
            ancestor = search.base(base)
            if isinstance(ancestor, str):
                names[ancestor] = None
            elif ancestor is not None and ancestor[0] not in names:
                names[ancestor[0]] = None
                pending.append(ancestor)
    names.pop(found[0], None)
    return tuple(names)


_Class = tuple[str, "nodes.ClassDef"]
"""A class and the dotted name that it is defined under."""


class _Search:
    """One question: what has been read for it."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self._path = path
        self._modules: dict[str, nodes.Module | None] = {}
        self._active: set[str | int] = set()
        self._steps = 0
        self._bytes = 0

    def definition(self, dotted: str) -> _Class | str | None:
        """The class that an absolute name means; the name of one that is not looked into; `None` for no class."""
        return self._guarded(dotted, lambda: self._defined(dotted))

    def base(self, node: nodes.NodeNG) -> _Class | str | None:
        """The class that a base of a class means."""
        return self._guarded(id(node), lambda: self._evaluated(node))

    def _guarded(self, question: str | int, answer: Callable[[], _Class | str | None]) -> _Class | str | None:
        """The answer to a question, unless answering it asks the question again or takes too much."""
        self._steps += 1
        if self._steps > _MAX_STEPS or len(self._active) > _MAX_DEPTH or question in self._active:
            return None
        self._active.add(question)
        try:
            return answer()
        finally:
            self._active.discard(question)

    def _defined(self, dotted: str) -> _Class | str | None:
        api = canonical(dotted)
        if api is not None:
            return api.name
        if dotted.partition(".")[0] in _OPAQUE_PACKAGES:
            return dotted
        module, rest = self._split(dotted)
        if module is None:
            return dotted if _locate(dotted.partition(".")[0], self._path) is None else None
        head, _, rest = rest.partition(".")
        return self._member(module, head, rest)

    def _evaluated(self, node: nodes.NodeNG) -> _Class | str | None:
        from astroid import nodes

        if isinstance(node, nodes.Subscript):
            node = node.value
        attributes: list[str] = []
        while isinstance(node, nodes.Attribute):
            attributes.append(node.attrname)
            node = node.expr
        if not isinstance(node, nodes.Name):
            return None
        _, statements = node.lookup(node.name)
        rest = ".".join(reversed(attributes))
        if not statements:
            return self._from_stars(node.root(), node.name, rest)
        return self._agreed([self._meaning(statement, node.name, rest) for statement in statements])

    def _member(self, module: nodes.Module, name: str, rest: str) -> _Class | str | None:
        found = module.locals.get(name)
        if found:
            return self._agreed([self._meaning(node, name, rest) for node in found])
        return self._from_stars(module, name, rest)

    def _from_stars(self, module: nodes.Module, name: str, rest: str) -> _Class | str | None:
        from astroid import nodes

        for node in module.nodes_of_class(nodes.ImportFrom):
            if node.names[0][0] == "*" and node.scope() is module:
                origin = _origin(node)
                found = self.definition(_join(origin, name, rest)) if origin is not None else None
                if isinstance(found, tuple) or (found is not None and canonical(found) is not None):
                    return found
        return None

    def _meaning(self, node: nodes.NodeNG, name: str, rest: str) -> _Class | str | None:
        """What `name.rest` means where `node` binds `name`."""
        from astroid import nodes

        match node:
            case nodes.ClassDef():
                return None if rest else (f"{node.root().name}.{node.name}", node)
            case nodes.ImportFrom():
                origin = _origin(node)
                return None if origin is None else self.definition(_join(origin, node.real_name(name), rest))
            case nodes.Import():
                return self.definition(_join(node.real_name(name), rest))
            case nodes.AssignName(parent=nodes.Assign(value=value) | nodes.AnnAssign(value=value)):
                return None if rest or value is None else self.base(value)
        return None

    def _agreed(self, found: list[_Class | str | None]) -> _Class | str | None:
        """The one meaning of several definitions; `None` if they differ, as in a fallback to `object`."""
        names = {item[0] if isinstance(item, tuple) else item for item in found}
        return found[0] if len(names) == 1 else None

    def _split(self, dotted: str) -> tuple[nodes.Module | None, str]:
        """The longest prefix that is a module with a name in it, and that name with what follows."""
        parts = dotted.split(".")
        for length in range(len(parts) - 1, 0, -1):
            module = self._module(".".join(parts[:length]))
            if module is not None:
                return module, ".".join(parts[length:])
        return None, dotted

    def _module(self, name: str) -> nodes.Module | None:
        if name not in self._modules:
            place = _locate(name, self._path) if len(self._modules) < MAX_FILES else None
            self._modules[name] = None if place is None else self._read(place, name)
        return self._modules[name]

    def _read(self, place: _Place, name: str) -> nodes.Module | None:
        if place.file is None:
            return None
        try:
            self._bytes += os.path.getsize(place.file)
        except OSError:
            return None
        return None if self._bytes > MAX_BYTES else _parse(place.file, name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a module is: its source file, if it has one, and the folders of its submodules."""

    file: str | None
    folders: tuple[str, ...]


@lru_cache(maxsize=4096)
def _locate(name: str, path: tuple[str, ...]) -> _Place | None:
    """Find a module without importing it or the packages that it is in."""
    parent, _, leaf = name.rpartition(".")
    if parent:
        place = _locate(parent, path)
        if place is None or not place.folders:
            return None
        path = place.folders
    try:
        spec = PathFinder.find_spec(name, path)
        folders = tuple(spec.submodule_search_locations or ()) if spec is not None else ()
    except KeyError:  # a namespace package in another package asks for its parent, which is not imported
        spec, folders = None, tuple(filter(os.path.isdir, (os.path.join(folder, leaf) for folder in path)))
    except (ImportError, OSError, ValueError):
        return None
    file = spec.origin if spec is not None and spec.origin is not None else None
    if spec is None and not folders:
        return None
    return _Place(file if file is not None and file.endswith(".py") else None, folders)


@lru_cache(maxsize=128)
def _parse(file: str, name: str) -> nodes.Module | None:
    """The astroid tree of a file: parsed, but without what astroid would do by reading further modules."""
    from astroid.exceptions import AstroidError

    try:
        return _builder().file_build(file, name)
    except (AstroidError, RecursionError):
        return None


@cache
def _builder() -> AstroidBuilder:
    from astroid.builder import AstroidBuilder
    from astroid.manager import AstroidManager

    class Builder(AstroidBuilder):  # type: ignore[misc]
        """Neither reads what a star import names nor infers whose attributes are assigned."""

        def add_from_names_to_locals(self, node: nodes.ImportFrom, *_: object) -> None:
            for name, alias in node.names:
                if name != "*" and node.parent is not None:
                    node.parent.set_local(alias or name, node)

        def delayed_assattr(self, node: nodes.AssignAttr) -> None:
            pass

    return Builder(AstroidManager(), apply_transforms=False)


def _join(*names: str) -> str:
    return ".".join(name for name in names if name)


def _origin(node: nodes.ImportFrom) -> str | None:
    """The absolute name of the module that `from … import` names."""
    from astroid.exceptions import TooManyLevelsError

    try:
        return str(node.root().relative_to_absolute_name(node.modname, node.level))
    except TooManyLevelsError:
        return None
