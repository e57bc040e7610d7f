"""Finding the module that an import means, among files that do not say where they are imported from.

A module's key is its path from the project's base, dotted: `src/pkg/mod.py` is `src.pkg.mod`, and
`scripts/train.py` is `scripts.train`. So two files never share a key, wherever `sys.path` would start.

An absolute import is looked up in the folders that may be on `sys.path`, the nearest first: the importing
file's own folder, each one above it up to the base, and in each of these also `src/`. For a file in a
package (a folder with `__init__.py`) they start above the outermost package; the folders within it come
last, for those who run such a file as a script, and only if they hold all of what is imported:
`pkg/wandb.py` does not hide the real `wandb`. As in Python, a module or a package wins over a folder
without `__init__.py`. A file in a package means the standard library by its names, unless the project has
the submodule that is imported. Keras and TensorFlow are never looked for in the project.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

_KERAS_ROOTS = frozenset({"keras", "tf_keras", "tensorflow"})


class ModuleLookup:
    """The keys of a project's modules, and the folders that hold them."""

    def __init__(
        self, keys: Iterable[str], packages: Iterable[str], binds: Callable[[str, str], bool]
    ) -> None:
        """`keys` of all modules; `packages` are the keys of those that are an `__init__.py`.

        `binds` tells whether a module has a name, or may have it.
        """
        self._keys = frozenset(keys)
        self._packages = frozenset(packages)
        self._binds = binds
        self._folders = frozenset(folder for key in self._keys for folder in _parents(key))
        self._heads = frozenset(key.rpartition(".")[2] for key in self._keys | self._folders)
        self._found: dict[tuple[str, str], tuple[str, str] | None] = {}

    def is_folder(self, dotted: str) -> bool:
        """Whether a folder of this dotted name holds modules."""
        return dotted in self._folders

    def split(self, dotted: str) -> tuple[str, str] | None:
        """The longest prefix of a key-based name that is a module, and the rest; `None` without one."""
        prefix, rest = dotted, ""
        while prefix:
            if prefix in self._keys:
                return prefix, rest
            if prefix in self._folders:
                # a folder without __init__.py; what is left is not in it
                return (prefix, rest) if not rest else None
            prefix, _, last = prefix.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return None

    def _holds(self, place: tuple[str, str]) -> bool:
        """Whether a module has the first of the attributes that follow it."""
        key, rest = place
        return not rest or (key in self._keys and self._binds(key, rest.partition(".")[0]))

    def find(self, importer: str, package: str, dotted: str) -> tuple[str, str] | None:
        """The module or folder that an absolute import of `importer`, a module in folder `package`, means.

        Gives its key, and the attributes that follow it in `dotted`; `None` when it is not in the project.
        """
        head = dotted.partition(".")[0]
        if head not in self._heads or head in _KERAS_ROOTS:
            return None
        if (importer, dotted) not in self._found:
            self._found[importer, dotted] = self._search(importer, package, dotted, head)
        return self._found[importer, dotted]

    def _search(self, importer: str, package: str, dotted: str, head: str) -> tuple[str, str] | None:
        places: list[tuple[str, str]] = []
        folders: list[tuple[str, str]] = []
        standard = head in sys.stdlib_module_names and package in self._packages
        for base, certain in self._bases(package):
            name = f"{base}.{dotted}" if base else dotted
            start = name[: len(name) - len(dotted) + len(head)]
            if start not in self._keys and start not in self._folders:
                continue
            place = self.split(name)
            if place is None or (place[0] == importer and importer not in self._packages):
                continue
            if standard and (place[0] == start or not certain):
                continue
            if start in self._folders and start not in self._keys:
                folders.append(place)
            elif self._holds(place):
                return place
            elif certain:
                places.append(place)
        return next((place for place in folders if self._holds(place)), places[0] if places else None)

    def _bases(self, package: str) -> Iterator[tuple[str, bool]]:
        """The folders that may be on `sys.path`, and whether that is likely: not for one that is in a package.

        The empty name is the project's base.
        """
        inner: list[str] = []
        base = package
        while base in self._packages:
            inner.append(base)
            base = base.rpartition(".")[0]
        while True:
            yield base, True
            source = f"{base}.src" if base else "src"
            if source in self._folders and source not in self._packages:
                yield source, True
            if not base:
                break
            base = base.rpartition(".")[0]
        yield from ((base, False) for base in inner)


def _parents(key: str) -> Iterator[str]:
    parent = key.rpartition(".")[0]
    while parent:
        yield parent
        parent = parent.rpartition(".")[0]
