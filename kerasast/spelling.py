"""Rewrites a program from one spelling of Keras to the other, line by line.

`import keras` and `from tensorflow import keras` give the same classes, so rules must say the same of both.
The rewriting keeps every statement on its line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from kerasast.diagnostics import Edit, Span
from kerasast.source import SourceFile
from kerasast.walking import walk


def swap_spelling(files: Mapping[str, str]) -> dict[str, str] | None:
    """The same files with `keras` spelled `tensorflow.keras`, or the other way round if any has the latter.

    The result is `None` if no file imports Keras, or if one does so in a way that has no counterpart: through
    `keras.src`, in a notebook, or with syntax errors.
    """
    try:
        trees = {path: ast.parse(code) for path, code in files.items()}
    except SyntaxError:
        return None
    if any(path.endswith(".ipynb") for path in files) or any(map(_is_private, trees.values())):
        return None
    to_plain = any(_names_tensorflow_keras(tree) for tree in trees.values())
    swapped = {path: _swap(SourceFile(path, code), trees[path], to_plain) for path, code in files.items()}
    if swapped == files:
        return None
    return swapped


def _is_private(tree: ast.Module) -> bool:
    names = [name for node in walk(tree) for name in _imported_modules(node)]
    return any(re.match(r"keras\.src\b|tensorflow\.python\b|tf_keras\b", name) for name in names)


def _imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _names_tensorflow_keras(tree: ast.Module) -> bool:
    tensorflow = _tensorflow_names(tree)
    return any(
        name.split(".")[:2] == ["tensorflow", "keras"]
        for node in walk(tree)
        for name in _imported_modules(node)
    ) or any(_is_tensorflow_keras(node, tensorflow) for node in walk(tree))


def _tensorflow_names(tree: ast.Module) -> set[str]:
    """The names that `import tensorflow` binds."""
    return {
        alias.asname or "tensorflow"
        for node in walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "tensorflow" or (alias.name.startswith("tensorflow.") and alias.asname is None)
    }


def _is_tensorflow_keras(node: ast.AST, tensorflow: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "keras"
        and isinstance(node.value, ast.Name)
        and node.value.id in tensorflow
    )


def _swap(source: SourceFile, tree: ast.Module, to_plain: bool) -> str:
    edits = list(_plain_edits(source, tree) if to_plain else _tensorflow_edits(source, tree))
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        old = text[edit.span.start : edit.span.end]
        padding = "\n" * (old.count("\n") - edit.text.count("\n"))
        text = text[: edit.span.start] + edit.text + padding + text[edit.span.end :]
    return text


def _tensorflow_edits(source: SourceFile, tree: ast.Module) -> Iterator[Edit]:
    for node in walk(tree):
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "keras" for alias in node.names):
            statements = dict.fromkeys(_import_from_tensorflow(alias) for alias in node.names)
            yield Edit(source.span(node), "; ".join(statements))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_keras(node.module):
            start = source.text.index(node.module or "", source.span(node).start + len("from"))
            yield Edit(Span(start, start), "tensorflow.")


def _is_keras(module: str | None) -> bool:
    return module is not None and module.split(".")[0] == "keras"


def _import_from_tensorflow(alias: ast.alias) -> str:
    renamed = f" as {alias.asname}" if alias.asname else ""
    if not _is_keras(alias.name):
        return f"import {alias.name}{renamed}"
    if alias.asname is None or alias.name == "keras":
        return f"from tensorflow import keras{renamed}"
    parent, _, name = alias.name.rpartition(".")
    return f"from tensorflow.{parent} import {name}{renamed}"


def _plain_edits(source: SourceFile, tree: ast.Module) -> Iterator[Edit]:
    tensorflow = _tensorflow_names(tree)
    uses = [node for node in walk(tree) if _is_tensorflow_keras(node, tensorflow)]
    for node in walk(tree):
        if node in uses:
            yield Edit(source.span(node), "keras")
        elif isinstance(node, ast.Import):
            statements = [_import_plain(alias) for alias in node.names]
            if uses and any(alias.name.split(".")[0] == "tensorflow" for alias in node.names):
                statements.append("import keras")
            text = "; ".join(dict.fromkeys(statements))
            if text != "; ".join(f"import {ast.unparse(alias)}" for alias in node.names):
                yield Edit(source.span(node), text)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from _import_from_plain(source, node, node.module)


def _import_plain(alias: ast.alias) -> str:
    renamed = f" as {alias.asname}" if alias.asname else ""
    is_keras = alias.name.split(".")[:2] == ["tensorflow", "keras"]
    if is_keras and alias.asname is None:
        return f"import tensorflow; import {alias.name.removeprefix('tensorflow.')}"
    return f"import {alias.name.removeprefix('tensorflow.') if is_keras else alias.name}{renamed}"


def _import_from_plain(source: SourceFile, node: ast.ImportFrom, module: str) -> Iterator[Edit]:
    if module.split(".")[:2] == ["tensorflow", "keras"]:
        start = source.text.index(module, source.span(node).start + len("from"))
        yield Edit(Span(start, start + len("tensorflow.")), "")
    elif module == "tensorflow" and any(alias.name == "keras" for alias in node.names):
        statements = [f"import {ast.unparse(alias)}" for alias in node.names if alias.name == "keras"]
        others = [ast.unparse(alias) for alias in node.names if alias.name != "keras"]
        if others:
            statements.append(f"from tensorflow import {', '.join(others)}")
        yield Edit(source.span(node), "; ".join(statements))
