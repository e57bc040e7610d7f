"""What the commands share: errors, colours, and writing."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

import click


class Failure(click.ClickException):
    """An error that ends the run with exit code 2; the text is one or several sentences for the user."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        warn(self.message, "error")


def warn(message: str, label: str = "warning") -> None:
    """Say something on the standard error stream."""
    from kerasast.output.terminal import Palette, printable

    head = Palette(wants_color("auto", sys.stderr)).paint(label, label)
    lines = "\n".join(map(printable, message.splitlines()))
    click.echo(f"{head}: {lines}", err=True, color=True)


def wants_color(choice: str, stream: Any) -> bool:
    """Whether to write colours to a stream, or to a file for `None`; `choice` is `auto`, `always` or `never`."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream is not None and stream.isatty())


def write(text: str, *, err: bool = False) -> None:
    """Write to the standard output or error stream, as well as its encoding allows."""
    reconfigure = getattr(sys.stderr if err else sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    click.echo(text, nl=False, err=err, color=True)
