"""The project: every module's index, merged, and names resolved across modules."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from kerasast.index.module_index import ClassInfo, FunctionInfo, ModuleIndex
from kerasast.keras_api import ApiName
from kerasast.source import SourceFile


@dataclass(frozen=True, slots=True)
class ApiSymbol:
    """A name of Keras."""

    api: ApiName


@dataclass(frozen=True, slots=True)
class ClassSymbol:
    """A class of the project."""

    module: str
    info: ClassInfo


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A function of the project."""

    module: str
    info: FunctionInfo


@dataclass(frozen=True, slots=True)
class ModuleSymbol:
    """A module of the project."""

    module: str


@dataclass(frozen=True, slots=True)
class LiteralSymbol:
    """A module-level constant of the project."""

    value: object


@dataclass(frozen=True, slots=True)
class ExternalSymbol:
    """A name outside the project and outside Keras: `numpy.save`, `tensorflow.Variable`."""

    name: str


Symbol = ApiSymbol | ClassSymbol | FunctionSymbol | ModuleSymbol | LiteralSymbol | ExternalSymbol


class ProjectIndex:
    """All modules of a project. Trees are parsed again when a function of another module is followed."""

    def __init__(
        self, modules: dict[str, ModuleIndex], read: Callable[[str], SourceFile | None] | None = None
    ) -> None:
        """`modules` by dotted name; `read` gives the source of a module by its name, if it still can be read."""
        raise NotImplementedError

    def resolve(self, module: str, dotted: str) -> Symbol | None:
        """What `dotted` means at the top level of project module `module`; `None` where it cannot be known.

        Ambiguous bindings (a `try: import keras / except: from tensorflow import keras`) resolve when all of them
        mean the same canonical thing, or differ only in namespace (then the first is taken).
        """
        raise NotImplementedError

    def resolve_absolute(self, dotted: str) -> Symbol | None:
        """What an absolute dotted name means: `package.module.Class`, `tensorflow.keras.layers.Dense`."""
        raise NotImplementedError

    def source(self, module: str) -> SourceFile | None:
        """The source of a project module, or `None` if it cannot be read any more."""
        raise NotImplementedError

    def tree(self, module: str) -> ast.Module | None:
        """The parsed tree of a project module (kept for this process), or `None` if it does not parse."""
        raise NotImplementedError

    def import_closure(self, module: str) -> frozenset[str]:
        """The project modules that importing `module` imports, itself included."""
        raise NotImplementedError
