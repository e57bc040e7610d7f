"""Edits of whole statements: insert, remove and replace them, add methods and decorators; as their author would."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.edits import Edits, difference
from kerasast.source import SourceFile, first_line
from kerasast.walking import walk

LONGEST_LINE = 100
"""In characters: what is added in longer ones is broken into several."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_here(source: SourceFile, node: ast.AST) -> bool:
    """Whether the text at a node's position is that node: it is of this file, and no magic of a notebook is in it.

    Events may bring nodes of other modules, whose positions mean nothing here.
    """
    span = source.span(node)
    code = source.code[span.start : span.end]
    if not code or code != source.text[span.start : span.end]:
        return False
    try:
        found = (
            _parse(source, span) if isinstance(node, ast.stmt) else ast.parse(f"({code})", mode="eval").body
        )
    except (SyntaxError, ValueError):
        return False
    return found is not None and _plain(found) == _plain(node)


def _parse(source: SourceFile, span: Span) -> ast.stmt | None:
    """The statement under a span, whatever its indentation."""
    start = source.line_starts[source.line_at(span.start) - 1]
    lead = source.code[start : span.start]
    margin = re.sub(r"[^ \t\f]", " ", lead)
    module = ast.parse(("if 0:\n" if margin else "") + margin + source.code[span.start : span.end])
    found = module.body[0]
    return found.body[0] if margin and isinstance(found, ast.If) else found


def _plain(node: ast.AST) -> str:
    """A node as text. The decorators of a definition are left out: they stand before its position."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        skipped = {name: value for name, value in ast.iter_fields(node) if name != "decorator_list"}
        return ast.dump(type(node)(**skipped, decorator_list=[]))
    return ast.unparse(node)


def text_of(source: SourceFile, node: ast.AST) -> str:
    """The text of a node of this file, as it is written."""
    span = source.span(node)
    return source.text[span.start : span.end]


def replace(source: SourceFile, node: ast.AST, text: str) -> Edits:
    """Put other code in the place of a node. For a statement, only words that differ are changed."""
    if not is_here(source, node):
        return None
    span = source.span(node)
    return difference(source.text[span.start : span.end], text, span.start)


def set_string(source: SourceFile, node: ast.AST, text: str) -> Edits:
    """Give a plain literal string another text, in its own quotes."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or not is_here(source, node):
        return None
    written = text_of(source, node)
    match = re.fullmatch(r"[rRuU]?(['\"])(.*)\1", written)
    if match is None or match.group(2) != node.value or re.search(r"['\"\\\n]", text):
        return None
    start = source.span(node).start + match.start(2)
    return (Edit(Span(start, start + len(node.value)), text),)


def rename_attribute(source: SourceFile, node: ast.AST, name: str) -> Edits:
    """Write `….name` for the attribute at the end of `….old`, or of the function of a call `….old(…)`."""
    node = node.func if isinstance(node, ast.Call) else node
    if not isinstance(node, ast.Attribute) or not is_here(source, node):
        return None
    end = source.span(node).end
    return (Edit(Span(end - len(node.attr), end), name),)


def rename_function(source: SourceFile, function: Function, name: str) -> Edits:
    """Give a function or method another name where it is defined, and nowhere else."""
    if not is_here(source, function):
        return None
    return (Edit(source.header_span(function), name),)


def insert_before(source: SourceFile, statement: ast.stmt, code: str) -> Edits:
    """Put statements before another one, at its indentation. Comments right above that stay with it."""
    line = _own_line(source, statement)
    if line is None or not _is_alone(source, statement):
        return None
    indent = indent_of(source, line)
    while line > 1 and re.match(rf"{indent}#(?!!)", source.line_text(line - 1)):
        line -= 1
    start = source.line_starts[line - 1]
    cell = source.cell_at(source.span(statement).start)
    if cell is not None and start < cell.start:
        return None
    return (Edit(Span(start, start), _indented(source, code, indent)),)


def insert_after(source: SourceFile, statement: ast.stmt, code: str) -> Edits:
    """Put statements after another one, at its indentation."""
    line = _own_line(source, statement)
    if line is None or not _is_alone(source, statement):
        return None
    end = _end_of_line(source, source.span(statement).end)
    added = _indented(source, code, indent_of(source, line)).removesuffix("\n")
    return (Edit(Span(end, end), f"\n{added}"),)


def insert_first(source: SourceFile, block: Function | ast.ClassDef, code: str) -> Edits:
    """Put statements at the start of a function or class, after its docstring."""
    first, *rest = block.body
    if _is_docstring(first):
        return insert_before(source, rest[0], code) if rest else insert_after(source, first, code)
    return insert_before(source, first, code)


def insert_last(source: SourceFile, block: Function | ast.ClassDef, code: str) -> Edits:
    """Put statements at the end of a function or class."""
    return insert_after(source, block.body[-1], code)


def remove_statement(source: SourceFile, statement: ast.stmt) -> Edits:
    """Take out a statement with its lines and the comment at its end; `pass` takes its place if it is alone."""
    line = _own_line(source, statement)
    if line is None or not _is_alone(source, statement):
        return None
    siblings = next(
        (body for body in _bodies(source.parse()) if any(_is_same(item, statement) for item in body)), None
    )
    if siblings is None or not is_here(source, statement):
        return None
    if len(siblings) == 1:
        return replace(source, statement, "pass")
    end = _end_of_line(source, source.span(statement).end)
    newline = re.compile(r"\r\n|\n|\r").match(source.text, end)
    start = source.line_starts[line - 1]
    return (Edit(Span(start, newline.end() if newline else end), ""),)


def add_decorator(source: SourceFile, definition: Function | ast.ClassDef, text: str) -> Edits:
    """Put a decorator, written with its `@`, above all others of a function or class."""
    line = _own_line(source, definition)
    if line is None:
        return None
    start = source.line_starts[line - 1]
    return (Edit(Span(start, start), f"{indent_of(source, line)}{text}\n"),)


def add_method(source: SourceFile, cls: ast.ClassDef, code: str, after: ast.stmt | None = None) -> Edits:
    """Put a method in a class, after one of its statements, by default the last, with an empty line between."""
    place = cls.body[-1] if after is None else after
    if len(cls.body) == 1 and isinstance(place, ast.Pass):
        return _replace_pass(source, place, code)
    edits = insert_after(source, place, code)
    if edits is None:
        return None
    (edit,) = edits
    return (Edit(edit.span, f"\n{edit.text}"),)


def add_first_method(
    source: SourceFile, cls: ast.ClassDef, code: str, before: ast.stmt | None = None
) -> Edits:
    """Put a method in a class before one of its methods, by default its first one, with an empty line between."""
    methods = [node for node in cls.body if isinstance(node, Function)]
    if before is None and not methods:
        return add_method(source, cls, code)
    edits = insert_before(source, methods[0] if before is None else before, code)
    if edits is None:
        return None
    (edit,) = edits
    return (Edit(edit.span, f"{edit.text}\n"),)


def _replace_pass(source: SourceFile, place: ast.Pass, code: str) -> Edits:
    line = _own_line(source, place)
    if line is None:
        return None
    return (Edit(source.span(place), _indented(source, code, indent_of(source, line)).strip()),)


def enclosing(source: SourceFile, node: ast.AST) -> tuple[ast.AST, ...]:
    """The nodes of this file around a node, the module first, without the node itself; empty if it is not here."""

    def search(parent: ast.AST) -> tuple[ast.AST, ...] | None:
        for child in ast.iter_child_nodes(parent):
            if _is_same(child, node):
                return (parent,)
            if hasattr(child, "lineno") and not _may_hold(child, node):
                continue
            found = search(child)
            if found is not None:
                return (parent, *found)
        return None

    return search(source.parse()) or ()


def _is_same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two nodes are the same piece of the file: it may have been parsed more than once."""
    return one is other or (type(one) is type(other) and _place(one) == _place(other) != (None,) * 4)


def _place(node: ast.AST) -> tuple[int | None, ...]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return tuple(getattr(node, name, None) for name in names)


def _may_hold(child: ast.AST, node: ast.AST) -> bool:
    line = getattr(node, "lineno", 0)
    first = first_line(child)
    last: int = getattr(child, "end_lineno", None) or first
    return bool(first <= line <= last)


def statement_of(source: SourceFile, node: ast.AST) -> ast.stmt | None:
    """The innermost statement of this file that holds a node."""
    around = [*enclosing(source, node), node]
    if len(around) == 1:
        return None
    return next((item for item in reversed(around) if isinstance(item, ast.stmt)), None)


def indent_of(source: SourceFile, line: int) -> str:
    """The white space at the start of a line, counted from 1."""
    text = source.line_text(line)
    return text[: len(text) - len(text.lstrip(" \t\f"))]


def indent_unit(source: SourceFile) -> str:
    """What one level of indentation is in this file; four spaces where nothing is indented."""
    for body in _bodies(source.parse()):
        if body and body[0].col_offset:
            line = body[0].lineno
            if not source.line_text(line)[: body[0].col_offset].strip():
                return indent_of(source, line)
    return "    "


def display(source: SourceFile, node: ast.AST, items: Sequence[str]) -> str:
    """A dict display of these entries for the place of a node: on one line, or with a line for each if it is long."""
    line = source.line_at(source.span(node).start)
    text = f"{{{', '.join(items)}}}"
    if len(source.line_text(line)) - len(text_of(source, node)) + len(text) <= LONGEST_LINE:
        return text
    indent = indent_of(source, line)
    inner = "".join(f"\n{indent}{indent_unit(source)}{item}," for item in items)
    return f"{{{inner}\n{indent}}}"


def _indented(source: SourceFile, code: str, indent: str) -> str:
    """Code, written at the margin with four spaces for a level, at an indentation of this file; with a line end."""
    unit = indent_unit(source)
    lines = []
    for line in textwrap.dedent(code).strip("\n").split("\n"):
        rest = line.lstrip(" ")
        levels, more = divmod(len(line) - len(rest), 4)
        lines.append(f"{indent}{unit * levels}{' ' * more}{rest}" if rest else "")
    return "\n".join(lines) + "\n"


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _own_line(source: SourceFile, statement: ast.stmt) -> int | None:
    """The line on which a statement, or its first decorator, starts; `None` if something stands before it."""
    decorators = getattr(statement, "decorator_list", [])
    line: int = min([statement.lineno, *(item.lineno for item in decorators)])
    start = source.span(statement).start if line == statement.lineno else None
    if start is not None and source.code[source.line_starts[line - 1] : start].strip(" \t\f"):
        return None
    if source.line_text(line).lstrip()[:1] not in ("@",) and decorators:
        return None
    return line


def _is_alone(source: SourceFile, statement: ast.stmt) -> bool:
    """Whether nothing but a comment follows a statement on its last line."""
    end = source.span(statement).end
    rest = source.text[end : _end_of_line(source, end)].strip(" \t\f")
    return not rest or rest.startswith("#")


def _end_of_line(source: SourceFile, offset: int) -> int:
    line = source.line_at(offset)
    return source.line_starts[line - 1] + len(source.line_text(line))


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements, that of the module first."""
    for node in walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body
