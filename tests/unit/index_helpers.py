"""Projects for tests of the index, written as `{path: code}`."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

from kerasast.index.module_index import ModuleIndex, index_module
from kerasast.index.naming import key_of
from kerasast.index.project import (
    ApiSymbol,
    ClassSymbol,
    ComputedSymbol,
    ExternalSymbol,
    FunctionSymbol,
    LiteralSymbol,
    ModuleSymbol,
    ProjectIndex,
    Symbol,
)
from kerasast.source import SourceFile


def make_index(code: str, path: str = "module.py") -> ModuleIndex:
    """The index of one file; its key is that of its path."""
    place = PurePosixPath(path)
    source = SourceFile(path, dedent(code))
    return index_module(source, source.parse(), key_of(place), is_package=place.name == "__init__.py")


def make_project(files: dict[str, str]) -> ProjectIndex:
    """A project whose base is the empty path."""
    sources = {key_of(PurePosixPath(path)): SourceFile(path, dedent(code)) for path, code in files.items()}
    indexes = [make_index(code, path) for path, code in files.items()]
    return ProjectIndex({index.name: index for index in indexes}, sources.get)


def show(symbol: Symbol | None) -> str:
    """A symbol in a short form that tests can compare: `class pkg.models Net`, `keras.layers.Dense`."""
    match symbol:
        case None | ComputedSymbol():
            return "unknown"
        case ApiSymbol(api):
            return api.name
        case ClassSymbol(module, info):
            return f"class {module} {info.name}"
        case FunctionSymbol(module, info):
            return f"function {module} {info.name}"
        case ModuleSymbol(module):
            return f"module {module}"
        case LiteralSymbol(value):
            return f"literal {value!r}"
        case ExternalSymbol(name):
            return f"external {name}"
