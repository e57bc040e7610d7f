"""Edits of the arguments of calls and of the parameters of functions."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.code import Function, is_here
from kerasast.fixes.edits import Edits
from kerasast.fixes.items import Items, call_items, dict_items, parameter_items
from kerasast.source import SourceFile


def rename_keyword(source: SourceFile, call: ast.AST, old: str, new: str) -> Edits:
    """Write `new=…` for `old=…`."""
    found = _keyword(call, old)
    if found is None or _keyword(call, new) is not None or not is_here(source, call):
        return None
    start = source.span(found).start
    return (Edit(Span(start, start + len(old)), new),)


def set_keyword(source: SourceFile, call: ast.AST, name: str, value: str) -> Edits:
    """Give the keyword argument `name` this value, in the place of the one that it has, or as a new argument."""
    found = _keyword(call, name)
    if found is None:
        return add_argument(source, call, f"{name}={value}")
    if not is_here(source, call):
        return None
    return (Edit(source.span(found), f"{name}={value}"),)


def add_argument(source: SourceFile, call: ast.AST, text: str) -> Edits:
    """Add an argument, as it is written, at the end of a call, but before its `**kwargs`."""
    items = _items(source, call)
    if items is None or not isinstance(call, ast.Call) or _is_bare_generator(call):
        return None
    unpacked = [number for number, node in enumerate(_arguments(call)) if _is_unpacked(node)]
    if unpacked and not text.startswith("**"):
        return items.insert(unpacked[0], text)
    return items.append(text)


def remove_argument(source: SourceFile, call: ast.AST, which: str | ast.expr) -> Edits:
    """Take out the keyword argument of a name, or the argument that is a node."""
    items = _items(source, call)
    if items is None or not isinstance(call, ast.Call):
        return None
    for number, node in enumerate(_arguments(call)):
        if node is which or (isinstance(node, ast.keyword) and (node.arg == which or node.value is which)):
            return items.remove(number)
    return None


def add_entry(source: SourceFile, node: ast.AST, *texts: str) -> Edits:
    """Add entries, as they are written, at the end of a dict that is written out."""
    if not isinstance(node, ast.Dict) or not is_here(source, node):
        return None
    items = dict_items(source, node)
    return None if items is None else items.append(*texts)


def name_arguments(source: SourceFile, call: ast.AST, names: Sequence[str], first: int = 0) -> Edits:
    """Write `name=` before the positional arguments from the one at `first` on, which `names` are for in this order.

    It cannot be done where there are more of them than names, where one is unpacked, or a name is given already.
    """
    items = _items(source, call)
    if items is None or not isinstance(call, ast.Call):
        return None
    given = call.args[first:]
    if len(given) > len(names) or _is_bare_generator(call):
        return None
    edits = []
    for node, name in zip(given, names, strict=False):
        if isinstance(node, ast.Starred | ast.NamedExpr) or _keyword(call, name) is not None:
            return None
        start = items.items[_arguments(call).index(node)].start
        edits.append(Edit(Span(start, start), f"{name}="))
    return tuple(edits)


def add_parameter(source: SourceFile, function: Function, *texts: str) -> Edits:
    """Add parameters, as they are written, at the end of a function's, but before its `**kwargs`."""
    items = parameter_items(source, function) if is_here(source, function) else None
    if items is None:
        return None
    if function.args.kwarg is None:
        return items.append(*texts)
    if any(text.startswith("**") for text in texts):
        return None
    return items.insert(len(items.items) - 1, ", ".join(texts))


def add_first_entry(source: SourceFile, display: ast.Dict, entry: str) -> Edits:
    """Add an entry, as it is written, before all others of a dict display."""
    items = dict_items(source, display) if is_here(source, display) else None
    return None if items is None else items.insert(0, entry)


def _items(source: SourceFile, call: ast.AST) -> Items | None:
    return call_items(source, call) if isinstance(call, ast.Call) and is_here(source, call) else None


def _arguments(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """The arguments in the order of the text."""
    return sorted([*call.args, *call.keywords], key=lambda node: (node.lineno, node.col_offset))


def _keyword(call: ast.AST, name: str) -> ast.keyword | None:
    keywords = call.keywords if isinstance(call, ast.Call) else ()
    return next((item for item in keywords if item.arg == name), None)


def _is_unpacked(node: ast.expr | ast.keyword) -> bool:
    return isinstance(node, ast.keyword) and node.arg is None


def _is_bare_generator(call: ast.Call) -> bool:
    """Whether it is `f(x for x in y)`, to which no argument can be added as it is."""
    return len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp) and not call.keywords
