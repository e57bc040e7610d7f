"""What Keras is: canonical names, signatures and ancestry, for Keras 2.15 and Keras 3.15.

The data is generated from real installs by `scripts/generate_keras_api.py` and read only when needed.
"""

from __future__ import annotations

from kerasast.keras_api.names import ApiName, canonical
from kerasast.keras_api.symbols import (
    Parameter,
    Symbol,
    ancestors,
    exists,
    is_other_keras,
    lookup,
    lookup_method,
    members,
    non_trainable_state,
    weightless,
)

__all__ = [
    "ApiName",
    "Parameter",
    "Symbol",
    "ancestors",
    "canonical",
    "exists",
    "is_other_keras",
    "lookup",
    "lookup_method",
    "members",
    "non_trainable_state",
    "weightless",
]
