"""A layer kept on a model before `super().__init__()` has run: Keras 2 does not take it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import insert_first, remove_statement, safe, statement_of, text_of
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, MethodFacts, SelfStore
from kerasast.flow.roles import Role, is_sequential, role_of
from kerasast.flow.values import ApiValue, ClassValue, External
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    keras="<3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def attribute_before_super_init(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("__init__")
    if method is None or role_of(facts) is not Role.MODEL or is_sequential(facts) or facts.is_decorated:
        return
    if not facts.ancestry.complete or facts.defines("__setattr__") or facts.defines("__new__"):
        return
    base = _first_super(method)
    if base is None:
        return
    for store in method.stores:
        if store.guards.conditional or _position(store.node) >= _position(base.node):
            continue
        if _is_tracked(store, method, facts):
            yield ctx.report(
                store.node,
                f"`{facts.cls.name}` keeps something for Keras in `self.{store.attr}` before `super().__init__()`, "
                "which makes it ready for that: it raises",
                story=(ctx.step(base.node, "`super().__init__` is called only here"),),
                help="call `super().__init__()` first",
                fix=partial(_fix, ctx.source, method, base),
            )
            return


def _fix(source: SourceFile, method: MethodFacts, base: CallSite) -> Fix | None:
    statement = statement_of(source, base.node)
    if not isinstance(statement, ast.Expr) or "\n" in text_of(source, statement):
        return None
    names = {node.id for node in walk(base.node) if isinstance(node, ast.Name)} - {method.self_name}
    set_before = {
        node.id
        for node in walk(method.node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    given = [*base.node.args, *(keyword.value for keyword in base.node.keywords)]
    reads_self = any(_reads_self(node, method.self_name) for node in given)
    if names & set_before or reads_self:
        return None  # what it is given is made before it
    code = text_of(source, statement)
    moved = insert_first(source, method.node, code)
    return safe(f"Call `{code}` first", moved, remove_statement(source, statement))


def _reads_self(node: ast.AST, name: str | None) -> bool:
    """Whether an expression reads an attribute of `self`, which as an argument of its own is only passed on."""
    return any(
        isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == name
        for inner in walk(node)
    )


def _first_super(method: MethodFacts) -> CallSite | None:
    """The first call of the base's `__init__`, if it always runs, and nothing before it may run another."""
    calls = sorted(method.super_calls("__init__"), key=lambda call: _position(call.node))
    first = calls[0] if calls else None
    return None if first is None or first.guards.conditional or first.guards.looped else first


def _position(node: ast.AST) -> tuple[int, int]:
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


_TRACKED = ("keras.layers.", "keras.metrics.")


def _is_tracked(store: SelfStore, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether Keras 2 looks after a value: a layer, model, metric or variable, or a list or dict of nothing else."""
    return store.value is not None and not store.augmented and _is_kept(store.value, method, facts)


def _is_kept(node: ast.expr, method: MethodFacts, facts: ClassFacts) -> bool:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(_is_kept(item, method, facts) for item in items)  # also an empty one
        case ast.Dict(values=items, keys=keys):
            return None not in keys and all(_is_kept(item, method, facts) for item in items)
        case ast.Call(func=func):
            return _makes_layer(func, method, facts)
    return False


def _makes_layer(func: ast.expr, method: MethodFacts, facts: ClassFacts) -> bool:
    match method.resolve(func):
        case External(name):
            return name == "tensorflow.Variable"
        case ApiValue(api):
            last = api.name.rpartition(".")[2]
            return api.name in ("keras.Model", "keras.Sequential") or (
                api.name.startswith(_TRACKED) and last[:1].isupper()
            )
        case ClassValue() as cls:
            return role_of(class_facts(cls, facts.version)) in (Role.LAYER, Role.MODEL)
    return False
