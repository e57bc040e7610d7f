"""`from_config` that gives the whole config to the first argument of the constructor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import is_here, safe
from kerasast.flow.class_facts import ClassFacts, Constructor
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import BASE_KEYS, role_of
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
def config_not_unpacked(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method, constructor, config = facts.own.get("from_config"), facts.constructor, facts.full_config
    if method is None or constructor is None or config is None or not _is_plain(facts, method):
        return
    if _ignores_config(method) and any(constructor.parameter(key) for key in config.keys):
        yield ctx.report(
            method.node,
            f"`from_config` of `{facts.cls.name}` does not look at the config: a loaded `{facts.cls.name}` has "
            "nothing but defaults",
            help="write `cls(**config)`, or leave `from_config` out: the base class does just that",
        )
    first = next(iter(constructor.parameters), None)
    if (
        first is None
        or first.keyword_only
        or first.name not in config.keys
        or _looks_at(first.name, constructor)
    ):
        return
    for item in method.returns:
        if item.value is not None and _gives_config(item.value, method, facts.cls.name):
            yield ctx.report(
                item.value,
                f"`{ast.unparse(item.value)}` gives the whole config to `{first.name}`:"
                f" a loaded `{facts.cls.name}` has a dict there",
                story=(ctx.step(first.node, "the argument"),) if "__init__" in facts.own else (),
                help="write `cls(**config)`, or leave `from_config` out: the base class does just that",
                fix=partial(_fix, ctx.source, facts, item.value),
            )


def _fix(source: SourceFile, facts: ClassFacts, node: ast.expr) -> Fix | None:
    constructor, config, role = facts.constructor, facts.full_config, role_of(facts)
    if constructor is None or config is None or not config.complete or not isinstance(node, ast.Call):
        return None
    given = config.keys | dict.fromkeys(BASE_KEYS.get(role, ()) if role and config.inherits else ())
    if not all(constructor.accepts(key) for key in given) or not is_here(source, node):
        return None
    start = source.span(node.args[0]).start
    return safe("Unpack the config", (Edit(Span(start, start), "**"),))


def _is_plain(facts: ClassFacts, method: MethodFacts) -> bool:
    """Whether the class is what it seems to be, and `from_config` a class method of one argument."""
    arguments = method.node.args
    return (
        role_of(facts) is not None
        and not facts.is_decorated
        and not facts.cls.node.keywords
        and not facts.defines("__new__")
        and [ast.unparse(item) for item in method.node.decorator_list] == ["classmethod"]
        and len(arguments.posonlyargs) + len(arguments.args) >= 2
    )


def _ignores_config(method: MethodFacts) -> bool:
    """Whether all that it does is to return `cls()`, with constants or without arguments."""
    parameters = [*method.node.args.posonlyargs, *method.node.args.args]
    body = [item for item in method.node.body if not isinstance(item, ast.Expr)]
    match body:
        case [ast.Return(value=ast.Call(func=ast.Name(id=called), args=args, keywords=keywords))]:
            given = [*args, *(keyword.value for keyword in keywords)]
            return called == parameters[0].arg and all(isinstance(item, ast.Constant) for item in given)
    return False


def _gives_config(node: ast.expr, method: MethodFacts, name: str) -> bool:
    """Whether an expression is `cls(config)`, with the config that the method was given."""
    parameters = [*method.node.args.posonlyargs, *method.node.args.args]
    match node:
        case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=given)], keywords=[]):
            rebound = any(
                isinstance(inner, ast.Name) and inner.id == given and isinstance(inner.ctx, ast.Store)
                for inner in walk(method.node)
            )
            return called in (parameters[0].arg, name) and given == parameters[1].arg and not rebound
    return False


def _looks_at(name: str, constructor: Constructor) -> bool:
    """Whether the constructor may tell a dict from other values of an argument, and take it apart."""
    for statement in constructor.method.node.body:
        for node in walk(statement):
            match node:
                case (
                    ast.Call(func=ast.Name(id="isinstance" | "type"), args=[ast.Name(id=given), *_])
                    | ast.Subscript(value=ast.Name(id=given))
                    | ast.Attribute(value=ast.Name(id=given))
                    | ast.keyword(arg=None, value=ast.Name(id=given))
                ) if given == name:
                    return True
    return False
