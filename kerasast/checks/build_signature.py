"""A `build` that Keras cannot call with the shapes that it has."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, is_functional, is_sequential, role_of
from kerasast.registry import rule

_BUILT_BY_HAND = r"\.build\((?<!\)\.build\()\s*[\w.]+\s*,"
"""The call of a `build` with several shapes, which is none by Keras: `self.block.build(shape, other_shape)`."""


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def build_signature(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("build")
    if method is None or role_of(facts) not in (Role.LAYER, Role.MODEL) or not facts.ancestry.complete:
        return
    if is_sequential(facts) or is_functional(facts) or not facts.defines("call") or facts.is_decorated:
        return
    if method.node.decorator_list or facts.defines("__call__") or _looks_after_itself(facts):
        return
    problem = _in_keras_3(facts, method) if ctx.keras.major >= 3 else _in_keras_2(method)
    if problem is not None and not ctx.project.mentions(_BUILT_BY_HAND):
        yield ctx.report(
            method.node,
            f"Keras cannot call this `build` of `{facts.cls.name}`: {problem}",
            help="write `def build(self, input_shape)`, and give anything else to `__init__`",
        )


def _looks_after_itself(facts: ClassFacts) -> bool:
    """Whether the class says by itself that it is built, or calls its `build`: then Keras may never do."""
    return any(
        store.attr == "built" and store.method != "build"
        for stores in facts.stores.values()
        for store in stores
    ) or any(any(method.self_calls("build")) for method in facts.methods())


def _in_keras_2(method: MethodFacts) -> str | None:
    """Keras 2 gives one argument by position, the shape or a structure of shapes."""
    arguments = method.node.args
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    if not positional and arguments.vararg is None:
        return "it passes the input shape, for which there is no parameter"
    required = positional[1 : len(positional) - len(arguments.defaults)]
    missing = [item.arg for item in required]
    missing += [
        item.arg
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return None if not missing else f"it passes the input shape alone, and nothing for `{missing[0]}`"


def _in_keras_3(facts: ClassFacts, method: MethodFacts) -> str | None:
    """Keras 3 gives one shape, or one for each argument of `call`, by the name `<argument>_shape`."""
    arguments = method.node.args
    if arguments.vararg is not None or arguments.kwarg is not None:
        return None
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)][1:]
    call = facts.method("call")
    if len(names) < 2 or call is None:
        return None
    given = _parameters(call.node)
    for name in names:
        if not name.endswith("_shape"):
            return (
                f"of several parameters, each must be called `<argument of call>_shape`, and `{name}` is not"
            )
        if name.removesuffix("_shape") not in given:
            return f"`call` has no argument `{name.removesuffix('_shape')}`, whose shape `{name}` would be"
    return None


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = node.args
    return {item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
