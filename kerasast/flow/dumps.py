"""Calls outside Keras that write objects to files: what is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerasast.flow.arguments import Argument
from kerasast.flow.values import Value

if TYPE_CHECKING:
    from kerasast.flow.events import ExternalCall

ARRAY_WRITERS = {
    "numpy.save": ("arr",),
    "numpy.savetxt": ("X",),
    "numpy.savez": (),
    "numpy.savez_compressed": (),
}
"""NumPy's functions that write arrays, with the parameters after the file's; none for any number of arrays."""

PICKLERS = frozenset(
    f"{module}.{function}"
    for module in ("pickle", "_pickle", "cPickle", "cloudpickle", "dill")
    for function in ("dump", "dumps")
) | {"joblib.dump", "sklearn.externals.joblib.dump"}
"""Functions that write their first argument, `obj` or `value`, as a pickle."""


def dumped(event: ExternalCall) -> Iterator[tuple[Argument, Value]]:
    """What a call writes to a file, with the argument it is in: also what a list or dict given to it holds."""
    for argument in _written(event):
        items = event.view.items(argument.value)
        yield argument, argument.value
        for item in items or ():
            yield argument, item


def _written(event: ExternalCall) -> Iterator[Argument]:
    arguments = event.arguments
    if event.name in ARRAY_WRITERS:
        names = ARRAY_WRITERS[event.name]
        yield from arguments.positional[1 : 2 if names else None]
        for name, argument in arguments.bound.items():
            if argument.keyword and (name in names if names else name != "file"):
                yield argument
    elif event.name in PICKLERS:
        yield from arguments.positional[:1]
        for name in ("obj", "value"):
            if (given := arguments.get(name)) is not None and given.keyword:
                yield given
