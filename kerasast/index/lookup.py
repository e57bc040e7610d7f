"""Finding the module that an import means, among files that do not say where they are imported from.

A module's key is its path from the project's base, dotted: `src/pkg/mod.py` is `src.pkg.mod`, and
`scripts/train.py` is `scripts.train`. So two files never share a key, wherever `sys.path` would start. An
absolute import is looked up from the importing file's own folder, then from each folder above it up to the
base, and in each of these also in `src/`. The nearest one wins. As in Python, a module or a package with
`__init__.py` wins over a folder without one, and a file inside a package does not hide a module of the
standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

_KERAS_ROOTS = frozenset({"keras", "tf_keras", "tensorflow"})


class ModuleLookup:
    """The keys of a project's modules, and the folders that hold them."""

    def __init__(self, keys: Iterable[str], packages: Iterable[str]) -> None:
        """`keys` of all modules; `packages` are the keys of those that are an `__init__.py`."""
        self._keys = frozenset(keys)
        self._packages = frozenset(packages)
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

    def find(self, importer: str, package: str, dotted: str) -> tuple[str, str] | None:
        """The module or folder that an absolute import of `importer`, a module in folder `package`, means.

        Gives its key, and the attributes that follow it in `dotted`; `None` when it is not in the project.
        """
        head = dotted.partition(".")[0]
        if head not in self._heads or head in _KERAS_ROOTS:
            return None
        if (package, dotted) not in self._found:
            self._found[package, dotted] = self._search(importer, package, dotted, head)
        return self._found[package, dotted]

    def _search(self, importer: str, package: str, dotted: str, head: str) -> tuple[str, str] | None:
        if head in sys.stdlib_module_names and package in self._packages:
            return None
        folders: list[str] = []
        for base in self._bases(package):
            start = f"{base}.{head}" if base else head
            if start in self._keys:
                return self.split(f"{base}.{dotted}" if base else dotted)
            if start in self._folders:
                folders.append(f"{base}.{dotted}" if base else dotted)
        for name in folders:
            found = self.split(name)
            if found is not None:
                return found
        return None

    def _bases(self, package: str) -> Iterator[str]:
        """The folders that could be on `sys.path`, nearest first; the empty name is the project's base."""
        base = package
        while True:
            yield base
            source = f"{base}.src" if base else "src"
            if source in self._folders and source not in self._packages:
                yield source
            if not base:
                return
            base = base.rpartition(".")[0]


def _parents(key: str) -> Iterator[str]:
    parent = key.rpartition(".")[0]
    while parent:
        yield parent
        parent = parent.rpartition(".")[0]
