"""Arguments of `fit()`, `compile()` and the like that Keras 3 does not take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, rename_keyword, safe, unsafe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_DATA = ("x", "y", "batch_size", "verbose")
_BATCH = ("x", "y", "sample_weight", "return_dict")

_TAKEN = {
    "fit": frozenset(
        [
            *_DATA,
            "epochs",
            "callbacks",
            "validation_split",
            "validation_data",
            "shuffle",
            "class_weight",
            "sample_weight",
            "initial_epoch",
            "steps_per_epoch",
            "validation_steps",
            "validation_batch_size",
            "validation_freq",
        ]
    ),
    "evaluate": frozenset([*_DATA, "sample_weight", "steps", "callbacks", "return_dict"]),
    "predict": frozenset(["x", "batch_size", "verbose", "steps", "callbacks"]),
    "train_on_batch": frozenset([*_BATCH, "class_weight"]),
    "test_on_batch": frozenset(_BATCH),
    "predict_on_batch": frozenset(["x"]),
    "compile": frozenset(
        [
            "optimizer",
            "loss",
            "loss_weights",
            "metrics",
            "weighted_metrics",
            "run_eagerly",
            "steps_per_execution",
            "jit_compile",
            "auto_scale_loss",
        ]
    ),
}
"""What each method takes in Keras 3.15.1, on every backend (`inspect.signature`)."""

_WORKERS = ("max_queue_size", "use_multiprocessing", "workers")
"""How Keras 2 read data from generators; in Keras 3 the data says it: `PyDataset(workers=…)`."""

_RENAMED = {"nb_epoch": "epochs", "samples_per_epoch": "steps_per_epoch"}


@rule(
    category="training",
    severity=Severity.ERROR,
    keras=">=3",
    on=(ModelCall,),
    calls=tuple(_TAKEN),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unknown_training_argument(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    taken = _TAKEN.get(event.method)
    if taken is None or not event.before.kind.is_model or event.before.cls is not None:
        return
    for name, argument in event.arguments.bound.items():
        if not argument.keyword or name in taken or is_guarded(ctx, event.node):
            continue
        yield ctx.report(
            place_of(argument, event.node),
            f"`{event.method}()` of Keras 3 has no argument `{name}`: the call raises",
            help=_help(name, taken),
            fix=partial(_fix, ctx.source, event.node, name),
        )


def _help(name: str, taken: frozenset[str]) -> str:
    if name in _WORKERS:
        return f"leave it out, or give `{name}` to the `keras.utils.PyDataset` that makes the data"
    meant = _RENAMED.get(name) or next(iter(get_close_matches(name, sorted(taken), 1, 0.8)), None)
    return "leave it out" if meant is None else f"call it `{meant}`"


def _fix(source: SourceFile, call: ast.AST, name: str) -> Fix | None:
    if name == "nb_epoch":
        return safe("Call it `epochs`", rename_keyword(source, call, name, "epochs"))
    title = f"Leave out `{name}`"
    if name in _WORKERS:
        return safe(title, remove_argument(source, call, name))
    return unsafe(title, remove_argument(source, call, name)) if name == "reset_metrics" else None
