"""The formats of reports. Each lives in a module of its own, which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kerasast.output.terminal import Palette

if TYPE_CHECKING:
    from kerasast.engine import Result

FORMATS = ("full", "concise", "json", "sarif")


def render(result: Result, format: str, *, color: bool = False, columns: int = 120) -> str:
    """The report of a result in one of `FORMATS`, with a line end at its end."""
    palette = Palette(color)
    match format:
        case "full":
            from kerasast.output.full import render_full

            return _lines(render_full(result, palette, columns))
        case "concise":
            from kerasast.output.concise import render_concise

            return _lines(render_concise(result, palette))
        case "json":
            from kerasast.output.json import render_json

            return render_json(result) + "\n"
        case "sarif":
            from kerasast.output.sarif import render_sarif

            return render_sarif(result) + "\n"
    raise ValueError(f"{format!r} is not one of {', '.join(FORMATS)}")


def render_statistics(result: Result, format: str, *, color: bool = False) -> str:
    """How often each rule reported something, instead of the reports: for people, or with `json` as JSON."""
    from kerasast.output.statistics import render_json, render_table

    if format == "json":
        return render_json(result) + "\n"
    return _lines(render_table(result, Palette(color)))


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
