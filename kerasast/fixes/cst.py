"""Changes of a statement or expression as a tree that keeps every character: the only importer of libcst.

libcst is imported when a fix is computed, never before. What it gives back is compared with the text, so that the
edits touch only what has changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from kerasast.fixes.code import indent_unit, is_here
from kerasast.fixes.edits import Edits, difference
from kerasast.source import SourceFile

if TYPE_CHECKING:
    import libcst

    Expression: TypeAlias = libcst.BaseExpression
    Statement: TypeAlias = libcst.SimpleStatementLine | libcst.BaseCompoundStatement


def is_installed() -> bool:
    """Whether libcst is there for this Python, found without importing it: it is compiled for each."""
    spec = find_spec("libcst")
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    return any((folder / f"native{suffix}").exists() for folder in folders for suffix in EXTENSION_SUFFIXES)


@cache
def is_available() -> bool:
    """Whether libcst can be imported. Fixes that are made without it are offered all the same."""
    try:
        import libcst  # noqa: F401
    except ImportError:
        return False
    return True


def change_expression(
    source: SourceFile, node: ast.expr, change: Callable[[Expression], Expression | None]
) -> Edits:
    """The edits that `change` comes to, which is given a node as libcst has it and returns another, or `None`."""
    if not is_here(source, node) or not is_available():
        return None
    import libcst

    span = source.span(node)
    old = source.text[span.start : span.end]
    module = libcst.parse_module(f"({old})")
    line = module.body[0]
    assert isinstance(line, libcst.SimpleStatementLine)
    statement = line.body[0]
    assert isinstance(statement, libcst.Expr)
    value = statement.value
    bare = value.with_changes(lpar=value.lpar[1:], rpar=value.rpar[:-1])
    new = change(bare)
    return None if new is None else difference(old, module.code_for_node(new), span.start)


def change_statement(
    source: SourceFile, node: ast.stmt, change: Callable[[Statement], Statement | Sequence[Statement] | None]
) -> Edits:
    """The edits that `change` comes to, which is given a statement as libcst has it.

    It returns what is to stand there: a statement, several, or `None` if it cannot be done. The statement must start
    on a line of its own. Its decorators belong to it; comments on lines above it do not.
    """
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(item.lineno for item in decorators)])
    start = source.line_starts[first - 1]
    end = source.span(node).end
    old = source.text[start:end]
    if not is_here(source, node) or old != source.code[start:end] or not is_available():
        return None
    import libcst

    indent = re.match(r"[ \t\f]*", old)
    lead = f"if 0:{source.newline}" if indent and indent.group() else ""
    config = libcst.PartialParserConfig(default_indent=indent_unit(source))
    try:
        module = libcst.parse_module(lead + old, config)
    except libcst.ParserSyntaxError:
        return None
    new = _changed(module, change, nested=bool(lead))
    return None if new is None else difference(old, new.removeprefix(lead), start)


def _changed(
    module: libcst.Module,
    change: Callable[[Statement], Statement | Sequence[Statement] | None],
    *,
    nested: bool,
) -> str | None:
    """The code of a module whose only statement, or that of the `if` around it, is changed."""
    import libcst

    body = module.body
    block = None
    if nested:
        assert isinstance(body[0], libcst.If)
        block = body[0].body
        assert isinstance(block, libcst.IndentedBlock)
        body = block.body  # type: ignore[assignment]
    if len(body) != 1:
        return None
    result = change(body[0])
    if result is None:
        return None
    statements = list(result) if isinstance(result, Sequence) else [result]
    if block is None:
        code = module.with_changes(body=statements).code
    else:
        code = module.with_deep_changes(block, body=statements).code
    return code if module.has_trailing_newline else code.rstrip("\r\n")
