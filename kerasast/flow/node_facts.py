"""What is found out about a node of a syntax tree is kept with the node: it stays as long as the tree does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

_Node = TypeVar("_Node", bound=ast.AST)
_T = TypeVar("_T")


def kept_on_node(function: Callable[[_Node], _T]) -> Callable[[_Node], _T]:
    """A function of a node alone that is worked out once for each node."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(node: _Node) -> _T:
        known: dict[str, _T] = node.__dict__
        if name not in known:
            known[name] = function(node)
        return known[name]

    return kept
