"""Lists of numbers given to Keras 3, which wants arrays, and generators that give lists, where it wants tuples."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._fits import decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, Generator, Kind, Ref, Value
from kerasast.registry import rule
from kerasast.walking import walk

_METHODS = frozenset({"fit", "evaluate", "predict"})


@rule(
    category="migration",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_METHODS,
    calls=_METHODS,
    keras=">=3",
    since="0.1",
)
def list_as_data(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method not in _METHODS or decides_for_itself(event.before, ctx.keras, event.method):
        return
    for name in ("x", "y", "sample_weight"):
        given = event.arguments.get(name)
        if given is not None and _is_of_numbers(event, given.value) and not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(given, event.node),
                f"`{name}` is a list of numbers, where Keras 3 wants an array: `{event.method}()` raises",
                help="make an array of it: `np.array(…)`",
            )
    for name in ("x", "validation_data"):
        given = event.arguments.get(name)
        if given is not None and isinstance(given.value, Generator) and _gives_lists(given.value.node):
            yield ctx.report(
                place_of(given, event.node),
                f"the generator `{given.value.node.name}` yields a list, where Keras 3 wants a tuple:"
                f" `{event.method}()` raises",
                help="write `yield x, y`, without brackets",
            )


def _is_of_numbers(event: ModelCall, value: Value, depth: int = 0) -> bool:
    """Whether a value is a list of numbers, or of such lists."""
    if not isinstance(value, Ref) or event.view.state(value.id).kind is not Kind.LIST or depth > 4:
        return False
    items = event.view.items(value)
    return bool(items) and all(
        type(item.value) in (int, float)
        if isinstance(item, Const)
        else _is_of_numbers(event, item, depth + 1)
        for item in items or ()
    )


def _gives_lists(function: ast.FunctionDef) -> bool:
    """Whether a generator yields lists and nothing else."""
    yielded = [node for node in walk(function) if isinstance(node, ast.Yield | ast.YieldFrom)]
    return bool(yielded) and all(isinstance(node.value, ast.List) for node in yielded)
