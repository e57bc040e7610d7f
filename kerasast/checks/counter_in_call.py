"""`self.steps += 1` in `call`: it runs when the function is traced, not in each step."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._eager import runs_eagerly
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import SelfStore
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, role_of
from kerasast.registry import rule
from kerasast.walking import children, walk

_ENTRIES = {Role.LAYER: ("call",), Role.MODEL: ("call", "train_step", "test_step")}


@rule(category="training", severity=Severity.WARNING, on=(ClassDefined,), since="0.1")
def counter_in_call(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    entries = _ENTRIES.get(role_of(facts) or Role.LOSS, ())
    if not any(entry in facts.own for entry in entries) or facts.is_decorated or runs_eagerly(ctx):
        return
    for entry in entries:
        for method in reached_methods(facts, [entry], mentioned=False):
            for store in method.stores if method.owner == facts.cls else ():
                start = _start(facts, store) if _counts(store, method.self_name) else None
                if start is None or _names_something(facts, store.attr):
                    continue
                story: tuple[Step, ...] = ()
                if any(start is own for found in facts.own.values() for own in found.stores):
                    story = (ctx.step(start.node, "it begins as a number of Python here"),)
                yield ctx.report(
                    store.node,
                    f"`self.{store.attr}` does not count the steps of `fit()`: Keras runs this code only when it "
                    "traces it, once or twice in all",
                    story=story,
                    help="count in a callback, or in a weight: `self.add_weight(…, trainable=False)` and `assign_add`",
                )


def _counts(store: SelfStore, self_name: str | None) -> bool:
    """Whether it is `self.x += 1` or `self.x = self.x + 1`, in code that each step runs."""
    if store.guards.nested or store.guards.tried:
        return False
    if store.augmented:
        return isinstance(store.value, ast.Constant)
    match store.value:
        case ast.BinOp(
            left=ast.Attribute(value=ast.Name(id=name), attr=attr),
            op=ast.Add() | ast.Sub(),
            right=ast.Constant(),
        ):
            return name == self_name and attr == store.attr
    return False


_TELL = frozenset({"print", "debug", "info", "warning", "error", "log", "write"})
"""Calls that only tell a person what the count is."""


def _names_something(facts: ClassFacts, counter: str) -> bool:
    """Whether the count becomes a part of a text: what is made while tracing has to have names that differ."""
    return any(_is_in_text(method.node, counter) for method in facts.methods())


def _is_in_text(node: ast.AST, counter: str) -> bool:
    for inner in children(node):
        if isinstance(inner, ast.Call) and _last_name(inner.func) in _TELL:
            continue
        if _is_text(inner) and any(
            isinstance(part, ast.Attribute) and part.attr == counter for part in walk(inner)
        ):
            return True
        if _is_in_text(inner, counter):
            return True
    return False


def _is_text(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr() | ast.BinOp(left=ast.Constant(str()), op=ast.Mod()):
            return True
        case ast.Call(func=func):
            return _last_name(func) in ("format", "str")
    return False


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _start(facts: ClassFacts, counter: SelfStore) -> SelfStore | None:
    """The assignment in `__init__` by which the attribute begins as a number of Python, if it surely does."""
    others = [store for store in facts.stores.get(counter.attr, []) if store.method in ("__init__", "build")]
    if len(others) != 1 or not isinstance(others[0].value, ast.Constant):
        return None
    return others[0] if type(others[0].value.value) in (int, float) else None
