"""Registering classes and functions with Keras, under a package that fits their project."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kerasast.diagnostics import Edit, FileEdits, Fix, Span
from kerasast.fixes import add_decorator, join, name_keras, unsafe
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.context import Context
    from kerasast.index.project import ProjectIndex

_SAVING_SINCE = KerasVersion(2, 13)
"""From this release on all of Keras is sure to have `keras.saving`; `keras.utils` has the same functions in any."""

Definition = ast.ClassDef | ast.FunctionDef


def saving_api(ctx: Context, name: str) -> str:
    """The public path of a function of `keras.saving`, such that the Keras that a file is for has it."""
    package = "saving" if ctx.release_known and ctx.keras >= _SAVING_SINCE else "utils"
    return f"keras.{package}.{name}"


def register(ctx: Context, module: str, span: Span) -> FileEdits | None:
    """Register the class or function of a module whose header is at a span, under its own name.

    `None` where it is not defined at the top level of the module, or a decorator may have made something else of it.
    """
    project = ctx.project
    source, tree = project.source(module), project.tree(module)
    if source is None or tree is None:
        return None
    node = next((item for item in _definitions(tree) if source.header_span(item) == span), None)
    if node is None or node.decorator_list or not _is_only(tree, node):
        return None
    named = name_keras(source, saving_api(ctx, "register_keras_serializable"), at=node)
    if named is None:
        return None
    decorator = f'@{named.text}(package="{package_for(project, module, tree, node.name)}")'
    edits = join(named.edits, add_decorator(source, node, decorator))
    return None if edits is None else FileEdits(source.path, edits)


def _definitions(tree: ast.Module) -> list[Definition]:
    return [node for node in tree.body if isinstance(node, Definition)]


def _is_only(tree: ast.Module, node: Definition) -> bool:
    """Whether nothing else at the top level has the same name."""
    return not any(item.name == node.name and item is not node for item in _definitions(tree))


def package_for(project: ProjectIndex, module: str, tree: ast.Module, name: str) -> str:
    """What the module registers its other classes under; else the package it is in, or its own name."""
    used = Counter(_packages(tree))
    if used:
        return used.most_common(1)[0][0]
    parts = [re.sub(r"[^\w-]", "_", part) for part in module.removesuffix(".ipynb").split(".")]
    top = project.modules.get(module.partition(".")[0])
    if top is None or not top.is_package or top.name == module:
        return parts[-1]
    rivals = (other for other in project.modules if other.startswith(f"{top.name}.") and other != module)
    return ".".join(parts) if any(project.binds(other, name) for other in rivals) else parts[0]


def _packages(tree: ast.Module) -> list[str]:
    found = []
    for node in _definitions(tree):
        for item in node.decorator_list:
            if isinstance(item, ast.Call) and ast.unparse(item.func).endswith("register_keras_serializable"):
                given = [*item.args[:1], *(word.value for word in item.keywords if word.arg == "package")]
                found += [arg.value for arg in given if isinstance(arg, ast.Constant)]
    return [value for value in found if isinstance(value, str) and value != "Custom"]


def fix_in_files(title: str, path: str, parts: Iterable[FileEdits | None]) -> Fix | None:
    """An unsafe fix of a diagnostic in the file at `path` that may change other files; `None` if a part is."""
    edits: dict[str, list[Edit]] = {path: []}
    for part in parts:
        if part is None:
            return None
        edits.setdefault(part.path, []).extend(part.edits)
    own = tuple(edits.pop(path))
    return unsafe(title, own, elsewhere=[FileEdits(other, tuple(items)) for other, items in edits.items()])
