"""A registered layer class in place of a `Lambda` layer that is given a lambda."""

from __future__ import annotations

import ast
import re

from kerasast.checks._hoisting import one_line
from kerasast.checks._registration import package_for, saving_api
from kerasast.context import Context
from kerasast.diagnostics import Edit, FileEdits, Span
from kerasast.fixes import Edits, enclosing, insert_before, join, name_keras, replace, text_of
from kerasast.flow.roles import is_builtin_layer
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_PASSED_ON = ("name", "dtype", "trainable", "input_shape")


def layer_class(ctx: Context, module: str, span: Span) -> FileEdits | None:
    """Write the lambda at a span of a module as a class above the statement that uses it, and use that.

    `None` where the lambda needs more than its argument and the names of its module.
    """
    source, tree = ctx.project.source(module), ctx.project.tree(module)
    if source is None or tree is None:
        return None
    node = next(
        (item for item in walk(tree) if isinstance(item, ast.Lambda) and source.span(item) == span), None
    )
    around = enclosing(source, node) if node is not None else ()
    call = next((item for item in reversed(around) if isinstance(item, ast.Call)), None)
    if node is None or call is None or len(around) < 2 or not isinstance(around[1], ast.stmt):
        return None
    arguments = _arguments(source, call, node)
    body = one_line(source, node.body)
    if arguments is None or body is None or not _needs_only_globals(node, around):
        return None
    name = _free_name(source, _class_name(call, node), ctx.keras)
    top = around[1]
    register = name_keras(source, saving_api(ctx, "register_keras_serializable"), at=top)
    layer = name_keras(source, "keras.layers.Layer", at=top)
    if register is None or layer is None:
        return None
    code = (
        f'@{register.text}(package="{package_for(ctx.project, module, tree, name)}")\n'
        f"class {name}({layer.text}):\n"
        f"    def call(self, {node.args.args[0].arg}):\n"
        f"        return {body}"
    )
    used = replace(source, call, f"{name}({arguments})")
    edits = join(register.edits, layer.edits, _before(source, top, code), used)
    return None if edits is None else FileEdits(source.path, edits)


def _arguments(source: SourceFile, call: ast.Call, node: ast.Lambda) -> str | None:
    """What the class is given of what `Lambda` was; `None` where something would be lost."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [*call.args, *(item.value for item in call.keywords if item.arg == "function")]
    if (
        function != "Lambda"
        or len(given) != 1
        or (given[0] is not node and ast.dump(given[0]) != ast.dump(node))
    ):
        return None
    arguments = node.args
    if len(arguments.args) != 1 or arguments.defaults or arguments.vararg or arguments.kwarg:
        return None
    if arguments.kwonlyargs or arguments.posonlyargs or arguments.args[0].arg == "self":
        return None
    rest = [item for item in call.keywords if item.arg not in ("function", "output_shape")]
    if any(item.arg not in _PASSED_ON for item in rest):
        return None
    return ", ".join(f"{item.arg}={text_of(source, item.value)}" for item in rest)


def _needs_only_globals(node: ast.Lambda, around: tuple[ast.AST, ...]) -> bool:
    """Whether the lambda mentions no name that a function, class or comprehension around it binds."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.GeneratorExp)
    if any(isinstance(item, ast.ClassDef) for item in around):
        return False
    bound: set[str] = set()
    for scope in around:
        if not isinstance(scope, scopes):
            continue
        for inner in walk(scope):
            if isinstance(inner, ast.arg):
                bound.add(inner.arg)
            elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                bound.add(inner.id)
            elif isinstance(inner, ast.FunctionDef | ast.ClassDef) and inner is not scope:
                bound.add(inner.name)
            elif isinstance(inner, ast.Import | ast.ImportFrom):
                bound.update((alias.asname or alias.name).partition(".")[0] for alias in inner.names)
    names = {inner.id for inner in walk(node.body) if isinstance(inner, ast.Name)}
    inside = any(isinstance(inner, ast.Lambda | ast.NamedExpr | ast.Await) for inner in walk(node.body))
    return not inside and not names & (bound - {node.args.args[0].arg})


def _class_name(call: ast.Call, node: ast.Lambda) -> str:
    """What the layer is called, or what its function does: `Lambda(lambda x: tf.square(x))` is a `Square`."""
    for item in call.keywords:
        if item.arg == "name" and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str):
            words = re.findall(r"[a-zA-Z][a-zA-Z0-9]*", item.value.value)
            if words:
                return "".join(word[:1].upper() + word[1:] for word in words)
    body = node.body
    if isinstance(body, ast.Call) and isinstance(body.func, ast.Attribute | ast.Name):
        name = body.func.attr if isinstance(body.func, ast.Attribute) else body.func.id
        words = [word for word in name.split("_") if word]
        return "".join(word[:1].upper() + word[1:] for word in words) or "Apply"
    match body:
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return "Scale"
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return "Shift"
        case ast.Subscript():
            return "Select"
    return "Apply"


def _free_name(source: SourceFile, wanted: str, version: KerasVersion) -> str:
    """A name that the file does not mention, and that is not one of Keras's layers, which files would mean by it."""
    number, name = 1, wanted
    while re.search(rf"\b{name}\b", source.code) or is_builtin_layer(name, version):
        name = f"{wanted}Layer" if number == 1 else f"{wanted}Layer{number}"
        number += 1
    return name


def _before(source: SourceFile, statement: ast.stmt, code: str) -> Edits:
    """A definition above a statement of the module, with two empty lines around."""
    edits = insert_before(source, statement, code)
    if edits is None:
        return None
    (edit,) = edits
    above = source.text[: edit.span.start]
    cell = source.cell_at(edit.span.start)
    above = above[cell.start :] if cell is not None else above
    newlines = len(re.findall(r"\r\n|\n|\r", above[len(above.rstrip()) :]))
    lead = "\n" * max(0, 3 - newlines) if above.strip() else ""
    return (Edit(edit.span, f"{lead}{edit.text}\n\n"),)
