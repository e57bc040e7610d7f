"""`@register_keras_serializable` without parentheses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ApiUse
from kerasast.registry import rule


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ApiUse,),
    calls=("register_keras_serializable",),
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
    )
