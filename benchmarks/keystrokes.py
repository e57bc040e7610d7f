"""How long an editor waits after a keystroke: a real `kerasast server`, told of each key and asked what it finds.

    python benchmarks/keystrokes.py TREE            # prints Markdown; TREE is a project of about 200 files
    python benchmarks/keystrokes.py TREE FILE...    # in these of its files

A statement is typed key by key, and a line taken away again, at several places in each file. The time is from the
moment at which the client sends the change to that at which it has the diagnostics.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUDGET_MS = 50
LINES = 1_000
PLACES = 3
PAUSE = 0.12
"""Seconds between two keys of somebody who types fast."""

TYPED = "if total > 3: print(total)"


@dataclass(frozen=True, slots=True)
class Typing:
    """What was measured in one file. `waits` and `parse` (`ast.parse` alone, the median) are in milliseconds."""

    path: str
    lines: int
    waits: tuple[float, ...]
    parse: float

    def at(self, share: float) -> float:
        """The wait that a share of all waits does not exceed."""
        waits = sorted(self.waits)
        return waits[min(len(waits) - 1, int(share * len(waits)))]


class Client:
    """An editor that shows one project."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "kerasast", "server"]
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self._last = 0
        self.ask("initialize", _hello(folder))
        self.tell("initialized", {})

    def tell(self, method: str, parameters: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": parameters})

    def ask(self, method: str, parameters: object) -> Any:
        """Send a request, and wait for its answer."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == self._last and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]
            if "id" in message:
                self._send({"id": message["id"], "result": None})

    def close(self) -> None:
        """End the session."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait(30)

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline()) != b"\r\n":
            if not line:
                raise RuntimeError("the server has ended")
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _hello(folder: Path) -> dict[str, Any]:
    return {
        "processId": None,
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {
            "textDocument": {"diagnostic": {}, "synchronization": {}},
            "workspace": {"diagnostics": {"refreshSupport": True}},
        },
    }


def keys(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What is typed, as the changes of the protocol."""
    for number in _places(lines):
        text = " " * (len(lines[number]) - len(lines[number].lstrip())) + TYPED
        yield _change((number, 0), (number, 0), "\n")
        for column, character in enumerate(text):
            yield _change((number, column), (number, column), character)
        yield _change((number, 0), (number + 1, 0), "")


def _change(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    first, last = ({"line": line, "character": column} for line, column in (start, end))
    return {"range": {"start": first, "end": last}, "text": text}


def _places(lines: Sequence[str]) -> Iterator[int]:
    """Lines before which a statement can stand."""
    starts = sorted(
        node.lineno - 1
        for function in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(function, ast.FunctionDef)
        for node in function.body[-1:]
    )
    chosen = starts[:: max(1, len(starts) // PLACES)]
    yield from chosen[:PLACES]


def measure(client: Client, folder: Path, path: str) -> Typing:
    """Type in one file."""
    place = folder / path
    text = place.read_text(encoding="utf-8")
    document: dict[str, Any] = {"uri": place.as_uri()}
    opened = {**document, "languageId": "python", "version": 0, "text": text}
    client.tell("textDocument/didOpen", {"textDocument": opened})
    client.ask("textDocument/diagnostic", {"textDocument": document})
    waits = []
    for version, change in enumerate(keys(text.split("\n")), 1):
        time.sleep(PAUSE)
        started = time.perf_counter()
        changed: dict[str, Any] = {**document, "version": version}
        client.tell("textDocument/didChange", {"textDocument": changed, "contentChanges": [change]})
        client.ask("textDocument/diagnostic", {"textDocument": document})
        waits.append(1000 * (time.perf_counter() - started))
    client.tell("textDocument/didClose", {"textDocument": document})
    return Typing(path, text.count("\n"), tuple(waits), _parse(text))


def _parse(text: str) -> float:
    times = []
    for _ in range(9):
        started = time.perf_counter()
        ast.parse(text)
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)[len(times) // 2]


def chosen(tree: Path) -> list[str]:
    """The three files of a tree whose number of lines is nearest to `LINES`."""
    sizes = {
        path.relative_to(tree).as_posix(): path.read_bytes().count(b"\n")
        for path in sorted(tree.rglob("*.py"))
    }
    return sorted(sizes, key=lambda path: abs(sizes[path] - LINES))[:3]


def report(tree: Path, paths: Sequence[str] = ()) -> str:
    """The measurements as a section of Markdown."""
    tree = tree.resolve()
    client = Client(tree)
    found = [measure(client, tree, path) for path in paths or chosen(tree)]
    client.close()
    rows = [
        "| file | lines | keys | median | 95 of 100 | longest | × `ast.parse` | budget |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    rows += [
        f"| `{item.path}` | {item.lines:,} | {len(item.waits)} | {item.at(0.5):.0f} ms | {item.at(0.95):.0f} ms "
        f"| {max(item.waits):.0f} ms | {item.at(0.5) / item.parse:.1f} | ≤ {BUDGET_MS} ms |"
        for item in found
    ]
    about = (
        "From the moment at which an editor tells `kerasast server` of a key to that at which it has the\n"
        f"diagnostics, in the files of the same tree that have about {LINES:,} lines\n"
        "(`benchmarks/keystrokes.py`, wall time)."
    )
    return "\n\n".join(["## In the editor", about, "\n".join(rows)])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path, help="a folder of Python files that use Keras")
    parser.add_argument(
        "files", nargs="*", help="files in it to type in; those of about 1,000 lines by default"
    )
    options = parser.parse_args()
    print(report(options.tree, options.files))


if __name__ == "__main__":
    main()
