"""`__init__` of a Keras class that never runs the `__init__` of its base."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import insert_first, replace, safe, text_of
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, is_sequential, keras_base, role_of
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
            fix=partial(_call_it, ctx.source, facts, method, mention),
        )
        return
    yield ctx.report(
        method.node,
        f"`__init__` of `{facts.cls.name}` never calls `super().__init__()`, without which `{base}` does not work",
        help="call `super().__init__(**kwargs)` first, before any attribute is set",
        fix=partial(_insert_it, ctx.source, facts, method),
    )


def _call_it(
    source: SourceFile, facts: ClassFacts, method: MethodFacts, mention: ast.Attribute
) -> Fix | None:
    arguments = _arguments(facts, method)
    if arguments is None:
        return None
    return safe("Call it", replace(source, mention, f"{text_of(source, mention)}({arguments})"))


def _insert_it(source: SourceFile, facts: ClassFacts, method: MethodFacts) -> Fix | None:
    arguments = _arguments(facts, method)
    if arguments is None:
        return None
    code = f"super().__init__({arguments})"
    return safe(f"Call `{code}` first", insert_first(source, method.node, code))


def _arguments(facts: ClassFacts, method: MethodFacts) -> str | None:
    """What to call the general base class of a role with; `None` if another class may need more."""
    if keras_base(facts) is not None or any("__init__" in parent.own for parent in facts.parents):
        return None
    if len(facts.cls.node.bases) != 1:
        return None
    parameters = method.node.args
    names = [item.arg for item in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)]
    given = [f"{name}={name}" for name in ("name", "dtype", "trainable") if name in names]
    kwargs = parameters.kwarg
    if kwargs is not None:
        used = any(isinstance(node, ast.Name) and node.id == kwargs.arg for node in walk(method.node))
        if used:
            return None  # they may be for something else
        given.append(f"**{kwargs.arg}")
    return ", ".join(given)


def _needs_it(facts: ClassFacts, method: MethodFacts) -> bool:
    role = role_of(facts)
    if role is Role.METRIC:
        return facts.version.major < 3 or any(method.self_calls("add_weight"))
    return role in (Role.LAYER, Role.MODEL, Role.LOSS) and not is_sequential(facts)


def _mentioned(node: ast.AST) -> ast.Attribute | None:
    """The first mention of any `.__init__`."""
    for inner in walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr == "__init__":
            return inner
    return None


def _is_bare(mention: ast.Attribute, method: MethodFacts) -> bool:
    """Whether a mention stands alone as a statement: `super().__init__` without a call."""
    return any(
        isinstance(statement, ast.Expr) and statement.value is mention for statement in method.node.body
    )
