"""`optimizer.lr = …`: an attribute that the optimizers of Keras 3 do not have, and take without a word."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import AttributeSet
from kerasast.flow.values import Kind
from kerasast.registry import rule


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(AttributeSet,),
    calls=(".lr",),
    keras=">=3",
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
    )
