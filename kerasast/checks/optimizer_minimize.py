"""`optimizer.minimize()`, which the optimizers of Keras 3 do not have."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined, ObjectCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import Kind
from kerasast.registry import rule

_MESSAGE = "an optimizer of Keras 3 has no `minimize()`: the call raises"
_HELP = "take the gradients with a `tf.GradientTape` and give them to `optimizer.apply_gradients()`"


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ObjectCall),
    names=("minimize",),
    calls=("minimize",),
    keras=">=3",
    since="0.1",
)
def optimizer_minimize(ctx: Context, event: ClassDefined | ObjectCall) -> Iterator[Diagnostic]:
    if isinstance(event, ClassDefined):
        yield from _in_model(ctx, event.facts)
        return
    state = event.state
    if event.method != "minimize" or state.kind is not Kind.OPTIMIZER or state.cls is not None:
        return
    if not (state.api or "").startswith("keras.optimizers.") or ".legacy" in (state.api or ""):
        return
    if not is_guarded(ctx, event.node):
        yield ctx.report(event.node, _MESSAGE, help=_HELP)


def _in_model(ctx: Context, facts: ClassFacts) -> Iterator[Diagnostic]:
    """The optimizer that a model was compiled with."""
    if ".minimize" not in ctx.source.code or role_of(facts) is not Role.MODEL:
        return
    if not facts.ancestry.complete or "optimizer" in facts.stores:
        return
    for method in facts.own.values():
        for call in method.calls:
            if call.path == ("optimizer", "minimize") and not is_for_one_version(call.guards):
                yield ctx.report(call.node, _MESSAGE, help=_HELP)
