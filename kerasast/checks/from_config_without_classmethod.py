"""`from_config` that is an ordinary method."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import Edits, add_decorator, safe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.roles import role_of
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
def from_config_without_classmethod(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("from_config")
    if method is None or not _is_saved(facts) or method.is_abstract:
        return
    # With one parameter, `A.from_config(config)` calls it as Keras does, if nothing else: that works.
    if method.node.decorator_list or _required(method.node) < 2 or method.node.args.vararg is not None:
        return
    if facts.is_decorated or facts.cls.node.keywords:
        return
    yield ctx.report(
        method.node,
        f"Keras calls `{facts.cls.name}.from_config(config)` on the class, but it is an ordinary method:"
        f" no `{facts.cls.name}` can be loaded or cloned",
        help="put `@classmethod` above it, and return `cls(…)`",
        fix=partial(_fix, ctx.source, method.node),
    )


def _is_saved(facts: ClassFacts) -> bool:
    """Whether Keras makes such an object from a config when it loads a model."""
    return role_of(facts) is not None or facts.ancestry.derives("keras.optimizers.Optimizer")


def _required(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many positional arguments a call must give."""
    return len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)


def _fix(source: SourceFile, method: ast.FunctionDef | ast.AsyncFunctionDef) -> Fix | None:
    return safe(
        "Make it a class method", add_decorator(source, method, "@classmethod"), _call_it_cls(source, method)
    )


def _call_it_cls(source: SourceFile, method: ast.FunctionDef | ast.AsyncFunctionDef) -> Edits:
    """Call a first parameter `self` by the name that it has in class methods; if it is used, more has to be changed."""
    first = [*method.args.posonlyargs, *method.args.args][0]
    names = {node.id for node in walk(method) if isinstance(node, ast.Name)}
    if first.arg != "self":
        return ()
    if "self" in names:
        return None
    span = source.span(first)
    return () if "cls" in names else (Edit(Span(span.start, span.start + len("self")), "cls"),)
