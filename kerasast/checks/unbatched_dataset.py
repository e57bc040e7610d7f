"""A `tf.data.Dataset` of single samples, where Keras takes each element for a batch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._fits import decides_for_itself
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import replace, text_of, unsafe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import External, Value
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_STEPS = {"evaluate": "test", "fit": "train", "predict": "predict"}
_KEEPS = r"(?:\.(?:cache|prefetch|repeat|shard|shuffle|skip|take|with_options)\(\))*"
_SINGLE = re.compile(rf"tensorflow\.data\.Dataset\.(?:from_tensor_slices\(\)|.*\.unbatch\(\)){_KEEPS}")
"""A dataset of slices of arrays, or one whose batches were taken apart, and methods that make no batches."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_STEPS,
    calls=("from_tensor_slices", "unbatch"),
    also=_STEPS,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unbatched_dataset(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    method, before = event.method, event.before
    if method not in _STEPS or not before.kind.is_model:
        return
    step = _STEPS[method]
    if decides_for_itself(before, ctx.keras, method, f"{step}_step", f"make_{step}_function", "call"):
        return
    for name in ("x", "validation_data"):
        given = event.arguments.get(name)
        if given is None or not _is_single(given.value) or is_guarded(ctx, event.node):
            continue
        place = place_of(given, event.node)
        yield ctx.report(
            place,
            f"`{method}()` takes each element of a dataset for a batch, and those of this one are single samples",
            story=event.story,
            help="call `.batch(…)` on the dataset",
            fix=partial(_fix, ctx.source, place) if place is not event.node else None,
        )


def _is_single(value: Value) -> bool:
    return isinstance(value, External) and _SINGLE.fullmatch(value.name) is not None


def _fix(source: SourceFile, place: ast.AST) -> Fix | None:
    if not isinstance(place, ast.Name | ast.Attribute | ast.Call):
        return None
    return unsafe("Make batches of 32 samples", replace(source, place, f"{text_of(source, place)}.batch(32)"))
