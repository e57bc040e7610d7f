"""Words that several rules use in their messages."""

from __future__ import annotations

from collections.abc import Sequence

from kerasast.versions import KerasVersion

CONFIG_ORDER = ("name", "trainable", "dtype", "reduction")
"""The order in which messages name what the config of a Keras base class has."""


def listed(names: Sequence[str]) -> str:
    """Names in code quotes, as English lists them: `` `a`, `b` and `c` ``."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def saved(name: str, version: KerasVersion) -> str:
    """A saved instance of a class. The folders that Keras 2 can save to hold more than configs and are fine."""
    return f"a saved `{name}`" if version.major >= 3 else f"a `{name}` saved as `.keras` or `.h5`"
