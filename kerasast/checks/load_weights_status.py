"""Methods of a checkpoint's status, called on what `load_weights()` returns."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ExternalCall
from kerasast.registry import rule

_METHODS = frozenset(
    [
        "assert_consumed",
        "assert_existing_objects_matched",
        "assert_nontrivial_match",
        "expect_partial",
        "initialize_or_restore",
        "run_restore_ops",
    ]
)
"""Methods of the status objects of `tf.train.Checkpoint`."""


@rule(category="loading", severity=Severity.ERROR, on=(ExternalCall,), calls=_METHODS, since="0.1")
def load_weights_status(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    loaded, _, method = event.name.rpartition("().")
    if loaded == "load_weights" and method in _METHODS and not is_guarded(ctx, event.node):
        yield ctx.report(
            event.node,
            f"`load_weights()` returns `None` here, which has no `{method}()`",
            help=f"leave `.{method}()` out: only TensorFlow checkpoints in Keras 2 have a status",
        )
