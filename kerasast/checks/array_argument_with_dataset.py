"""Arguments of `fit()` that go with arrays, given together with a dataset."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, unsafe
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const, External, Ref, Value
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_METHODS = frozenset({"fit", "evaluate"})

_DATASET = re.compile(
    r"tensorflow\.data\.(?:(?:TFRecord|TextLine)Dataset\(\)|Dataset\.\w+\(\))(?:\.(?:batch|cache|concatenate|filter|map"
    r"|padded_batch|prefetch|repeat|shuffle|skip|take|unbatch|with_options)\(\))*"
)
"""A `tf.data.Dataset`, as far as its methods give one again."""

_IN_IT = {"y": "the targets", "sample_weight": "the weights of samples"}


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_METHODS,
    calls=_METHODS,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def array_argument_with_dataset(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if (
        event.method not in _METHODS
        or not event.before.kind.is_model
        or event.method in event.before.attributes
    ):
        return
    if event.before.cls is not None:
        lineage = ancestry(event.before.cls, ctx.keras)
        if not lineage.complete or lineage.defines(event.method):
            return
    source = _source(ctx, event, event.arguments.value("x"))
    if source is None:
        return
    for name, what in _IN_IT.items():
        given = event.arguments.get(name)
        if given is not None and _is_given(given.value):
            yield ctx.report(
                place_of(given, event.node),
                f"`{event.method}()` does not take `{name}` beside a {source}",
                help=f"let the {source} give {what} together with the inputs",
            )
    split = event.arguments.get("validation_split")
    if split is None or not isinstance(split.value, Const) or not split.value.value:
        return
    if event.arguments.value("validation_data") in (None, Const(None)):
        yield ctx.report(
            place_of(split, event.node),
            f"`validation_split` cannot divide a {source}",
            help="divide the data before, and pass one part as `validation_data`",
            fix=partial(_fix, ctx.source, event.node),
        )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    """Train without validation, if nothing seems to ask for it."""
    if "val_" in source.code or "EarlyStopping" in source.code:
        return None
    return unsafe("Leave out `validation_split`", remove_argument(source, call, "validation_split"))


def _source(ctx: Context, event: ModelCall, value: Value | None) -> str | None:
    """What is given in place of arrays, if it certainly is something else."""
    if isinstance(value, External) and _DATASET.fullmatch(value.name):
        return "`tf.data.Dataset`"
    if isinstance(value, Ref):
        state = event.view.state(value.id)
        if state.cls is not None and ancestry(state.cls, ctx.keras).derives("keras.utils.PyDataset"):
            return f"`{'PyDataset' if ctx.keras.major >= 3 else 'Sequence'}`"
    return None


def _is_given(value: Value) -> bool:
    """Whether a value is certainly something: an array, a tensor, a list."""
    return (
        isinstance(value, External)
        and value.name.startswith(("numpy.", "tensorflow."))
        and value.name.endswith("()")
    )
