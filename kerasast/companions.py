"""The modules that checked files import although nobody asked to check them: they are indexed all the same.

`kerasast check train.py` has to know what `models.py`, next to it, defines.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from kerasast.index.module_index import ModuleIndex

FOREIGN = frozenset({"keras", "tf_keras", "tensorflow", "numpy"})
"""Packages that are never looked for in the project."""


def imported_files(index: ModuleIndex, file: Path, root: Path) -> Iterator[Path]:
    """The files under `root` that the imports of a module can mean; `file` is the module's own, absolute.

    An absolute import is looked for from the importing file's folder upward to the root, and in each of these
    folders in `src`, too. For every import, the nearest match counts.
    """
    if root not in file.parents:
        return
    for name in sorted(index.imports):
        parts = name.split(".")
        if name in index.relative_imports:
            yield from _match(root, parts)
        elif parts[0] not in FOREIGN:
            yield from next(filter(None, (_match(base, parts) for base in _bases(file.parent, root))), ())


def _bases(folder: Path, root: Path) -> Iterator[Path]:
    for base in (folder, *folder.parents):
        yield base
        yield base / "src"
        if base == root:
            return


def _match(base: Path, parts: list[str]) -> tuple[Path, ...]:
    """The files that an import of `parts` runs: each package's `__init__.py`, and the module."""
    found: list[Path] = []
    for part in parts:
        names = _names(base)
        if f"{part}.py" in names and part not in names:
            return (*found, base / f"{part}.py")
        if part not in names:
            break
        base = base / part
        if "__init__.py" in _names(base):
            found.append(base / "__init__.py")
    return tuple(found)


@lru_cache(maxsize=4096)
def _listing(folder: Path, modified: int) -> frozenset[str]:
    return frozenset(entry.name for entry in folder.iterdir())


def _names(folder: Path) -> frozenset[str]:
    try:
        return _listing(folder, folder.stat().st_mtime_ns)
    except OSError:
        return frozenset()
