"""`__init__` of a Keras class that never runs the `__init__` of its base."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, is_sequential, role_of
from kerasast.registry import rule


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def missing_super_init(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("__init__")
    if method is None or method.is_abstract or method.passes_self or not _needs_it(facts, method):
        return
    if (
        not facts.ancestry.complete
        or facts.is_decorated
        or (facts.defines("__new__") or facts.defines("__call__"))
        or facts.cls.node.keywords
    ):
        return
    mention = _mentioned(method.node)
    if mention is not None and not _is_bare(mention, method):
        return
    called = {call.path[0] for call in method.calls if len(call.path) == 1}
    helpers = [found for found in facts.methods() if found.name in called]
    if any(_mentioned(helper.node) is not None for helper in helpers):
        return
    base = ast.unparse(facts.cls.node.bases[0])
    if mention is not None:
        yield ctx.report(
            mention,
            f"`super().__init__` is not called in `{facts.cls.name}`: the parentheses are missing",
            help="write `super().__init__()`",
        )
        return
    yield ctx.report(
        method.node,
        f"`__init__` of `{facts.cls.name}` never calls `super().__init__()`, without which `{base}` does not work",
        help="call `super().__init__(**kwargs)` first, before any attribute is set",
    )


def _needs_it(facts: ClassFacts, method: MethodFacts) -> bool:
    role = role_of(facts)
    if role is Role.METRIC:
        return facts.version.major < 3 or any(method.self_calls("add_weight"))
    return role in (Role.LAYER, Role.MODEL, Role.LOSS) and not is_sequential(facts)


def _mentioned(node: ast.AST) -> ast.Attribute | None:
    """The first mention of any `.__init__`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr == "__init__":
            return inner
    return None


def _is_bare(mention: ast.Attribute, method: MethodFacts) -> bool:
    """Whether a mention stands alone as a statement: `super().__init__` without a call."""
    return any(
        isinstance(statement, ast.Expr) and statement.value is mention for statement in method.node.body
    )
