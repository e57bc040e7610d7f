"""The keys that modules have in a project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath

_DOT = "\N{ONE DOT LEADER}"


def module_name(path: str | Path, roots: Iterable[str | Path]) -> str:
    """The key of a file: its path from the base of its project, dotted, without its ending.

    The base is the nearest of `roots` that holds the file (else the file's own folder), or the first folder
    above that which is not inside a package, i.e. has no `__init__.py`. `pkg/__init__.py` is `pkg`; a
    notebook keeps its ending (`notebooks.train.ipynb`), because nothing can import it, and so does not
    collide with `train.py`.
    """
    path = Path(path).absolute()
    holders = [root for root in map(_absolute, roots) if root in path.parents]
    base = max(holders, key=lambda root: len(root.parts), default=path.parent)
    while (base / "__init__.py").is_file() and base.parent != base:
        base = base.parent
    return key_of(path.relative_to(base))


def key_of(path: PurePath) -> str:
    """The key of a path that is relative to the project's base. No two files share one.

    A dot in a name, which no import can mean, is replaced by a character that looks like it.
    """
    parts = [part.replace(".", _DOT) for part in path.parts if part != path.anchor]
    name = path.stem if path.suffix in (".py", ".ipynb") else f"{path.name}."
    parts[-1] = name.replace(".", _DOT)
    if path.suffix == ".ipynb":
        parts.append("ipynb")
    elif path.name == "__init__.py" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _absolute(path: str | Path) -> Path:
    return Path(path).absolute()
