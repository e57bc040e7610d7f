"""`fit_generator`, `predict_classes` and others: methods that models no longer have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import rename_attribute, rename_keyword, safe
from kerasast.flow.events import ModelCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_INSTEAD = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
"""Methods of Keras 2.15 that Keras 3 does not have."""

_OF_SEQUENTIAL = {
    "predict_classes": "take `argmax(axis=-1)` of `predict()`, or `predict() > 0.5` where there is one output",
    "predict_proba": "call `predict()`",
}
"""Methods that neither Keras 2.15 nor Keras 3 has."""


@rule(
    category="training",
    severity=Severity.ERROR,
    keras=">=2.6",
    on=(ModelCall,),
    names=(*_INSTEAD, *_OF_SEQUENTIAL),
    calls=(*_INSTEAD, *_OF_SEQUENTIAL),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def removed_model_method(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not event.before.kind.is_model or event.before.cls is not None:
        return
    method = event.method
    is_gone = method in _OF_SEQUENTIAL if ctx.keras.major < 3 else method in {**_INSTEAD, **_OF_SEQUENTIAL}
    if not is_gone or is_guarded(ctx, event.node):
        return
    instead = _INSTEAD.get(method)
    yield ctx.report(
        event.node,
        f"models have no `{method}()` any more: the call raises",
        help=_OF_SEQUENTIAL[method] if instead is None else f"call `{instead}()`, which takes generators too",
        fix=None if instead is None else partial(_fix, ctx.source, event.node, instead),
    )


def _fix(source: SourceFile, call: ast.AST, instead: str) -> Fix | None:
    """Another name; `unknown-training-argument` sees to the arguments that the new method does not take."""
    renamed = rename_attribute(source, call, instead)
    if isinstance(call, ast.Call) and any(item.arg == "generator" for item in call.keywords):
        return safe(f"Call `{instead}()`", renamed, rename_keyword(source, call, "generator", "x"))
    return safe(f"Call `{instead}()`", renamed)
