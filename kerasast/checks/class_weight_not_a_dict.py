"""`fit(class_weight=[1.0, 2.0])`: weights of classes in something else than a dict."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._fits import FITS, decides_for_itself
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, External, Kind, Ref, TupleValue, Value
from kerasast.registry import rule

_ARRAYS = frozenset(
    {"numpy.array()", "numpy.asarray()", "numpy.ones()", "sklearn.utils.class_weight.compute_class_weight()"}
)


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=FITS,
    calls=FITS,
    text=r"class_weight\s*=",
    since="0.1",
)
def class_weight_not_a_dict(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    given = event.arguments.get("class_weight")
    if event.method not in FITS or given is None or decides_for_itself(event.before, ctx.keras, event.method):
        return
    what = _what(event, given.value)
    if what is not None:
        yield ctx.report(
            place_of(given, event.node),
            f"`class_weight` is {what}, where Keras wants a dict: `{event.method}()` raises",
            help="make a dict from the numbers of the classes: `dict(enumerate(…))`",
        )


def _what(event: ModelCall, value: Value) -> str | None:
    """What is given that is certainly no dict."""
    match value:
        case Ref(target) if event.view.state(target).kind is Kind.LIST:
            # Old releases of Keras 2 took a list of dicts, one for each output.
            items = event.view.items(value)
            return "a list" if items and all(isinstance(item, Const) for item in items) else None
        case TupleValue():
            return "a tuple"
        case External(name) if name in _ARRAYS:
            return "an array"
        case Const(str(text)):
            return f'"{text}"'
    return None
