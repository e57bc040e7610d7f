"""`load_weights(…, skip_mismatch=True)` of a legacy HDF5 file, which Keras 2 does by name only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import set_keyword, unsafe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.hdf5 import is_legacy
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("load_weights",),
    calls=("load_weights",),
    text=r"skip_mismatch",
    keras="<3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def skip_mismatch_without_by_name(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    skips = event.arguments.get("skip_mismatch")
    if event.method != "load_weights" or skips is None or skips.value != Const(True):
        return
    if not event.before.kind.is_model or not event.arguments.complete:
        return
    if event.arguments.value("by_name") not in (None, Const(False)) or is_guarded(ctx, event.node):
        return
    if is_legacy(event.arguments.value("filepath")):
        yield ctx.report(
            place_of(skips, event.node),
            "Keras 2 raises: it skips what does not fit in an HDF5 file only if it reads the file by name",
            help="pass `by_name=True` too, or write the weights to a file that ends in `.weights.h5`",
            fix=partial(_fix, ctx.source, event.node),
        )


def _fix(source: SourceFile, call: ast.AST) -> Fix | None:
    return unsafe("Read the file by the names of layers", set_keyword(source, call, "by_name", "True"))
