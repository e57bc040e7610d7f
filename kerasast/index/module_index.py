"""Phase 1: what one module defines and imports, as a small value that can be cached and sent between processes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from kerasast.source import SourceFile


@dataclass(frozen=True, slots=True)
class ImportBinding:
    """A name bound by an import. `target` is absolute and dotted: `keras.layers`, `package.module.name`."""

    target: str


@dataclass(frozen=True, slots=True)
class AliasBinding:
    """A name bound to a dotted expression of this module: `layers = tf.keras.layers`."""

    expression: str


@dataclass(frozen=True, slots=True)
class LiteralBinding:
    """A name bound to a literal: a number, string, bytes, bool, None, or a tuple/list/dict of such."""

    value: object


@dataclass(frozen=True, slots=True)
class OpaqueBinding:
    """A name bound to anything else."""


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function or method. `line` (1-based) and `name` find its node in the module's tree again."""

    name: str
    line: int
    decorators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class. `bases` are dotted expressions of this module, `None` where a base is not one.

    `attributes` are the names that the class body or any method assigns (`self.x = …`).
    """

    name: str
    line: int
    bases: tuple[str | None, ...] = ()
    decorators: tuple[str, ...] = ()
    methods: tuple[FunctionInfo, ...] = ()
    attributes: frozenset[str] = frozenset()


Binding = ImportBinding | AliasBinding | LiteralBinding | OpaqueBinding | FunctionInfo | ClassInfo


@dataclass(frozen=True, slots=True)
class ModuleIndex:
    """The interface of one module.

    `bindings` maps a top-level name to everything that may bind it (more than one where the binding is
    conditional or repeated, in source order). `star_imports` are absolute module names. `imports` are all the
    absolute modules and members that any import in the file names, also inside functions.
    """

    name: str
    path: str
    is_package: bool = False
    bindings: dict[str, tuple[Binding, ...]] = field(default_factory=dict)
    star_imports: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()


def index_module(source: SourceFile, tree: ast.Module, name: str, *, is_package: bool = False) -> ModuleIndex:
    """Build the index of one module. `name` is its absolute dotted name, which relative imports start from."""
    raise NotImplementedError
