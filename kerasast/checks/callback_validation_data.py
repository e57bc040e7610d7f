"""`self.validation_data` of a callback, which Keras does not set."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.checks._hooks import is_callback
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import self_path
from kerasast.registry import rule
from kerasast.walking import walk

_NAME = "validation_data"

_MAY_BE_SET = rf"\.{_NAME}\s*(?:,[^=\n]*)?=[^=]|[\"']{_NAME}[\"']"


@rule(category="training", severity=Severity.ERROR, on=(ClassDefined,), keras=">=2.4", since="0.1")
def callback_validation_data(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if not is_callback(facts) or facts.dynamic or facts.defines(_NAME) or facts.stores.get(_NAME):
        return
    for method in facts.own.values():
        for node in walk(method.node):
            if not isinstance(node, ast.Attribute) or self_path(node, method.self_name) != (_NAME,):
                continue
            if is_guarded(ctx, node) or _is_tested(method.node) or ctx.project.mentions(_MAY_BE_SET):
                return
            effect = "is no attribute of callbacks" if ctx.keras.major >= 3 else "is always `None`"
            yield ctx.report(
                node,
                f"`self.{_NAME}` {effect}: Keras does not tell callbacks what `fit()` validates with",
                help="give the data to the callback when you make it",
            )
            return


def _is_tested(function: ast.AST) -> bool:
    """Whether a function asks whether there is any."""
    return any(
        isinstance(node, ast.If | ast.IfExp | ast.Assert) and _NAME in ast.unparse(node.test)
        for node in walk(function)
    )
