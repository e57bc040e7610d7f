"""Names that code reads and binds."""

from __future__ import annotations

import ast


def names_read(node: ast.AST) -> frozenset[str]:
    """The names that are read somewhere in the code of a node."""
    return _names(node, ast.Load)


def names_bound(node: ast.AST) -> frozenset[str]:
    """The names that are assigned somewhere in the code of a node."""
    return _names(node, ast.Store)


def _names(node: ast.AST, context: type[ast.expr_context]) -> frozenset[str]:
    """The names with a context, looked up once for a node."""
    key = f"_kerasast_{context.__name__}"
    known: frozenset[str] | None = getattr(node, key, None)
    if known is None:
        known = frozenset(
            inner.id
            for inner in ast.walk(node)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, context)
        )
        setattr(node, key, known)
    return known
