"""The formats of reports. Each lives in a module of its own, which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kerasast.output.terminal import Palette

if TYPE_CHECKING:
    from kerasast.engine import Result
    from kerasast.git import Repository

FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit")

FOR_PEOPLE = frozenset({"full", "concise"})
"""The formats that people read."""

DOCUMENTS = frozenset({"json", "sarif", "gitlab", "junit"})
"""The formats that a program reads as a whole, so that nothing else may stand beside them."""

IN_REPOSITORY = frozenset({"sarif", "github", "gitlab"})
"""The formats whose paths are relative to the root of the repository."""


def render(
    result: Result,
    format: str,
    *,
    color: bool = False,
    columns: int = 120,
    repository: Repository | None = None,
    suppressed: bool = False,
    tell: Callable[[str], None] | None = None,
) -> str:
    """The report of a result in one of `FORMATS`, with a line end at its end.

    `repository` is what the paths of `IN_REPOSITORY` are relative to. With `suppressed`, SARIF has what comments and
    the baseline have silenced as well. `tell` is told, in a sentence, of what does not fit into a report.
    """
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

            return render_sarif(result, repository, suppressed=suppressed, tell=tell) + "\n"
        case "github":
            from kerasast.output.github import render_github

            return _lines(render_github(result, repository))
        case "gitlab":
            from kerasast.output.gitlab import render_gitlab

            return render_gitlab(result, repository) + "\n"
        case "junit":
            from kerasast.output.junit import render_junit

            return render_junit(result) + "\n"
    raise ValueError(f"{format!r} is not one of {', '.join(FORMATS)}")


def render_statistics(result: Result, format: str, *, color: bool = False) -> str:
    """How often each rule reported something, instead of the reports: for people, or with `json` as JSON."""
    from kerasast.output.statistics import render_json, render_table

    if format == "json":
        return render_json(result) + "\n"
    return _lines(render_table(result, Palette(color)))


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
