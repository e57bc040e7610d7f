"""Names that code reads and binds."""

from __future__ import annotations

import ast

from kerasast.flow.node_facts import kept_on_node
from kerasast.walking import walk


@kept_on_node
def names_read(node: ast.AST) -> frozenset[str]:
    """The names that are read somewhere in the code of a node."""
    return _names(node, ast.Load)


@kept_on_node
def names_bound(node: ast.AST) -> frozenset[str]:
    """The names that are assigned somewhere in the code of a node."""
    return _names(node, ast.Store)


def _names(node: ast.AST, context: type[ast.expr_context]) -> frozenset[str]:
    return frozenset(
        inner.id for inner in walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, context)
    )
