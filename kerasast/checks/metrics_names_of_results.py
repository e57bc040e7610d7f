"""`model.metrics_names` taken for the names of what `evaluate()` returns, which in Keras 3 they are not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._compile_arguments import compiled_with_metrics
from kerasast.checks._fits import decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import replace, text_of, unsafe
from kerasast.flow.events import NamesUsed
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_RESULTS = frozenset({"evaluate", "evaluate_generator", "test_on_batch", "train_on_batch"})


# `metrics_names` has been `["loss", "compile_metrics"]` since Keras 3.0.
@rule(
    category="training",
    severity=Severity.ERROR,
    on=(NamesUsed,),
    calls=_RESULTS,
    text=r"metrics_names",
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def metrics_names_of_results(ctx: Context, event: NamesUsed) -> Iterator[Diagnostic]:
    state = event.view.state(event.target)
    if state.escaped or not compiled_with_metrics(event.view, state):
        return
    if decides_for_itself(state, ctx.keras, "metrics", "metrics_names", "compile"):
        return
    what = _consequence(event)
    if what is None or is_guarded(ctx, event.node):
        return
    yield ctx.report(
        event.node,
        f"in Keras 3 `metrics_names` is `['loss', 'compile_metrics']`, whatever metrics there are: {what}",
        story=state.trace,
        severity=Severity.WARNING if event.use == "[]" else Severity.ERROR,
        help="use `evaluate(…, return_dict=True)`, which returns each value under its name",
        fix=partial(_fix, ctx.source, event.node),
    )


def _consequence(event: NamesUsed) -> str | None:
    match event.use, event.key, event.node:
        case "zip", _, ast.Call(args=args) if any(map(_is_metrics, args)):
            return None  # Each metric with its name.
        case "zip" | "enumerate", *_:
            return "the names do not belong to the values"
        case "index", str(key), _ if key not in ("loss", "compile_metrics"):
            return f"looking for `{key}` raises `ValueError`"
        case "[]", int(key), _ if key > 0:
            return "this is not the name of a metric" if key == 1 else "this raises `IndexError`"
    return None


def _is_metrics(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "metrics"


def _fix(source: SourceFile, node: ast.AST) -> Fix | None:
    """Make `zip(model.metrics_names, model.evaluate(x))` into `model.evaluate(x, return_dict=True).items()`."""
    match node:
        case ast.Call(
            func=ast.Name(id="zip"),
            args=[ast.Attribute(value=model), ast.Call(func=ast.Attribute(value=other, attr=method)) as call],
            keywords=[],
        ) if method in _RESULTS and ast.dump(model) == ast.dump(other):
            text = text_of(source, call)
            if text is None or any(isinstance(item, ast.Starred) for item in call.args):
                return None
            if any(item.arg in (None, "return_dict") for item in call.keywords):
                return None
            given = text[:-1].rstrip().removesuffix(",")
            separator = "" if given.endswith("(") else ", "
            return unsafe(
                "Let Keras return the values under their names",
                replace(source, node, f"{given}{separator}return_dict=True).items()"),
            )
    return None
