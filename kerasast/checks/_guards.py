"""Conditions under which code runs that is meant for one generation of Keras only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.flow.methods import Guards
from kerasast.walking import children, walk

if TYPE_CHECKING:
    from kerasast.context import Context
    from kerasast.source import SourceFile

_ASKS = re.compile(r"version|hasattr|signature|keras_?[23]\b|is_keras|legacy|backend", re.IGNORECASE)


def is_for_one_version(guards: Guards) -> bool:
    """Whether code is in a `try`, or under a test that seems to ask for a version of Keras."""
    return guards.tried or any(_ASKS.search(ast.unparse(test)) for test in guards.tests)


def is_guarded(ctx: Context, node: ast.AST) -> bool:
    """The same for any place of the file: in the blocks around `node`, in its function or outside of it."""
    return is_line_guarded(ctx.source, getattr(node, "lineno", 0))


def is_line_guarded(source: SourceFile, line: int) -> bool:
    """The same for a line of any file, counted from 1."""
    try:
        tree = source.parse()
    except SyntaxError:
        return False
    return any(_is_guard(block) for block in _around(tree, line))


def _around(node: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes around a line, outer ones first."""
    for child in children(node):
        if getattr(child, "lineno", line) <= line <= (getattr(child, "end_lineno", None) or line):
            yield child
            yield from _around(child, line)


def _is_guard(block: ast.AST) -> bool:
    match block:
        case ast.Try():
            return _catches_changes(block)
        case ast.If(test=test) | ast.IfExp(test=test):
            return _ASKS.search(ast.unparse(test)) is not None
    return False


_ERRORS = re.compile(r"ImportError|ModuleNotFoundError|AttributeError|TypeError|ValueError|Exception")


def _catches_changes(block: ast.Try) -> bool:
    """Whether a `try` has a handler for what Keras raises where it has changed."""
    return any(item.type is None or _ERRORS.search(ast.unparse(item.type)) for item in block.handlers)


def is_asked_for(source: SourceFile, read: ast.AST) -> bool:
    """Whether the code around a read of a key tests for it, or expects that it may be missing."""
    line = getattr(read, "lineno", 0)
    for node in walk(source.parse()):
        if not isinstance(node, ast.If | ast.IfExp | ast.Try) or not node.lineno <= line <= (
            node.end_lineno or 0
        ):
            continue
        if isinstance(node, ast.Try):
            if node.handlers:
                return True
        elif any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in walk(node.test)):
            return True
    return False
