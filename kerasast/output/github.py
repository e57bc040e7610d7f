"""Annotations for GitHub Actions: workflow commands, which the runner reads from what a step prints."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.diagnostics import Diagnostic, Severity
from kerasast.engine import Result
from kerasast.git import Repository
from kerasast.output.places import Places

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(result: Result, repository: Repository | None = None) -> Iterator[str]:
    """One command for each diagnostic, the most severe first: GitHub shows ten of each kind for a step."""
    places = Places(result.sources, None if repository is None else repository.root)
    for item in sorted(result.diagnostics, key=lambda item: -item.severity):
        yield _command(places, item)


def _command(places: Places, item: Diagnostic) -> str:
    region = places.region(item.path, item.span)
    cell = "" if item.cell is None else f" in cell {item.cell}"
    properties = {
        "title": f"kerasast: {item.rule}{cell}",
        "file": places.path(item.path),
        "line": region.start_row,
        "endLine": region.end_row,
    }
    if region.start_row == region.end_row:  # GitHub takes columns within one line only
        properties |= {"col": region.start_column, "endColumn": region.end_column}
    shown = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    text = "\n".join([item.message, *places.story(item)])
    return f"::{_COMMANDS[item.severity]} {shown}::{_escape(text)}"


def _escape(text: str) -> str:
    """Text in the data of a command, as the runner reads it."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace("\x1b", "")
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
