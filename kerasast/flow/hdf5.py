"""What was frozen in a model when its weights were written to a legacy HDF5 file.

In such a file the weights of a model inside a model stand in the order trainable ones first, in which `load_weights()`
gives them out again (observed on Keras 2.15 and 3.15). Files that end in `.weights.h5` have no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasast.flow.text import known_suffix, path_key

if TYPE_CHECKING:
    from kerasast.flow.machine import Machine
    from kerasast.flow.values import Flags, Ref, Value


def is_legacy(path: Value | None) -> bool:
    """Whether the name of a file is certainly that of a legacy HDF5 file."""
    suffix = known_suffix(path) or ""
    return suffix.endswith((".h5", ".hdf5")) and not suffix.endswith((".weights.h5", ".weights.hdf5"))


def note_hdf5(machine: Machine, model: Ref, path: Value | None) -> None:
    """Remember what is frozen in a model that is written here, or whose weights are."""
    key = path_key(path)
    state = machine.world.state(model.id)
    if key is None or not state.kind.is_model or not is_legacy(path):
        return
    parts = ((part, machine.world.state(part)) for part in machine.world.contents(model.id))
    flags: Flags = tuple((part, inner.trainable, inner.layers_trainable) for part, inner in parts)
    machine.world.update(model.id, hdf5={**state.hdf5, key: flags})
