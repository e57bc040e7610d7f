"""A `train_step` that never updates the metrics of `compile()`, of which Keras 3 wants the results."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kerasast.checks._training_steps import gives_self, own_steps
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.methods import MethodFacts
from kerasast.flow.values import Ref, Tri, TupleValue
from kerasast.registry import rule
from kerasast.walking import walk

_UPDATERS = frozenset(
    {"_compile_metrics", "_compiled_metrics_update_state", "compiled_metrics", "compute_metrics"}
)
_OVERRIDES = ("compile", "compute_metrics", "metrics", "reset_metrics", "compiled_metrics")
"""What a model defines that has other metrics than those of `compile()`, or makes others of them."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("fit",),
    calls=("fit",),
    text=r"def train_step",
    keras=">=3",
    since="0.1",
)
def compiled_metrics_not_updated(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method != "fit" or not _has_metrics_argument(event) or _is_evaluated_before(ctx, event):
        return
    if event.before.cls is None or event.before.escaped:
        return
    facts = class_facts(event.before.cls, ctx.keras)
    step = next((method for method in own_steps(facts) if method.name == "train_step"), None)
    if step is None or not _keeps_compiled_metrics(facts, event):
        return
    if any(_may_update(method) for method in facts.methods() if method.name != "test_step"):
        return
    yield ctx.report(
        event.node,
        f"the `train_step` of `{facts.cls.name}` never updates the metrics of `compile()`,"
        " and Keras 3 fails when it asks for their values",
        story=(*event.story, *_steps(ctx, step)),
        help="call `self.compute_metrics(x, y, y_pred, sample_weight)` in `train_step`, or compile without metrics",
    )


def _steps(ctx: Context, step: MethodFacts) -> Iterator[Step]:
    if step.owner.scope.module.source is ctx.source:
        yield ctx.step(step.node, "the step that updates no metric of `compile()`")


def _has_metrics_argument(event: ModelCall) -> bool:
    """Whether `compile()` was given metrics for certain; an empty list counts."""
    state = event.before
    if state.compiled is not Tri.YES or not state.compile_complete:
        return False
    given = [state.compile_arguments.get(name) for name in ("metrics", "weighted_metrics")]
    return any(isinstance(value, Ref | TupleValue) for value in given)


def _is_evaluated_before(ctx: Context, event: ModelCall) -> bool:
    """Whether the inherited `test_step` may have updated the metrics, which then have a value."""
    before = ctx.source.code[: ctx.source.span(event.node).start]
    return re.search(r"\b(?:evaluate|test_on_batch)\(", before) is not None


def _keeps_compiled_metrics(facts: ClassFacts, event: ModelCall) -> bool:
    return not any(facts.defines(name) or name in event.before.attributes for name in _OVERRIDES)


def _may_update(method: MethodFacts) -> bool:
    """Whether a method may update the metrics of `compile()`, by itself or by code that is given the model."""
    if gives_self(method) or any(method.super_calls("train_step")):
        return True
    names = {node.attr for node in walk(method.node) if isinstance(node, ast.Attribute)}
    return bool(names & _UPDATERS) or ("metrics" in names and _updates_some_local(method))


def _updates_some_local(method: MethodFacts) -> bool:
    """Whether `update_state()` is called on something that is not an attribute of the model."""
    return any(
        isinstance(call.node.func, ast.Attribute)
        and call.node.func.attr == "update_state"
        and len(call.path) != 2
        for call in method.calls
    )
