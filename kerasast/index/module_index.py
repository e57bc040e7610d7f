"""Phase 1: what one module defines and imports, as a small value that can be cached and sent elsewhere."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from kerasast.index.bindings import (
    AliasBinding,
    Binding,
    ClassInfo,
    FunctionInfo,
    ImportBinding,
    LiteralBinding,
    OpaqueBinding,
)
from kerasast.index.collect import Collector
from kerasast.source import SourceFile

__all__ = [
    "AliasBinding",
    "Binding",
    "ClassInfo",
    "FunctionInfo",
    "ImportBinding",
    "LiteralBinding",
    "ModuleIndex",
    "OpaqueBinding",
    "index_module",
    "interface",
]


@dataclass(frozen=True, slots=True)
class ModuleIndex:
    """The interface of one module.

    `name` is the unique key of the module in its project. `package` is the dotted name of the folder that it
    lies in, which relative imports start from and absolute ones are looked up from first. `bindings` maps a
    top-level name to everything that may bind it once the module has run (more than one where the binding is
    conditional, in source order; none after `del`). `star_imports` are the targets of `from … import *`.
    `imports` are all the absolute modules and members that any import in the file names, also inside
    functions; those in `relative_imports` are keys of this project. `exports` is a literal `__all__`.
    """

    name: str
    path: str
    is_package: bool = False
    bindings: dict[str, tuple[Binding, ...]] = field(default_factory=dict)
    star_imports: tuple[ImportBinding, ...] = ()
    imports: frozenset[str] = frozenset()
    relative_imports: frozenset[str] = frozenset()
    exports: tuple[str, ...] | None = None
    package: str = ""


def index_module(source: SourceFile, tree: ast.Module, name: str, *, is_package: bool = False) -> ModuleIndex:
    """Build the index of one module. `name` is its key in the project, which relative imports start from."""
    package = _package_of(source, name, is_package)
    collector = Collector(package)
    collector.block(tree.body)
    return ModuleIndex(
        name=name,
        path=source.path,
        is_package=is_package,
        bindings={name: bound.bindings for name, bound in collector.names.items()},
        star_imports=tuple(dict.fromkeys(collector.star_imports)),
        imports=frozenset(collector.imports),
        relative_imports=frozenset(collector.relative_imports),
        exports=collector.exports,
        package=package,
    )


def interface(index: ModuleIndex) -> ModuleIndex:
    """An index without the lines on which things are defined: what other modules can make a difference of."""
    return replace(
        index,
        bindings={name: tuple(map(_without_line, found)) for name, found in index.bindings.items()},
    )


def _without_line(binding: Binding) -> Binding:
    match binding:
        case FunctionInfo():
            return replace(binding, line=0)
        case ClassInfo(methods=methods):
            return replace(binding, line=0, methods=tuple(replace(method, line=0) for method in methods))
    return binding


def _package_of(source: SourceFile, name: str, is_package: bool) -> str:
    if is_package:
        return name
    if source.is_notebook and name.endswith(".ipynb"):
        name = name.removesuffix(".ipynb")
    return name.rpartition(".")[0]
