"""The wire: what may come in on it, and what is answered to what makes no sense."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol

LONGEST_MESSAGE = 256 * 2**20
"""Bytes of the longest message that is read; a longer one is passed over."""

LONGEST_LINE = 64 * 2**10
"""Bytes of a header that are read at once; what is longer is no header."""

_CHUNK = 2**20

_LENGTH = re.compile(rb"content-length:\s*(\d+)\s*", re.IGNORECASE)

_NOTHING = b"null"
"""A message that means nothing, in place of one that is passed over."""


class CarefulInput:
    """A stream of messages, of which none can end the server by its header.

    Headers are recognised in any case, and behind what remains of a broken message before them.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """A header as it should be written, or the line that there is."""
        line = self._stream.readline(LONGEST_LINE)
        found = _LENGTH.search(line)
        if found is not None and found.end() == len(line):
            return b"Content-Length: %d\r\n" % int(found[1][:20])
        return line

    def read(self, length: int) -> bytes:
        """A message; one that means nothing if it is too long."""
        if length <= LONGEST_MESSAGE:
            return self._stream.read(length)
        while length > 0:
            chunk = self._stream.read(min(length, _CHUNK))
            if not chunk:
                return b""
            length -= len(chunk)
        return _NOTHING


class Protocol(LanguageServerProtocol):
    """The protocol, with an answer to every request: clients wait for one."""

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has asked the server to end."""
        return self._shutdown

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message with its types; a request that does not have them is refused."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data and isinstance(data["id"], int | str):
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:
        """Do what a message asks for, if this is the time for it."""
        method, identity = getattr(message, "method", None), getattr(message, "id", None)
        refusal: JsonRpcException | None = None
        if self._shutdown and method != types.EXIT:
            refusal = JsonRpcInvalidRequest("the server has been shut down")
        elif self._workspace is None and method not in (types.INITIALIZE, types.EXIT):
            refusal = JsonRpcServerNotInitialized("the server has not been initialized")
        elif self._workspace is not None and method == types.INITIALIZE:
            refusal = JsonRpcInvalidRequest("the server has been initialized")
        if refusal is None or method is None:
            super().handle_message(message)
        elif identity is not None:
            self._send_response(identity, error=refusal.to_response_error())
