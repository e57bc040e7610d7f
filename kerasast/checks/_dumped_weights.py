"""Weights that are written as arrays or pickles: how to write and read them with Keras's own methods instead."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.checks._file_names import weights_name
from kerasast.diagnostics import Fix
from kerasast.fixes import Edits, replace, unsafe
from kerasast.fixes.blocks import places_around
from kerasast.index.project import ProjectIndex
from kerasast.source import SourceFile
from kerasast.walking import walk

_ENDING = re.compile(r"\.(?:npy|npz|pickle|pkl|p|joblib)$")


@dataclass(frozen=True, slots=True)
class _Use:
    """A statement that does nothing but write the weights of a model to a file, or read them from it."""

    statement: ast.stmt
    model: ast.expr
    path: str


def save_weights_instead(project: ProjectIndex, source: SourceFile, call: ast.AST) -> Fix | None:
    """Write and read the weights with Keras's methods, if nothing else in the project names the file."""
    span = source.span(call)
    around = places_around(source, span)
    uses = [use for place in around if (use := _written(place.statement)) is not None]
    if not uses or call not in walk(uses[-1].statement):
        return None
    written = uses[-1]
    name = posixpath.basename(written.path)
    new = weights_name(_ENDING.sub(".h5", name))
    if not _ENDING.search(name) or new is None or _is_named(project, source, name, new):
        return None
    readers = [use for use in map(_read, _statements(source)) if use is not None and use.path == written.path]
    if source.code.count(name) != 1 + len(readers):
        return None
    path = f'"{posixpath.join(posixpath.dirname(written.path), new)}"'
    edits: list[Edits] = [_put(source, written, f"save_weights({path})")]
    edits += [_put(source, use, f"load_weights({path})") for use in readers]
    return unsafe("Write the weights with `save_weights()`", *edits)


def _is_named(project: ProjectIndex, source: SourceFile, *names: str) -> bool:
    """Whether another file of the project names one of the files, or this one names the second."""
    others = (project.source(name) for name, index in project.modules.items() if index.path != source.path)
    return names[-1] in source.text or any(
        name in other.text for other in others if other is not None for name in names
    )


def _put(source: SourceFile, use: _Use, code: str) -> Edits:
    return replace(source, use.statement, f"{ast.unparse(use.model)}.{code}")


def _statements(source: SourceFile) -> Iterator[ast.stmt]:
    yield from (node for node in walk(source.parse()) if isinstance(node, ast.stmt))


def _written(statement: ast.stmt) -> _Use | None:
    """`np.save(path, model.get_weights())`, or the same with a pickle."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="save" | "savez" | "savez_compressed")) as call):
            given = [*call.args, *(item.value for item in call.keywords)]
            match given:
                case [ast.Constant(value=str(path)), value]:
                    return _use(statement, _weights(value), path)
        case ast.With(
            items=[ast.withitem(context_expr=opened, optional_vars=ast.Name(id=file))], body=[body]
        ):
            match body:
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(attr="dump"), args=[value, ast.Name(id=target)], keywords=[]
                    )
                ) if target == file:
                    return _use(statement, _weights(value), _opened(opened, "wb"))
    return None


def _read(statement: ast.stmt) -> _Use | None:
    """`model.set_weights(np.load(path, allow_pickle=True))`, or the same with a pickle."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=model, attr="set_weights"), args=[value])):
            match value:
                case ast.Call(func=ast.Attribute(attr="load"), args=[ast.Constant(value=str(path))]):
                    return _use(statement, model, path)
        case ast.With(
            items=[ast.withitem(context_expr=opened, optional_vars=ast.Name(id=file))], body=[body]
        ):
            match body:
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(value=model, attr="set_weights"),
                        args=[ast.Call(func=ast.Attribute(attr="load"), args=[ast.Name(id=target)])],
                    )
                ) if target == file:
                    return _use(statement, model, _opened(opened, "rb"))
    return None


def _use(statement: ast.stmt, model: ast.expr | None, path: str | None) -> _Use | None:
    if path is None or not isinstance(model, ast.Name | ast.Attribute) or '"' in path:
        return None
    return _Use(statement, model, path)


def _weights(node: ast.expr) -> ast.expr | None:
    """The model in `model.get_weights()`."""
    match node:
        case ast.Call(func=ast.Attribute(value=model, attr="get_weights"), args=[], keywords=[]):
            return model
    return None


def _opened(node: ast.expr, mode: str) -> str | None:
    """The path in `open(path, mode)`."""
    match node:
        case ast.Call(
            func=ast.Name(id="open"), args=[ast.Constant(value=str(path)), ast.Constant(value=given)]
        ):
            return path if given == mode else None
    return None
