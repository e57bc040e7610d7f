"""A language server in a process of its own, and the bytes that are written to it and read from it."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER = (sys.executable, "-m", "kerasast", "server")

PATIENCE = 60.0
"""Seconds that a message is waited for; machines may be slow."""

Message = dict[str, Any]


class Wire:
    """The two ends of a server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.seen: list[Message] = []
        self._messages: queue.Queue[Message] = queue.Queue()
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            length = 0
            while (line := self.process.stdout.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not line:
                return
            self._messages.put(json.loads(self.process.stdout.read(length)))

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method: str, params: Any = None, identity: int | str | None = None) -> None:
        """Send a message; a request if it has an identity."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if identity is not None:
            message["id"] = identity
        self.send_body(json.dumps(message).encode())

    def send_body(self, body: bytes) -> None:
        """Send anything as the body of a message."""
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def ask(self, method: str, params: Any = None) -> Message:
        """Send a request, and wait for the answer."""
        self._next += 1
        identity = f"asked-{self._next}"
        self.send(method, params, identity)
        return self.answer(identity)

    def answer(self, identity: int | str) -> Message:
        """Wait for the answer to a request."""
        return self.wait(lambda message: message.get("id") == identity and "method" not in message)

    def wait(self, wanted: Callable[[Message], bool], seconds: float = PATIENCE) -> Message:
        """Wait for a message. Those before it are kept as `seen`."""
        end = time.monotonic() + seconds
        while True:
            message = self._messages.get(timeout=max(end - time.monotonic(), 0.01))
            self.seen.append(message)
            if wanted(message):
                return message

    def initialize(self, folder: Path, capabilities: Message | None = None, options: Any = None) -> Message:
        """Begin a session in a folder."""
        answer = self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "capabilities": capabilities or {},
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "initializationOptions": options,
            },
        )
        self.send("initialized", {})
        return answer

    def open(self, path: Path, text: str, language: str = "python") -> str:
        """Open a document; its URI."""
        item = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})
        return path.as_uri()

    def change(self, uri: str, text: str, version: int = 2) -> None:
        """Give a document another text."""
        document = {"uri": uri, "version": version}
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def published(self, uri: str) -> list[Any]:
        """Wait for the codes of what is published of a document next."""
        message = self.wait(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri
            )
        )
        return [item["code"] for item in message["params"]["diagnostics"]]


@contextmanager
def serving(command: tuple[str, ...] = SERVER) -> Iterator[Wire]:
    """A server that runs while the block does."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield Wire(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
