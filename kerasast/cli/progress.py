"""A line on the terminal that says how far a long run is."""

from __future__ import annotations

import time
from typing import IO

PATIENCE = 1.0
"""Seconds that pass before anything is shown."""

INTERVAL = 0.1


class Progress:
    """Shows `Checking 12/340` on a terminal, and removes it at the end; nothing elsewhere, or if it goes fast."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._enabled = stream.isatty()
        self._next = time.monotonic() + PATIENCE
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self._enabled or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + INTERVAL
        self._shown = True
        self._stream.write(f"\r\x1b[K{what} {done}/{total}")
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
