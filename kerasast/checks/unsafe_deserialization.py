"""`safe_mode=False` and `enable_unsafe_deserialization()`: files that run code when they are loaded."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ApiUse
from kerasast.flow.values import Const
from kerasast.registry import rule

_LOADERS = frozenset({"keras.models.load_model", "keras.saving.deserialize_keras_object"})

_SWITCH = "enable_unsafe_deserialization"


@rule(
    category="security",
    severity=Severity.WARNING,
    on=(ApiUse,),
    calls=("load_model", "deserialize_keras_object", _SWITCH),
    opt_in=True,
    cwe=(502,),
    since="0.1",
)
def unsafe_deserialization(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
    name, arguments = event.api.name, event.arguments
    if arguments is None:
        return
    if name.rpartition(".")[2] == _SWITCH:
        yield ctx.report(
            event.node,
            f"`{_SWITCH}()` lets every model file that is loaded from now on run code of its own",
            help="leave safe mode on, and write registered layers instead of `Lambda` layers",
        )
        return
    given = arguments.get("safe_mode")
    # `None` is false too, but Keras takes only `False` for an answer.
    if name in _LOADERS and given is not None and given.value == Const(False):
        yield ctx.report(
            place_of(given, event.node),
            "`safe_mode=False` lets the file run code of its own while it is loaded",
            help="leave safe mode on, and write registered layers instead of `Lambda` layers",
        )
