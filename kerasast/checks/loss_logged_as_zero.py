"""A `train_step` that returns the loss under the name of a tracker of Keras 3 which it does not update."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._training_steps import gives_self, has_metrics, is_result, own_steps, returned_keys
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import rule

_TRACKERS = frozenset({"metrics", "_metrics", "compiled_metrics", "_compile_metrics", "_loss_tracker"})
"""Attributes by which a step may update the tracker of the loss."""


@rule(category="training", severity=Severity.ERROR, on=(ClassDefined,), keras=">=3", since="0.1")
def loss_logged_as_zero(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    steps = [method for method in own_steps(facts) if not _may_update(method)]
    if (
        not steps
        or has_metrics(facts)
        or any(_is_run_by_hand(ctx, name) for name in ("train_step", "test_step"))
    ):
        return
    if any(read.attr == "_loss_tracker" for method in facts.methods() for read in method.reads):
        return
    for method in steps:
        node = _raw_loss(method) or _metrics_of_keras(method)
        if node is not None:
            yield _report(ctx, facts, method, node)


def _report(ctx: Context, facts: ClassFacts, method: MethodFacts, node: ast.expr) -> Diagnostic:
    logged = "`loss`" if method.name == "train_step" else "`val_loss`, or `loss` of `evaluate()`,"
    return ctx.report(
        node,
        f"{logged} of `{facts.cls.name}` is logged as 0.0: Keras 3 takes it from a tracker of its own,"
        f" which `{method.name}` does not update",
        help='update a metric `keras.metrics.Mean(name="loss")` and return its `result()`,'
        " or return the value under another name",
    )


def _may_update(method: MethodFacts) -> bool:
    """Whether a step may update the tracker of Keras: through the metrics, or the step of the base class."""
    if any(read.attr in _TRACKERS for read in method.reads) or gives_self(method):
        return True
    return any(method.super_calls(method.name))


def _raw_loss(method: MethodFacts) -> ast.expr | None:
    """The loss that a step returns as it is, when it returns nothing else."""
    returned = returned_keys(method)
    if returned is None or set(returned) != {"loss"}:
        return None
    values = returned["loss"]
    return None if any(is_result(method, value) for value in values) else values[0]


def _metrics_of_keras(method: MethodFacts) -> ast.expr | None:
    """A returned `self.compute_metrics(…)`, as Keras 2.11 and later have it."""
    for item in method.returns:
        match item.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="compute_metrics")):
                if name == method.self_name:
                    return item.value
    return None


def _is_run_by_hand(ctx: Context, name: str) -> bool:
    """Whether code of the project calls a step of a model by itself: `model.train_step(batch)`."""
    return ctx.project.mentions(rf"\.{name}\((?<!super\(\)\.{name}\()")
