"""Where the reports of `kerasast check` go: one or several of them, to files or to the standard output."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasast.cli.analysis import add_options
from kerasast.cli.common import Failure, wants_color, warn, write
from kerasast.output import DOCUMENTS, FOR_PEOPLE, FORMATS, IN_REPOSITORY, render, render_statistics

if TYPE_CHECKING:
    from kerasast.engine import Result
    from kerasast.git import Repository

_F = TypeVar("_F", bound=Callable[..., Any])

PLAIN_COLUMNS = 120
"""How wide a report is that does not go to a terminal."""


@dataclass(frozen=True, slots=True)
class Output:
    """One report: its format, and the file that it goes to; `None` for the standard output."""

    format: str
    file: str | None = None


def _parse(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Output, ...]:
    """The outputs that were asked for, each as `FORMAT` or `FORMAT=FILE`."""
    outputs = []
    for value in values:
        format, equals, file = value.partition("=")
        if format not in FORMATS:
            known = ", ".join(map(repr, FORMATS))
            raise click.BadParameter(f"{format!r} is not one of {known}.", ctx, param)
        if equals and not file:
            raise click.BadParameter(f"no file is named in {value!r}.", ctx, param)
        outputs.append(Output(format, file or None))
    return tuple(outputs)


_OPTIONS = (
    click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True),
    click.option("-o", "--output-file", type=click.Path(dir_okay=False), help="Write the report to a file."),
    click.option(
        "--output",
        "outputs",
        multiple=True,
        callback=_parse,
        metavar="FORMAT[=FILE]",
        help="Write a report in this format, to a file if one is named. May be repeated.",
    ),
    click.option(
        "--include-suppressed",
        is_flag=True,
        help="Write what comments and the baseline silence into SARIF, marked as suppressed.",
    ),
    click.option(
        "--statistics", is_flag=True, help="Count the reports of each rule instead of showing them."
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="When to use colours.",
    ),
)


def output_options(command: _F) -> _F:
    """The options on what is written, and where."""
    return add_options(_OPTIONS)(command)


def outputs_of(options: dict[str, Any]) -> tuple[Output, ...]:
    """The reports to write."""
    return options["outputs"] or (Output(options["output_format"], options["output_file"]),)


def check_outputs(ctx: click.Context, options: dict[str, Any]) -> None:
    """Refuse what cannot be written.

    Raises:
        click.UsageError: options exclude each other.
    """
    outputs = outputs_of(options)
    if options["outputs"]:
        for name in ("output_format", "output_file"):
            if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
                raise click.UsageError(f"--output and --{name.replace('_', '-')} exclude each other.", ctx)
    shown = [item.format for item in outputs if item.file is None]
    alone = next((format for format in shown if format in DOCUMENTS), None)
    if alone is not None and len(shown) > 1:
        raise click.UsageError(
            f"Nothing else can go where `{alone}` goes: name a file, as in --output {alone}=FILE.", ctx
        )
    files = [os.path.abspath(item.file) for item in outputs if item.file is not None]
    if len(set(files)) < len(files):
        raise click.UsageError("Two reports cannot be written to one file.", ctx)
    if options["statistics"]:
        unfit = [item.format for item in outputs if item.format not in {*FOR_PEOPLE, "json"}]
        if unfit:
            raise click.UsageError(f"--statistics cannot be written as {_title(unfit[0])}.", ctx)


def _title(format: str) -> str:
    return {"sarif": "SARIF", "github": "GitHub annotations", "gitlab": "a report for GitLab"}.get(
        format, format
    )


def is_for_people(options: dict[str, Any]) -> bool:
    """Whether only people read what goes to the standard output."""
    return all(item.format in FOR_PEOPLE for item in outputs_of(options) if item.file is None)


def write_reports(
    result: Result, options: dict[str, Any], *, failed: bool = False, err: bool = False
) -> None:
    """Write the reports to where they were asked for; with `err` to the standard error instead of the output.

    If nothing could be looked at, which `failed` says, there is nothing to tell people.
    """
    repository = _repository(outputs_of(options))
    for output in outputs_of(options):
        if failed and not result.found and output.format in FOR_PEOPLE:
            continue
        text = _render(result, output, options, repository, err)
        if output.file is None:
            write(text, err=err)
            continue
        try:
            Path(output.file).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise Failure(f"cannot write {output.file}: {error.strerror}") from error


def _render(
    result: Result, output: Output, options: dict[str, Any], repository: Repository | None, err: bool
) -> str:
    stream = sys.stderr if err else sys.stdout
    to_stream = output.file is None
    color = wants_color(options["color"], stream if to_stream else None)
    if options["statistics"]:
        return render_statistics(result, output.format, color=color)
    columns = shutil.get_terminal_size().columns if to_stream and stream.isatty() else PLAIN_COLUMNS
    return render(
        result,
        output.format,
        color=color,
        columns=columns,
        repository=repository,
        suppressed=options["include_suppressed"],
        tell=warn,
    )


def _repository(outputs: Sequence[Output]) -> Repository | None:
    """The repository that the working directory is in, if a format wants to know."""
    if not any(item.format in IN_REPOSITORY for item in outputs):
        return None
    from kerasast.git import find_repository

    return find_repository(Path.cwd())
