"""A model loaded from an HDF5 file that is trained with the optimizer which Keras 3 restored."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.flow.hdf5 import is_legacy
from kerasast.flow.values import ObjectState, Tri
from kerasast.registry import rule

_TRAINING = frozenset({"fit", "train_on_batch"})


# Since Keras 3.0 `load_model()` binds the optimizer to `model._trainable_variables`, which are the variables that the
# model holds itself, without its layers: to none.
@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_TRAINING,
    calls=("load_model",),
    also=_TRAINING,
    keras=">=3",
    since="0.1",
)
def refit_from_hdf5(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    if event.method not in _TRAINING or before.escaped or not _is_as_loaded(before):
        return
    if is_guarded(ctx, event.node) or ctx.project.mentions(r"def (?:train_step|fit|train_on_batch)\b"):
        return
    yield ctx.report(
        event.node,
        f"`{event.method}()` fails: the optimizer that Keras 3 restores from an HDF5 file knows no weight of the model",
        story=event.story,
        help="save the model as `.keras`, or `compile()` it again with a new optimizer after loading",
    )


def _is_as_loaded(state: ObjectState) -> bool:
    """Whether a model came from an HDF5 file, and has not been compiled since."""
    if state.restored is None or state.trace[:1] != (state.restored,):
        return False
    if state.compiled is not Tri.MAYBE or state.compile_arguments or "optimizer" in state.attributes:
        return False
    return is_legacy(state.arguments.get("filepath"))
