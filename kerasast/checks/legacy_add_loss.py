"""`add_loss` on a symbolic tensor or with a function, and `add_metric`: Keras 3 has neither."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.methods import CallSite
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import FunctionValue, Tensor, Tri
from kerasast.registry import rule

_OF_METRIC = "`add_metric` is gone from Keras 3, where it raises `NotImplementedError`"
_OF_FUNCTION = (
    "`add_loss` is given a function, of which Keras 3 makes nothing: it takes tensors in `call`, and raises"
)
_OF_SYMBOL = "`add_loss` is given a symbolic tensor, for which it raises `NotImplementedError` in Keras 3"

_METRIC_HELP = "compile with `metrics=…`, or keep a metric as an attribute and update it in `call`"
_LOSS_HELP = "call `self.add_loss(…)` in the `call` of a layer that returns its inputs, and use that layer in the model"


@rule(
    category="architecture",
    severity=Severity.ERROR,
    on=(ModelCall, ClassDefined),
    names=("add_loss", "add_metric"),
    calls=("add_loss", "add_metric"),
    keras=">=3",
    since="0.1",
)
def legacy_add_loss(ctx: Context, event: ModelCall | ClassDefined) -> Iterator[Diagnostic]:
    if isinstance(event, ModelCall):
        message = _of_model(event)
        if message is not None and not is_guarded(ctx, event.node):
            yield ctx.report(event.node, message, help=_METRIC_HELP if message is _OF_METRIC else _LOSS_HELP)
        return
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or not facts.ancestry.complete or facts.dynamic:
        return
    for method in facts.own.values():
        for call in method.calls:
            if facts.defines(call.path[0] if call.path else "") or is_for_one_version(call.guards):
                continue
            if call.path == ("add_metric",):
                yield ctx.report(call.node, _OF_METRIC, help=_METRIC_HELP)
            elif call.path == ("add_loss",) and _is_given_lambda(call):
                yield ctx.report(call.node, _OF_FUNCTION, help="give it a tensor, in `call`")


def _of_model(event: ModelCall) -> str | None:
    """What is wrong with a call of a method of a model or layer that is followed, if anything is."""
    if not event.before.kind.has_weights or event.before.cls is not None:
        return None
    if event.method == "add_metric":
        return _OF_METRIC
    first = event.arguments.positional[0].value if event.arguments.positional else None
    if event.method != "add_loss":
        return None
    if isinstance(first, FunctionValue):
        return _OF_FUNCTION
    return _OF_SYMBOL if isinstance(first, Tensor) and first.symbolic is Tri.YES else None


def _is_given_lambda(call: CallSite) -> bool:
    return bool(call.node.args) and isinstance(call.node.args[0], ast.Lambda)
