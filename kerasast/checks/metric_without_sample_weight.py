"""A metric whose `update_state` does not take the weights of samples that Keras calls it with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ClassValue, Ref
from kerasast.registry import rule
from kerasast.versions import KerasVersion


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    since="0.1",
)
def metric_without_sample_weight(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    for name in ("metrics", "weighted_metrics"):
        for place, value in given(event, name):
            state = event.view.state(value.id) if isinstance(value, Ref) else None
            if state is None or state.cls is None or "update_state" in state.attributes:
                continue
            if _takes_none(state.cls, ctx.keras):
                yield ctx.report(
                    place,
                    f"Keras calls `update_state` of `{state.cls.name}` with `sample_weight`, which it does not take:"
                    " training raises `TypeError`",
                    help="write `def update_state(self, y_true, y_pred, sample_weight=None)`",
                )


def _takes_none(cls: ClassValue, version: KerasVersion) -> bool:
    """Whether a metric class certainly has an `update_state` without `sample_weight`."""
    facts = class_facts(cls, version)
    method = facts.method("update_state")
    if (
        role_of(facts) is not Role.METRIC
        or not facts.ancestry.complete
        or facts.is_decorated
        or method is None
    ):
        return False
    arguments: ast.arguments = method.node.args
    if arguments.vararg is not None or arguments.kwarg is not None or method.node.decorator_list:
        return False
    return "sample_weight" not in {item.arg for item in (*arguments.args, *arguments.kwonlyargs)}
