"""Arguments of optimizers that Keras once had, and now ignores or rejects: `lr` and `decay`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, rename_keyword, safe
from kerasast.flow.arguments import Argument, place_of
from kerasast.flow.events import ApiUse
from kerasast.flow.values import Const
from kerasast.keras_api import ApiName, ancestors
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

_OPTIMIZERS = (
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "RMSprop",
    "SGD",
)

_NEW_OPTIMIZERS = KerasVersion(2, 11)
"""The release whose optimizers have neither argument; the ones before are now in `keras.optimizers.legacy`."""

_SCHEDULE = "give `learning_rate` a schedule such as `keras.optimizers.schedules.InverseTimeDecay`"


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ApiUse,),
    calls=_OPTIMIZERS,
    keras=">=2.11",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def legacy_optimizer_argument(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
    if event.arguments is None or not _is_new_optimizer(event.api, ctx.keras):
        return
    name = event.api.name.rpartition(".")[2]
    rate, decay = event.arguments.get("lr"), event.arguments.get("decay")
    if ctx.keras.major < 3 and event.arguments.value("learning_rate") is not None:
        rate = None
    if ctx.keras.major >= 3 and decay is not None and _is_nothing(decay):
        decay = None
    if (rate is None and decay is None) or is_guarded(ctx, event.node):
        return
    # Where both are given, one raises, and what would become of the other is not reached.
    if rate is not None and (decay is None or ctx.keras.major >= 3):
        yield _rate(ctx, event, rate, name, also_decay=decay is not None)
    elif decay is not None:
        yield _decay(ctx, event, decay, name, also_rate=rate is not None)


def _is_new_optimizer(api: ApiName, version: KerasVersion) -> bool:
    """Whether it is an optimizer of the Keras that is checked for, rather than of an older one beside it."""
    if ".legacy" in api.name or "compat.v1" in api.dotted or api.namespace == "tensorflow.python.keras":
        return False
    if api.namespace == "tf_keras" and version.major >= 3:
        return False
    return version >= _NEW_OPTIMIZERS and "keras.optimizers.Optimizer" in ancestors(api.name, version)


def _is_nothing(argument: Argument) -> bool:
    return isinstance(argument.value, Const) and not argument.value.value


def _rate(ctx: Context, event: ApiUse, argument: Argument, name: str, *, also_decay: bool) -> Diagnostic:
    if ctx.keras.major >= 3:
        message = f"`{name}` has no argument `lr` in Keras 3: it raises"
    else:
        message = f"`{name}` ignores `lr` since Keras 2.11: training runs with the default learning rate"
    help = f"{_SCHEDULE} instead of `lr` and `decay`" if also_decay else "call it `learning_rate`"
    fix = None if also_decay else partial(_rename_rate, ctx.source, event.node)
    return ctx.report(place_of(argument, event.node), message, help=help, fix=fix)


def _rename_rate(source: SourceFile, call: ast.AST) -> Fix | None:
    return safe("Rename `lr` to `learning_rate`", rename_keyword(source, call, "lr", "learning_rate"))


def _decay(ctx: Context, event: ApiUse, argument: Argument, name: str, *, also_rate: bool) -> Diagnostic:
    help = f"{_SCHEDULE} instead of `lr` and `decay`" if also_rate else _SCHEDULE
    if ctx.keras.major >= 3:
        message = f"`{name}` ignores `decay`: the learning rate stays the same"
    else:
        message = f"`{name}` has no argument `decay` since Keras 2.11: it raises"
        if _is_nothing(argument):
            help = "leave it out, and call `lr` `learning_rate`" if also_rate else "leave it out"
    fix = partial(_drop_decay, ctx.source, event.node, also_rate) if _is_nothing(argument) else None
    return ctx.report(place_of(argument, event.node), message, help=help, fix=fix)


def _drop_decay(source: SourceFile, call: ast.AST, also_rate: bool) -> Fix | None:
    dropped = remove_argument(source, call, "decay")
    if not also_rate:
        return safe("Remove `decay`", dropped)
    renamed = rename_keyword(source, call, "lr", "learning_rate")
    return safe("Remove `decay`, and rename `lr` to `learning_rate`", dropped, renamed)
