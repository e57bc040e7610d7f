"""`get_config` that returns nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import indent_of, insert_after, insert_last, is_here, safe, statement_of
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import role_of
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def get_config_returns_none(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("get_config")
    if method is None or not _is_saved(facts) or facts.is_decorated or method.node.decorator_list:
        return
    if method.is_abstract or _never_returns(method) or is_only_a_base(facts.cls):
        return
    name, damage = facts.cls.name, f"no model with a `{facts.cls.name}` can be saved"
    if all(item.value is None or _is_none(item.value) for item in method.returns):
        yield ctx.report(
            method.node,
            f"`get_config` of `{name}` returns nothing: {damage}",
            help="return the dict, or leave `get_config` out if the class has no arguments of its own",
            severity=Severity.WARNING,
            fix=partial(_return_it, ctx.source, method),
        )
        return
    for item in method.returns:
        if item.value is not None and _is_update(item.value, method):
            yield ctx.report(
                item.value,
                f"`dict.update()` returns `None`, and so does `get_config` of `{name}`: {damage}",
                help="update the dict on a line of its own, then return it",
                fix=partial(_update_first, ctx.source, item),
            )


def _return_it(source: SourceFile, method: MethodFacts) -> Fix | None:
    """Return what the method has put together: the only dict that its body gives a name to."""
    if method.returns:
        return None
    names = [
        statement.targets[0].id
        for statement in method.node.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and _is_dict(statement.value)
    ]
    if len(names) != 1:
        return None
    return safe("Return the config", insert_last(source, method.node, f"return {names[0]}"))


def _update_first(source: SourceFile, item: ast.Return) -> Fix | None:
    """Let the update be a statement, and return the dict after it."""
    call = item.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    statement = statement_of(source, call)
    if statement is None or not is_here(source, item):
        return None
    receiver = call.func.value
    start = source.span(item).start
    if isinstance(receiver, ast.Name):
        name, lead = receiver.id, Edit(Span(start, source.span(call).start), "")
    else:
        name = "config"
        indent = indent_of(source, source.line_at(start))
        before = Span(start, source.span(receiver).end)
        lead = Edit(before, f"{name} = {ast.unparse(receiver)}\n{indent}{name}")
    after = insert_after(source, statement, f"return {name}")
    return safe("Return the dict after the update", (lead,), after)


def _is_saved(facts: ClassFacts) -> bool:
    """Whether Keras asks such an object for its config when it saves a model."""
    return role_of(facts) is not None or facts.ancestry.derives("keras.optimizers.Optimizer")


def _never_returns(method: MethodFacts) -> bool:
    """Whether the end of the body may be out of reach: it raises, or yields, or loops for ever."""
    stops = (ast.Raise, ast.Yield, ast.YieldFrom, ast.While)
    return any(isinstance(node, stops) for node in walk(method.node))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_update(node: ast.expr, method: MethodFacts) -> bool:
    """Whether an expression is `config.update(…)` of what is a dict."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
    ):
        return False
    receiver = node.func.value
    if not isinstance(receiver, ast.Name):
        return _is_dict(receiver)
    given = [
        statement.value
        for statement in walk(method.node)
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == receiver.id for target in statement.targets)
    ]
    return bool(given) and all(_is_dict(value) for value in given)


def _is_dict(node: ast.expr) -> bool:
    """Whether an expression is certainly a dict: a literal, `dict(…)`, `super().get_config()`, or a copy of it."""
    match node:
        case ast.Dict() | ast.Call(func=ast.Name(id="dict")):
            return True
        case ast.Call(func=ast.Attribute(attr="get_config")):
            return True
        case ast.Call(func=ast.Attribute(value=inner, attr="copy")):
            return _is_dict(inner)
    return False
