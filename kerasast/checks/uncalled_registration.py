"""`@register_keras_serializable` without parentheses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import enclosing, replace, safe, text_of
from kerasast.flow.events import ApiUse
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ApiUse,),
    calls=("register_keras_serializable",),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def uncalled_registration(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
    if event.api.name != "keras.saving.register_keras_serializable" or event.arguments is not None:
        return
    written = ast.unparse(event.node)
    yield ctx.report(
        event.node,
        f"`@{written}` without parentheses takes this for the name of a package: what is defined here is"
        " lost, and calling it fails",
        help=f'write `@{written}(package="…")`',
        fix=partial(_fix, ctx.source, event.node),
    )


def _fix(source: SourceFile, node: ast.AST) -> Fix | None:
    around = enclosing(source, node)
    decorators = getattr(around[-1], "decorator_list", []) if around else []
    if not any(source.span(node) == source.span(item) for item in decorators):
        return None
    return safe("Add the parentheses", replace(source, node, f"{text_of(source, node)}()"))
