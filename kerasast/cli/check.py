"""`kerasast check`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasast.cli.common import Failure, wants_color, warn, write
from kerasast.cli.progress import Progress
from kerasast.config import ConfigError, Settings, describe, override, parse_keras_version, settings_for
from kerasast.diagnostics import Confidence
from kerasast.output import FORMATS, render, render_statistics
from kerasast.registry import UnknownSelector
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.discovery import DiscoveryProblem
    from kerasast.engine import Analyzer, Result
    from kerasast.survey import Opened

_F = TypeVar("_F", bound=Callable[..., Any])

STDIN = "-"
STDIN_NAME = "stdin.py"
PLAIN_COLUMNS = 120
"""How wide a report is that does not go to a terminal."""


def _split(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Names separated by commas, of an option that may be repeated; `None` if it was not given."""
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    return names if values else None


def _version(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[KerasVersion | None] | None:
    """A version in a tuple of its own, which is `None` for `auto`; `None` if the option was not given."""
    if value is None:
        return None
    try:
        return (parse_keras_version(value),)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}, not {value!r}.", ctx, param) from error


def _list(*args: str, metavar: str = "NAMES", help: str) -> Callable[[_F], _F]:
    return click.option(*args, multiple=True, callback=_split, metavar=metavar, help=help)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@_list("--select", help="Rules to run: names, categories, or ALL; separated by commas.")
@_list("--ignore", help="Rules not to run.")
@_list("--extend-select", help="Rules to run besides the selected ones.")
@click.option("--preview/--no-preview", default=None, help="Also run the rules that are in preview.")
@click.option(
    "--min-confidence",
    type=click.Choice([member.label for member in Confidence]),
    help="Hide reports that are less certain than this.  [default: high]",
)
@click.option(
    "--keras-version",
    callback=_version,
    metavar="auto|VERSION",
    help="The Keras that the code is for, such as 2.15 or 3.15.  [default: auto, read from the project]",
)
@_list(
    "--exclude",
    metavar="PATTERNS",
    help="Patterns of files and folders not to look into; replaces the default.",
)
@_list("--extend-exclude", metavar="PATTERNS", help="Patterns of further files and folders not to look into.")
@click.option(
    "--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out what .gitignore leaves out."
)
@click.option("--fix/--no-fix", default=None, help="Repair what can be repaired.")
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes",
    default=None,
    help="Also apply fixes that may change what the program does; or do not mention them.",
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--fix-only", is_flag=True, help="Repair, and do not report what is left.")
@click.option("--show-fixes/--no-show-fixes", default=None, help="List what was repaired.")
@click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if anything was repaired.")
@_list("--fixable", help="Rules whose fixes are applied.  [default: ALL]")
@_list("--unfixable", help="Rules whose fixes are not applied.")
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@click.option("-o", "--output-file", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("--statistics", is_flag=True, help="Count the reports of each rule instead of showing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are reports.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."
)
@click.option("--config", type=click.Path(dir_okay=False), help="Read the settings from this file.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option("--stdin-filename", metavar="PATH", help="What to call the code that is read from `-`.")
@click.option("--show-settings", is_flag=True, help="Show the settings and the version of Keras, and stop.")
@click.option("--show-files", is_flag=True, help="Show the files that would be checked, and stop.")
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Find mistakes in Keras code.

    PATHS are files, folders and globs; `-` reads a file from the standard input. Without any, the working
    directory is checked. Exits with 0 if all is well, 1 if there are reports, 2 if something failed.
    """
    from kerasast.engine import Analyzer

    paths = paths or (".",)
    _check_usage(ctx, paths, options)
    settings = _settings(paths, options)
    progress = Progress(sys.stderr)
    try:
        analyzer = Analyzer(settings, progress=progress)
    except UnknownSelector as error:
        raise Failure(str(error)) from error
    if options["show_settings"] or options["show_files"]:
        _show(analyzer, paths, options)
        return
    if options["diff"] or options["fix_only"] or settings.fix:
        _check_and_repair(ctx, analyzer, paths, options, progress)
    with progress:
        result = _analyze(analyzer, paths, options["stdin_filename"])
    failed = _report_problems(result, paths)
    if not (failed and not result.found and options["output_format"] in ("full", "concise")):
        _write(result, options)
    if failed or result.failed:
        ctx.exit(2)
    ctx.exit(1 if result.diagnostics and not options["exit_zero"] else 0)


def _check_and_repair(
    ctx: click.Context, analyzer: Analyzer, paths: Sequence[str], options: dict[str, Any], progress: Progress
) -> None:
    """Repair files, or the standard input, or show how they would be repaired; leave with the exit code."""
    from kerasast.cli import repairing

    is_stdin = STDIN in paths
    started = time.perf_counter()
    with progress:
        opened, problems = _open(analyzer, paths, options["stdin_filename"])
        if options["diff"]:
            done = repairing.show_diff(analyzer, opened, options["color"])
        elif is_stdin:
            done = repairing.repair_text(analyzer, opened, options["stdin_filename"] or STDIN_NAME)
        else:
            done = repairing.repair_files(analyzer, opened)
    result = replace(done.result, problems=problems, seconds=time.perf_counter() - started)
    failed = _report_problems(result, paths) or done.failed
    lines = list(repairing.describe_repairs(done)) if analyzer.settings.show_fixes else []
    if not options["diff"]:
        if options["fix_only"]:
            lines += [line for line in [repairing.summarize_repairs(done)] if line]
        elif not (failed and not result.found and options["output_format"] in ("full", "concise")):
            _write(result, options, err=is_stdin)
    click.echo("".join(f"{line}\n" for line in lines), nl=False, err=is_stdin or not _is_for_people(options))
    if failed or result.failed:
        ctx.exit(2)
    left = () if options["diff"] or options["fix_only"] else result.diagnostics
    counts = options["diff"] or options["exit_non_zero_on_fix"]
    ctx.exit(1 if (left or (counts and result.fixed)) and not options["exit_zero"] else 0)


def _is_for_people(options: dict[str, Any]) -> bool:
    return options["output_format"] in ("full", "concise") and not options["diff"]


def _check_usage(ctx: click.Context, paths: Sequence[str], options: dict[str, Any]) -> None:
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("`-` cannot be combined with other paths.", ctx)
    if options["stdin_filename"] is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename is only used together with `-`.", ctx)
    if options["config"] is not None and options["isolated"]:
        raise click.UsageError("--config and --isolated exclude each other.", ctx)
    if options["statistics"] and options["output_format"] == "sarif":
        raise click.UsageError("--statistics cannot be written as SARIF.", ctx)


def _settings(paths: Sequence[str], options: dict[str, Any]) -> Settings:
    """The settings of the nearest file, with those of the command line over them."""
    config = Path(options["config"]) if options["config"] is not None else None
    try:
        settings = settings_for(_start(paths, options), config=config, isolated=options["isolated"])
    except ConfigError as error:
        raise Failure(str(error)) from error
    lists = {
        name: options[name]
        for name in ("select", "ignore", "extend_select", "exclude", "extend_exclude", "fixable", "unfixable")
    }
    confidence = options["min_confidence"]
    settings = override(
        settings,
        preview=options["preview"],
        fix=options["fix"],
        unsafe_fixes=options["unsafe_fixes"],
        show_fixes=options["show_fixes"],
        respect_gitignore=options["respect_gitignore"],
        min_confidence=None if confidence is None else Confidence.parse(confidence),
        **lists,
    )
    if options["keras_version"] is None:
        return settings
    return settings.for_version(*options["keras_version"])


def _start(paths: Sequence[str], options: dict[str, Any]) -> Path:
    """The folder from which a configuration is looked for: the deepest one that holds all paths."""
    named = [options["stdin_filename"] or "."] if STDIN in paths else paths
    absolute = [os.path.abspath(path) for path in named]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]
    folder = Path(os.path.commonpath(folders))
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _analyze(analyzer: Analyzer, paths: Sequence[str], stdin_filename: str | None) -> Result:
    started = time.perf_counter()
    opened, problems = _open(analyzer, paths, stdin_filename)
    result = analyzer.check(opened)
    return replace(result, problems=problems, seconds=time.perf_counter() - started)


def _open(
    analyzer: Analyzer, paths: Sequence[str], stdin_filename: str | None
) -> tuple[Opened, tuple[DiscoveryProblem, ...]]:
    if STDIN not in paths:
        return analyzer.open_paths(paths)
    return analyzer.open_source(sys.stdin.buffer.read(), stdin_filename or STDIN_NAME), ()


def _show(analyzer: Analyzer, paths: Sequence[str], options: dict[str, Any]) -> None:
    """Say what would be done, for `--show-settings` and `--show-files`."""
    from kerasast.engine import by_frequency
    from kerasast.output.terminal import printable

    survey = analyzer.survey(analyzer.discover(paths))
    lines = []
    if options["show_settings"]:
        rows = describe(analyzer.settings)
        rows.append(("rules", ", ".join(analyzer.rules)))
        versions = by_frequency(survey.versions(analyzer.settings).values())
        rows += [("Keras", f"{version} ({reason})") for version, reason in versions]
        width = max(len(key) for key, _ in rows)
        lines += [f"{key.ljust(width)}  {value}" for key, value in rows]
    if options["show_files"]:
        lines += [item.path for item in survey.checked]
    write("".join(f"{printable(line)}\n" for line in lines))


def _report_problems(result: Result, paths: Sequence[str]) -> bool:
    """Say what could not be looked at; true if it was something that the user named."""
    for problem in result.problems:
        warn(f"{problem.path}: {problem.message}", "error" if problem.path in paths else "warning")
    return any(problem.path in paths for problem in result.problems)


def _write(result: Result, options: dict[str, Any], *, err: bool = False) -> None:
    """Write the report to where it was asked for; with `err` to the standard error instead of the output."""
    target = options["output_file"]
    stream = sys.stderr if err else sys.stdout
    color = wants_color(options["color"], stream if target is None else None)
    columns = PLAIN_COLUMNS
    if target is None and stream.isatty():
        columns = shutil.get_terminal_size().columns
    if options["statistics"]:
        text = render_statistics(result, options["output_format"], color=color)
    else:
        text = render(result, options["output_format"], color=color, columns=columns)
    if target is None:
        write(text, err=err)
        return
    try:
        Path(target).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Failure(f"cannot write {target}: {error.strerror}") from error
