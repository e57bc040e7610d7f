"""`kerasast lifecycle`."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kerasast.cli.analysis import config_options, settings_from, version_option
from kerasast.cli.common import Failure, wants_color, warn, write
from kerasast.garbage import rare_collection
from kerasast.output.terminal import Palette

if TYPE_CHECKING:
    from kerasast.diagnostics import Diagnostic, Span
    from kerasast.engine import Analyzer
    from kerasast.lifecycle import Story
    from kerasast.source import SourceFile
    from kerasast.survey import Opened

PLAIN_COLUMNS = 120

_PLACE = re.compile(r"(?P<file>.+?)(?::cell (?P<cell>\d+))?:(?P<row>\d+)(?::(?P<column>\d+))?")


@click.command()
@click.argument("place", metavar="FILE:LINE[:COLUMN]")
@version_option
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."
)
@config_options
@click.pass_context
@rare_collection()
def lifecycle(ctx: click.Context, /, place: str, output_format: str, color: str, **options: Any) -> None:
    """Tell the life of a model: created, built, compiled, frozen, trained, saved.

    FILE:LINE[:COLUMN] is where the model is named, used or created, as reports show places; in a notebook
    FILE:cell N:LINE[:COLUMN]. Without a column, all models on the line are told of. The files of the project that
    use this one are followed too. Exits with 0 if there is something to tell, 1 if there is not, 2 if something failed.
    """
    stories, sources = _tell(place, options)
    if output_format == "json":
        from kerasast.output.story import stories_as_json

        write(stories_as_json(stories, sources) + "\n")
    else:
        from kerasast.output.story import render_story

        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_COLUMNS
        palette = Palette(wants_color(color, sys.stdout))
        blocks = ["\n".join(render_story(story, sources, palette, columns)) for story in stories]
        write("\n\n\n".join(blocks) + "\n" if blocks else f"no model or layer is seen at {place}\n")
    ctx.exit(0 if stories else 1)


def _tell(place: str, options: dict[str, Any]) -> tuple[list[Story], Mapping[str, SourceFile]]:
    """The stories at a place, and the files by path.

    Raises:
        Failure: there is no such place, or the settings cannot be used.
    """
    from kerasast.baseline import BaselineError
    from kerasast.engine import Analyzer
    from kerasast.lifecycle import stories_at
    from kerasast.registry import UnknownSelector

    match = _PLACE.fullmatch(place)
    if match is None:
        raise Failure(f"`{place}` is no place: write FILE:LINE or FILE:LINE:COLUMN")
    path = Path(match["file"])
    if not path.is_file():
        raise Failure(f"there is no file {path}")
    settings = settings_from([str(path)], {**options, "min_confidence": None})
    try:
        analyzer = Analyzer(replace(settings, baseline=None))
    except (UnknownSelector, BaselineError) as error:
        raise Failure(str(error)) from error
    opened, _ = analyzer.open_paths([_around(analyzer, path), path])
    sources = {file.source.path: file.source for file in opened.survey.files.values()}
    absolute = path.resolve()
    name = next((name for name in sources if Path(name).resolve() == absolute), None)
    if name is None:
        raise Failure(f"{path} cannot be analysed")
    numbers = {key: int(value) for key, value in match.groupdict().items() if key != "file" and value}
    span = _span(sources[name], numbers, place)
    return stories_at(opened, name, span, _reports(analyzer, opened)), sources


MANY = 1_500
"""Files of a project that are read to find those that use the one that is asked about."""


def _around(analyzer: Analyzer, path: Path) -> Path:
    """The folder whose files may use one: the whole project, or what lies beside it if the project is too large."""
    root = analyzer.settings.root
    count = len(analyzer.discover([root]).files)
    if count <= MANY:
        return root
    warn(f"the project has {count} files: only those in {path.absolute().parent} are looked at")
    return path.absolute().parent


def _span(source: SourceFile, numbers: Mapping[str, int], place: str) -> Span:
    """The cursor at a row and column, or the whole row.

    Raises:
        Failure: the file has no such row.
    """
    from kerasast.diagnostics import Span

    first = 1
    if "cell" in numbers:
        cell = next((cell for cell in source.cells if cell.number == numbers["cell"]), None)
        if cell is None:
            raise Failure(f"{place}: the notebook has no such code cell")
        first = source.line_at(cell.start)
    line = first + numbers["row"] - 1
    if not 1 <= line <= len(source.line_starts):
        raise Failure(f"{place}: the file has {len(source.line_starts)} lines")
    start, length = source.line_starts[line - 1], len(source.line_text(line))
    if "column" in numbers:
        offset = start + min(max(numbers["column"] - 1, 0), length)
        return Span(offset, offset)
    return Span(start, start + length)


def _reports(analyzer: Analyzer, opened: Opened) -> Callable[[frozenset[str]], Iterable[Diagnostic]]:
    """What `kerasast check` would say of some files."""

    def reported(paths: frozenset[str]) -> Iterable[Diagnostic]:
        project = opened.survey.project()
        files = [item for item in opened.survey.checked if item.path in paths]
        reports = dict(analyzer.reports(opened, project, files))
        return analyzer.conclude(replace(opened, partial=True), project, reports).diagnostics

    return reported
