"""What the right-hand side of a top-level assignment binds a name to."""

from __future__ import annotations

import ast

from kerasast.index.bindings import (
    OPAQUE,
    AliasBinding,
    Binding,
    ImportBinding,
    LiteralBinding,
)

MAX_LITERAL_ITEMS = 64
MAX_LITERAL_LENGTH = 4096
"""Literals with more nodes, and strings and numbers of more characters or bits, are opaque: data, not settings."""

_LAZY_LOADERS = frozenset({"LazyLoader", "_LazyLoader", "LazyModule", "lazy_import"})
_IMPORTERS = frozenset({"import_module", "importlib.import_module", "lazy_loader.load", "lazy.load"})


class _NotLiteral(Exception):
    pass


def dotted_name(node: ast.AST | None) -> str | None:
    """`a.b.c` for a chain of attributes that starts at a name, else `None`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    parts.reverse()
    return ".".join(parts)


def bindings_of(node: ast.expr, package: str) -> tuple[Binding, ...]:
    """What an expression is; more than one binding for a conditional expression."""
    if isinstance(node, ast.Name | ast.Attribute):
        dotted = dotted_name(node)
        if dotted is not None:
            return (AliasBinding(dotted),)
        return (_lazy_import(node, package) or OPAQUE,)
    if isinstance(node, ast.Call):
        return (_lazy_import(node, package) or _getattr(node) or OPAQUE,)
    if isinstance(node, ast.IfExp):
        if isinstance(node.orelse, ast.IfExp):  # a chain of them decides by more than which library there is
            return (OPAQUE,)
        return bindings_of(node.body, package) + bindings_of(node.orelse, package)
    try:
        return (LiteralBinding(_literal(node, [MAX_LITERAL_ITEMS])),)
    except _NotLiteral:
        return (OPAQUE,)


def string_items(node: ast.expr | None) -> tuple[str, ...] | None:
    """The items of a literal list, tuple or set of strings, or of a sum of such; `None` for anything else."""
    added: tuple[str, ...] = ()
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        right = string_items(node.right)
        if right is None:
            return None
        node, added = node.left, right + added
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None
    items = [
        item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
    ]
    return (*items, *added) if len(items) == len(node.elts) else None


def _literal(node: ast.expr | None, budget: list[int]) -> object:
    """The value of a literal. `budget` counts the nodes that may still be visited."""
    budget[0] -= 1
    if budget[0] < 0:
        raise _NotLiteral
    match node:
        case ast.Constant(value=value):
            if _size(value) > MAX_LITERAL_LENGTH:
                raise _NotLiteral
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() | complex() as number)):
            if _size(number) > MAX_LITERAL_LENGTH:
                raise _NotLiteral
            return -number
        case ast.Tuple(elts=elts):
            return tuple(_literal(item, budget) for item in elts)
        case ast.List(elts=elts):
            return [_literal(item, budget) for item in elts]
        case ast.Dict(keys=keys, values=values):
            pairs = [
                (_literal(key, budget), _literal(value, budget))
                for key, value in zip(keys, values, strict=True)
            ]
            try:
                return dict(pairs)
            except TypeError as error:  # an unhashable key fails when it runs, too
                raise _NotLiteral from error
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _literal(left, budget), _literal(right, budget)
            if isinstance(first, str) and isinstance(second, str):
                return first + second
    raise _NotLiteral


def _size(value: object) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    return value.bit_length() if isinstance(value, int) else 0


def _lazy_import(node: ast.expr, package: str) -> ImportBinding | None:
    """The import that a lazy loader or `importlib.import_module` makes, perhaps followed by attributes."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Call):
        return None
    found = _loaded_module(node, package)
    if found is None or not attributes:
        return found
    return ImportBinding(".".join([found.target, *reversed(attributes)]), found.relative)


def _loaded_module(call: ast.Call, package: str) -> ImportBinding | None:
    function = dotted_name(call.func)
    if function is None:
        return None
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if function.rpartition(".")[2] in _LAZY_LOADERS:
        return ImportBinding(texts[-1]) if texts and texts[-1] else None
    if function == "__import__" and len(call.args) == 1 and texts:
        return ImportBinding(texts[0].partition(".")[0])
    if function in _IMPORTERS and texts and call.args and isinstance(call.args[0], ast.Constant):
        return import_target(texts[0].lstrip("."), len(texts[0]) - len(texts[0].lstrip(".")), package)
    return None


def _getattr(call: ast.Call) -> AliasBinding | None:
    match call:
        case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str() as name)]):
            dotted = dotted_name(value)
            return AliasBinding(f"{dotted}.{name}") if dotted is not None else None
    return None


def import_target(module: str, level: int, package: str) -> ImportBinding | None:
    """What an import of `module` with `level` dots means in a module of `package`; `None` above the top."""
    if level == 0:
        return ImportBinding(module) if module else None
    parts = package.split(".") if package else []
    if level > max(len(parts), 1):
        return None
    base = parts[: len(parts) - (level - 1)]
    return ImportBinding(".".join([*base, module] if module else base), relative=True)
