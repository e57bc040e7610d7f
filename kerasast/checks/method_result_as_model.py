"""`model = model.compile(…)`: what a method returns is taken for the model."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import indent_of, insert_after, is_here, safe, statement_of
from kerasast.flow.arguments import is_part_of
from kerasast.flow.events import ModelCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_RESULTS = {"add": "`None`", "compile": "`None`", "fit": "a `History`"}
"""What the methods return in both generations."""

_OF_A_MODEL = frozenset(
    {
        "add",
        "compile",
        "evaluate",
        "fit",
        "get_layer",
        "get_weights",
        "layers",
        "load_weights",
        "predict",
        "predict_on_batch",
        "save",
        "save_weights",
        "set_weights",
        "summary",
        "to_json",
        "train_on_batch",
        "trainable_weights",
        "weights",
    }
)
"""Attributes that models have, and `None` and a `History` do not."""

_ASSIGNMENT = re.compile(r"\s*\w+\s*=\s*")

_Body = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.With | ast.For | ast.If


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_RESULTS,
    calls=_RESULTS,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def method_result_as_model(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    node = event.node
    if event.method not in _RESULTS or not event.before.kind.is_model or not _is_written_here(event):
        return
    assert isinstance(node, ast.Call)
    if not _ASSIGNMENT.fullmatch(_before(ctx, node)):
        return  # Most calls are not assigned, and the tree need not be searched for them.
    try:
        tree = ctx.source.parse()
    except SyntaxError:
        return
    for body in walk(tree):
        if isinstance(body, _Body):
            for index, statement in enumerate(body.body):
                name = _assigned(statement, node)
                use = None if name is None else _next_use(name, body.body[index + 1 :])
                if use is not None:
                    yield _report(ctx, event, name or "", use)


def _before(ctx: Context, node: ast.AST) -> str:
    """The text of the line before a node."""
    start = ctx.span(node).start
    return ctx.source.text[ctx.source.line_starts[ctx.source.line_at(start) - 1] : start]


def _is_written_here(event: ModelCall) -> bool:
    """Whether the event is this very call, and not one inside a function of another module that it leads to."""
    node = event.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    given = [*event.arguments.bound.values(), *event.arguments.positional]
    return (
        node.func.attr == event.method
        and bool(given)
        and all(is_part_of(argument.node, node) for argument in given)
    )


def _assigned(statement: ast.stmt, call: ast.Call) -> str | None:
    """The name to which a statement assigns the result of the call, if it is such a statement."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value) if (
            value.lineno,
            value.col_offset,
            value.end_lineno,
            value.end_col_offset,
        ) == (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset):
            return name
    return None


def _next_use(name: str, following: list[ast.stmt]) -> ast.Attribute | None:
    """The next use of a name in the statements, if it certainly takes the name for a model."""
    for statement in following:
        uses = [node for node in walk(statement) if isinstance(node, ast.Name) and node.id == name]
        if not uses:
            continue
        if not isinstance(statement, ast.Expr | ast.Assign) or _binds(name, statement.value):
            return None
        return next(
            (
                node
                for node in walk(statement.value)
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == name
                and node.attr in _OF_A_MODEL
            ),
            None,
        )
    return None


def _binds(name: str, value: ast.expr) -> bool:
    """Whether an expression has a variable of its own by that name."""
    return any(
        (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.arg) and node.arg == name)
        for node in walk(value)
    )


def _report(ctx: Context, event: ModelCall, name: str, use: ast.Attribute) -> Diagnostic:
    method = event.method
    return ctx.report(
        event.node,
        f"`{method}()` returns {_RESULTS[method]}, not the model: `{name}.{use.attr}` raises `AttributeError`",
        story=(*event.story, ctx.step(use, f"`{name}` is taken for the model here")),
        help=f"call `{method}()` in a statement of its own",
        fix=partial(_fix, ctx.source, event.node, name),
    )


def _fix(source: SourceFile, call: ast.AST, name: str) -> Fix | None:
    """Let the call stand alone: after an assignment of the object that it is called on, if that has another name."""
    statement = statement_of(source, call)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or statement is None:
        return None
    if not is_here(source, statement) or not is_here(source, call):
        return None
    receiver = call.func.value
    title = f"Call `{call.func.attr}()` in a statement of its own"
    if isinstance(receiver, ast.Name):
        target = Span(source.span(statement).start, source.span(call).start)
        after = () if receiver.id == name else insert_after(source, statement, f"{name} = {receiver.id}")
        return safe(title, (Edit(target, ""),), after)
    start = source.span(receiver).end
    end = source.span(call.func).end - len(call.func.attr)
    if source.text[start:end] != ".":
        return None
    line = source.line_at(source.span(statement).start)
    return safe(title, (Edit(Span(start, end), f"\n{indent_of(source, line)}{name}."),))
