"""How far the first look at a large project has come, for editors that show it."""

from __future__ import annotations

import asyncio
import time
import uuid
from concurrent.futures import TimeoutError as NoAnswer
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

PATIENCE = 0.3
"""Seconds after which work is worth a sign that it is going on."""

_PAUSE = 0.1
"""Seconds between two signs."""

_ANSWER = 2.0
"""Seconds in which the client must have agreed to be told."""


class WorkProgress:
    """Tells the client how far some work has come, if it takes long. Used from the thread that does the work."""

    def __init__(self, server: LanguageServer, loop: asyncio.AbstractEventLoop, title: str) -> None:
        self._server = server
        self._loop = loop
        self._title = title
        self._token: str | None = None
        self._next = time.monotonic() + PATIENCE

    def __call__(self, what: str, done: int, total: int) -> None:
        """So much is done; see `kerasast.engine.Progress`."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        if self._token is None and not self._begin():
            self._next = float("inf")
            return
        assert self._token is not None
        percentage = 100 * done // max(total, 1)
        value = types.WorkDoneProgressReport(message=f"{what} {done}/{total}", percentage=percentage)
        self._tell(value)

    def _begin(self) -> bool:
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return False
        token = f"kerasast-{uuid.uuid4()}"
        asked = asyncio.run_coroutine_threadsafe(
            self._server.work_done_progress.create_async(token), self._loop
        )
        try:
            asked.result(_ANSWER)
        except (NoAnswer, asyncio.CancelledError):
            return False
        self._token = token
        self._tell(types.WorkDoneProgressBegin(self._title, percentage=0))
        return True

    def end(self) -> None:
        """The work is done."""
        if self._token is not None:
            self._tell(types.WorkDoneProgressEnd())
            self._token = None
        self._next = float("inf")

    def _tell(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        params = types.ProgressParams(token=self._token or "", value=value)
        self._loop.call_soon_threadsafe(self._server.protocol.notify, types.PROGRESS, params)
