"""`self.compiled_metrics.update_state(y, y_pred)`, which in Keras 3 makes the predictions part of the logged loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version
from kerasast.checks._training_steps import is_result, own_steps
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import rule
from kerasast.walking import walk

_REPORTS = frozenset({"metrics", "_metrics", "get_metrics_result"})


@rule(category="training", severity=Severity.ERROR, on=(ClassDefined,), keras=">=3", since="0.1")
def compiled_metrics_update(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if "compiled_metrics" in facts.stores or facts.defines("compiled_metrics") or facts.defines("metrics"):
        return
    for method in own_steps(facts):
        call = next(
            (item for item in method.calls if item.path == ("compiled_metrics", "update_state")), None
        )
        if call is None or is_for_one_version(call.guards) or not _reports_metrics(method):
            continue
        logged = "loss" if method.name == "train_step" else "val_loss"
        yield ctx.report(
            call.node,
            "`compiled_metrics.update_state()` of Keras 3 gives the predictions to the tracker of the loss too:"
            f" `{logged}` of `{facts.cls.name}` is logged as their mean",
            help='update each of `self.metrics` in a loop: the one called "loss" with the loss, the others with the'
            " labels and predictions",
        )


def _reports_metrics(method: MethodFacts) -> bool:
    """Whether a step returns what the metrics say, and never puts the loss itself in its place."""
    if any(_sets_loss(method, node) for node in walk(method.node)):
        return False
    return any(read.attr in _REPORTS for read in method.reads)


def _sets_loss(method: MethodFacts, node: ast.AST) -> bool:
    match node:
        case ast.Dict(keys=keys, values=values):
            return any(
                isinstance(key, ast.Constant) and key.value == "loss" and not is_result(method, value)
                for key, value in zip(keys, values, strict=True)
            )
        case ast.Subscript(slice=ast.Constant(value="loss"), ctx=ast.Store()):
            return True
        case ast.keyword(arg="loss"):
            return True
    return False
