"""The document of a rule, for whoever asks about a report in an editor.

A client that can show the documents of rules says so in its initialization options,
`{"commands": ["kerasast.explainRule"]}`, and is given that command. For others there is a command of the server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsprotocol import types

from kerasast.diagnostics import Diagnostic
from kerasast.documents import DocumentError, document, render
from kerasast.lsp.convert import Converter
from kerasast.registry import all_rules

CLIENT_COMMAND = "kerasast.explainRule"
SERVER_COMMAND = "kerasast.server.explainRule"


def command_for(options: object) -> str:
    """The command that a client with these initialization options is given."""
    commands = options.get("commands") if isinstance(options, dict) else getattr(options, "commands", None)
    return (
        CLIENT_COMMAND
        if isinstance(commands, list | tuple) and CLIENT_COMMAND in commands
        else SERVER_COMMAND
    )


def explanations(
    converter: Converter, here: Iterable[Diagnostic], command: str
) -> Iterator[types.CodeAction]:
    """One action for each rule that reports something here."""
    rules: dict[str, list[Diagnostic]] = {}
    for item in here:
        rules.setdefault(item.rule, []).append(item)
    for rule, items in rules.items():
        title = f"Explain {rule}"
        yield types.CodeAction(
            title=title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[converter.diagnostic(item) for item in items],
            command=types.Command(title, command, arguments=[rule]),
        )


class Pages:
    """The documents of rules as files, for clients that can open files. The files go when the server does."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[str, Path | None] = {}

    def file(self, rule: str) -> Path | None:
        """A file with the document of a rule; `None` if there is no such rule or document."""
        path = self._files.get(rule)
        if path is None or not path.exists():
            path = self._files[rule] = self._write(rule)
        return path

    def _write(self, rule: str) -> Path | None:
        if rule not in all_rules():
            return None
        try:
            text = render(rule)
        except DocumentError:
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kerasast-rules-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / f"{rule}.md"
        path.write_text(text, encoding="utf-8")
        return path

    def summary(self, rule: str) -> str:
        """The sentence about a rule, and how to read more."""
        try:
            return f"{rule}: {document(rule).summary.rstrip('.')}. To read more: kerasast rule {rule}."
        except DocumentError:
            return f"there is no rule {rule}"
