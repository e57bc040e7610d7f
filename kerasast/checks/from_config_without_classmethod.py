"""`from_config` that is an ordinary method."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.roles import role_of
from kerasast.registry import rule


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
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
    )


def _is_saved(facts: ClassFacts) -> bool:
    """Whether Keras makes such an object from a config when it loads a model."""
    return role_of(facts) is not None or facts.ancestry.derives("keras.optimizers.Optimizer")


def _required(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many positional arguments a call must give."""
    return len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
