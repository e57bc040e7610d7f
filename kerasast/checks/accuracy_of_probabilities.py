"""`keras.metrics.Accuracy()` next to a crossentropy: it compares probabilities with labels for equality."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._compile_arguments import given, is_compile, loss_name
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Ref, Value
from kerasast.registry import rule

_NAMES = """
BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy BinaryFocalCrossentropy
CategoricalFocalCrossentropy binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy
binary_focal_crossentropy categorical_focal_crossentropy bce
"""
_CLASSIFICATION = frozenset(_NAMES.split())


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    since="0.1",
)
def accuracy_of_probabilities(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    losses = {loss_name(event, value) for _, value in given(event, "loss")}
    if not losses or not losses <= _CLASSIFICATION:
        return
    for parameter in ("metrics", "weighted_metrics"):
        for node, value in given(event, parameter):
            if _is_accuracy(event, value):
                yield ctx.report(
                    node,
                    "`keras.metrics.Accuracy` counts the predictions that equal the label exactly:"
                    " of probabilities it stays at 0",
                    help='pass `"accuracy"`, from which Keras takes the one that fits the loss',
                )


def _is_accuracy(event: ModelCall, value: Value) -> bool:
    state = event.view.state(value.id) if isinstance(value, Ref) else None
    return (
        state is not None
        and state.api == "keras.metrics.Accuracy"
        and state.cls is None
        and not state.escaped
    )
