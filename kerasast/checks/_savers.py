"""`Saver` of TensorFlow 1, which writes the variables that it is given."""

from __future__ import annotations

from kerasast.flow.arguments import Argument
from kerasast.flow.events import ExternalCall

SAVERS = frozenset({"tensorflow.compat.v1.train.Saver", "tensorflow.train.Saver"})


def is_saver(event: ExternalCall) -> bool:
    """Whether the call makes a `Saver`."""
    return event.name in SAVERS


def variables_given(event: ExternalCall) -> list[Argument]:
    """The argument for `var_list`, by position or by name."""
    named = event.arguments.get("var_list")
    return [*event.arguments.positional[:1], *([named] if named is not None and named.keyword else [])]
