"""`optimizer.lr = …`: an attribute that the optimizers of Keras 3 do not have, and take without a word."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import rename_attribute, safe
from kerasast.flow.events import AttributeSet
from kerasast.flow.values import Kind
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(AttributeSet,),
    calls=(".lr",),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def legacy_lr_attribute(ctx: Context, event: AttributeSet) -> Iterator[Diagnostic]:
    state = event.state
    if event.attribute != "lr" or state.kind is not Kind.OPTIMIZER or state.cls is not None:
        return
    if not (state.api or "").startswith("keras.optimizers.") or ".legacy" in (state.api or ""):
        return
    if not isinstance(event.node, ast.Attribute) or is_guarded(ctx, event.node):
        return
    yield ctx.report(
        event.node,
        "`lr` of an optimizer means nothing to Keras 3: the learning rate stays as it is",
        help="assign to `learning_rate`",
        fix=partial(_fix, ctx.source, event.node),
    )


def _fix(source: SourceFile, target: ast.Attribute) -> Fix | None:
    return safe("Assign to `learning_rate`", rename_attribute(source, target, "learning_rate"))
