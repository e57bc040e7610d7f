"""Strings and paths that other modules of the project work out at their top level: `PATH = os.path.join(ROOT, "m")`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from kerasast.flow.text import (
    PATH_FUNCTIONS,
    ancestor,
    concatenate,
    format_braces,
    format_percent,
    join_path,
    path_attribute,
    path_method,
    source_path,
)
from kerasast.flow.values import (
    UNKNOWN,
    Const,
    External,
    Text,
    TupleValue,
    Unknown,
    Value,
    salt_of,
    unknown_at,
)

if TYPE_CHECKING:
    from kerasast.flow.scopes import ModuleScope


def computed_constant(scope: ModuleScope, name: str) -> Value:
    """The string that a module binds a name to, once and for all, as far as it is known; `UNKNOWN` otherwise."""
    cache: dict[tuple[str, str], Value] = scope.project.once("computed constants", dict)
    key = scope.name, name
    if key not in cache:
        cache[key] = UNKNOWN  # while it is worked out
        node = _only_value(scope, name)
        value = UNKNOWN if node is None else _evaluate(node, scope)
        cache[key] = value if isinstance(value, Const | Text) else UNKNOWN
    return cache[key]


def evaluate_text(node: ast.expr, scope: ModuleScope) -> Value | None:
    """The string or path that an expression at the top level of a module is; `None` for anything else."""
    value = _evaluate(node, scope)
    is_text = isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))
    return value if is_text else None


def _only_value(scope: ModuleScope, name: str) -> ast.expr | None:
    """The expression that a top-level statement gives a name, if nothing else in the module may bind it."""
    tree = scope.project.tree(scope.name)
    code = scope.source.code
    if tree is None or ("global" in code and re.search(rf"\bglobal\b[^\n]*\b{re.escape(name)}\b", code)):
        return None
    found: list[ast.expr | None] = []
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=value) if target == name:
                found.append(value)
    return found[0] if len(found) == 1 else None


def _evaluate(node: ast.expr, scope: ModuleScope) -> Value:
    """The value of an expression of strings and paths; an unknown of its own for any other."""
    value = _known(node, scope)
    if value is None or value == UNKNOWN:
        return unknown_at(salt_of(scope.source.path), node)
    return value


def _known(node: ast.expr, scope: ModuleScope) -> Value | None:
    match node:
        case ast.Constant(value=constant):
            return Const(constant)
        case ast.Name(id="__file__"):
            return source_path(scope.source.path)
        case ast.Name(id=name):
            return scope.lookup(name)
        case ast.Tuple(elts=items):
            return TupleValue(tuple(_evaluate(item, scope) for item in items))
        case ast.JoinedStr(values=parts):
            return concatenate([_piece(part, scope) for part in parts])
        case ast.BinOp(left=left, op=operator, right=right):
            return _combined(operator, _evaluate(left, scope), _evaluate(right, scope))
        case ast.Attribute(value=owner, attr=attr):
            return _attribute(owner, attr, scope)
        case ast.Subscript(value=ast.Attribute(value=owner, attr="parents"), slice=index):
            return ancestor(_evaluate(owner, scope), _evaluate(index, scope))
        case ast.Call(args=args) if not any(isinstance(item, ast.Starred) for item in args):
            return _called(node, [_evaluate(item, scope) for item in args], scope)
    return None


def _piece(node: ast.expr, scope: ModuleScope) -> Value:
    if isinstance(node, ast.FormattedValue):
        plain = node.conversion == -1 and node.format_spec is None
        return _evaluate(node.value, scope) if plain else UNKNOWN
    return _evaluate(node, scope)


def _combined(operator: ast.operator, left: Value, right: Value) -> Value | None:
    texts = isinstance(left, Const | Text), isinstance(right, Const | Text)
    match operator:
        case ast.Add() if any(texts):
            return concatenate([left, right])
        case ast.Div() if texts[0] or isinstance(left, External | Unknown):
            return join_path([left, right])
        case ast.Mod() if isinstance(left, Const) and isinstance(left.value, str):
            return format_percent(left.value, list(right.items) if isinstance(right, TupleValue) else [right])
    return None


def _attribute(owner: ast.expr, attr: str, scope: ModuleScope) -> Value | None:
    from kerasast.flow.scopes import attribute_of

    value = _evaluate(owner, scope)
    if isinstance(value, Const | Text):
        return path_attribute(value, attr)
    return attribute_of(value, attr, scope.project)


def _called(node: ast.Call, values: list[Value], scope: ModuleScope) -> Value | None:
    function = _evaluate(node.func, scope)
    if isinstance(function, External):
        if function.name in PATH_FUNCTIONS:
            return PATH_FUNCTIONS[function.name](values)
        if function.name == "builtins.str" and values:
            return values[0]
        return External(f"{function.name}()") if function.name in ("os.getcwd", "pathlib.Path.cwd") else None
    if isinstance(node.func, ast.Attribute):
        owner = _evaluate(node.func.value, scope)
        if node.func.attr == "format" and isinstance(owner, Const) and isinstance(owner.value, str):
            named = {item.arg: _evaluate(item.value, scope) for item in node.keywords if item.arg}
            return format_braces(owner.value, values, named)
        if isinstance(owner, Const | Text):
            return path_method(owner, node.func.attr, values)
    return None
