"""How a file names something of Keras, and imports that are added where a person would add them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.code import insert_after, is_here
from kerasast.fixes.edits import Edits
from kerasast.fixes.items import import_items
from kerasast.source import SourceFile
from kerasast.walking import walk

_KERAS = ("tensorflow.keras", "tf_keras", "keras")
_ALIASES = {"numpy": "np", "tensorflow": "tf"}


@dataclass(frozen=True, slots=True)
class Named:
    """How to write a name at some place of a file, and the edits that import what it starts with (often none)."""

    text: str
    edits: tuple[Edit, ...]


def name_keras(source: SourceFile, api: str, at: ast.AST) -> Named | None:
    """How the code at a node can name `api`, such as `keras.saving.register_keras_serializable`.

    The file's own spelling of Keras is used: `keras`, `tf.keras`, `from tensorflow import keras`. `None` where a name
    that would have to be imported means something else.
    """
    tree = source.parse()
    taken = _bound_otherwise(tree)
    names = {name: dotted for name, dotted in _imports(tree, before=at) if name not in taken}
    best: tuple[int, str] | None = None
    for name, dotted in names.items():
        text = _spelled(api, name, dotted)
        if text is not None and (best is None or text.count(".") < best[0]):
            best = text.count("."), text
    if best is not None:
        return Named(best[1], ())
    package = _keras_package(tree)
    root = package if package == "tf_keras" else "keras"
    if root in names or root in taken:
        return None
    edits = (
        add_import(source, "tensorflow", "keras")
        if package == "tensorflow.keras"
        else add_import(source, root)
    )
    text = _spelled(api, root, package)
    return None if edits is None or text is None else Named(text, edits)


def _spelled(api: str, name: str, dotted: str) -> str | None:
    """How `api` is written with a name for `dotted`, if it is to be found in there.

    With Keras 3, `tf.keras` has no module `saving`; its functions are in `utils` too, in all releases.
    """
    for package in _KERAS:
        known = api.replace("keras.saving.", "keras.utils.") if package == "tensorflow.keras" else api
        written = package + known.removeprefix("keras")
        if written == dotted:
            return name
        if written.startswith(f"{dotted}."):
            return name + written.removeprefix(dotted)
    return None


def _keras_package(tree: ast.Module) -> str:
    """The package that a file takes Keras from: the first that it imports anything of."""
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            for package in _KERAS:
                if module == package or module.startswith(f"{package}."):
                    return package
    return "keras"


def _imports(tree: ast.Module, before: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that imports of the module bind above a node, each with what it stands for."""
    line = getattr(before, "lineno", 0)
    for node in _module_level(tree.body):
        if node.lineno >= line:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, alias.name
                else:
                    root = alias.name.partition(".")[0]
                    yield root, root
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, and those in the first branches of its `try` and `if` statements."""
    for node in body:
        yield node
        if isinstance(node, ast.Try | ast.If):
            yield from _module_level(node.body)


def _bound_otherwise(tree: ast.Module) -> frozenset[str]:
    """The names that something else than an import binds anywhere in the file."""
    found: set[str] = set()
    for node in walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
    return frozenset(found)


def add_import(source: SourceFile, module: str, name: str | None = None) -> Edits:
    """Import a module, or with `name` a name of it, unless the module level of the file does already.

    A name is added to a `from` import of the same module where there is one. A new import goes below the last of the
    imports at the top that concern the same package, or below all of them, never into a `try` or `if`.
    """
    tree = source.parse()
    own = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(_has(node, module, name) for node in own):
        return ()
    for node in own:
        if name is not None and isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
            edits = _merge(source, node, name)
            if edits is not None:
                return edits
    line = f"import {module}" if name is None else f"from {module} import {name}"
    if name is None and module in _ALIASES:
        line += f" as {_ALIASES[module]}"
    return _insert(source, tree, own, module, line)


def _has(node: ast.Import | ast.ImportFrom, module: str, name: str | None) -> bool:
    if isinstance(node, ast.ImportFrom):
        plain = any(alias.name == name and not alias.asname for alias in node.names)
        return node.module == module and not node.level and plain
    alias_of = _ALIASES.get(module)
    return name is None and any(
        alias.name == module and (alias.asname in (None, alias_of)) for alias in node.names
    )


def _merge(source: SourceFile, node: ast.ImportFrom, name: str) -> Edits:
    if any(alias.name == "*" for alias in node.names) or not is_here(source, node):
        return None
    items = import_items(source, node)
    if items is not None:
        return items.append(name)
    end = source.span(node.names[-1]).end
    return (Edit(Span(end, end), f", {name}"),)


def _insert(
    source: SourceFile, tree: ast.Module, own: list[ast.Import | ast.ImportFrom], module: str, line: str
) -> Edits:
    top = [node for node in own if node in _leading(tree)]
    root = module.partition(".")[0]
    related = [node for node in top if root in _roots(node)] or [
        node for node in top if _roots(node) & {"tensorflow", "keras"}
    ]
    place = related[-1] if related else top[-1] if top else _preamble_end(tree)
    if place is not None:
        return insert_after(source, place, line)
    first = tree.body[0].lineno if tree.body else 1
    while (
        first > 1 and not source.line_text(first - 1).startswith("#") and source.line_text(first - 1).strip()
    ):
        first -= 1
    start = source.line_starts[first - 1]
    return (Edit(Span(start, start), f"{line}\n"),)


def _leading(tree: ast.Module) -> list[ast.stmt]:
    """The statements at the top, up to the first definition."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            break
        found.append(node)
    return found


def _roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return {alias.name.partition(".")[0] for alias in node.names}


def _preamble_end(tree: ast.Module) -> ast.stmt | None:
    """The docstring, if a module starts with one."""
    first = tree.body[0] if tree.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return first
    return None
