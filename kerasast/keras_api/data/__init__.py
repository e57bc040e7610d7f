"""The data files, one pair for each generation of Keras that kerasast knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GENERATIONS = ("2.15", "3.15")
"""The releases that the data were generated from, one for each generation, oldest first."""


def read(kind: str, generation: str) -> dict[str, Any]:
    """The content of one file; `kind` is `names` or `symbols`."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name(f"{kind}-{generation}.json").read_bytes())
    return content
