"""`kerasast baseline`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kerasast.baseline import Baseline, BaselineError, Key
from kerasast.cli.analysis import config_options, open_inputs, report_problems, rule_options, settings_from
from kerasast.cli.common import Failure, write
from kerasast.cli.progress import Progress
from kerasast.config import Settings
from kerasast.output.report import plural
from kerasast.registry import UnknownSelector

if TYPE_CHECKING:
    from kerasast.engine import Result

DEFAULT = "kerasast-baseline.json"

_FILE = click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False),
    help=f"The baseline.  [default: the setting `baseline`, or {DEFAULT}]",
)


@click.group()
def baseline() -> None:
    """Keep what is known apart from what is new.

    `create` writes down every report there is today; `kerasast check --baseline FILE` is then silent about these.
    """


@baseline.command()
@click.argument("paths", nargs=-1, type=click.Path())
@_FILE
@click.option("--force", is_flag=True, help="Replace a baseline that is there already.")
@rule_options
@config_options
@click.pass_context
def create(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Write the reports of today to a new baseline."""
    paths = paths or (".",)
    settings = settings_from(paths, options)
    path = _path(settings, options["file"])
    if path.exists() and not options["force"]:
        raise Failure(f"{path} is there already; `kerasast baseline update` keeps it up to date")
    result, failed = _analyze(replace(settings, baseline=None), paths)
    made = Baseline.of(path.parent, result.diagnostics, result.sources)
    _save(path, made)
    write(f"Wrote {plural(made.total, 'report')} to {path}\n")
    if settings.baseline_file is None:
        write(f"To use it: kerasast check --baseline {path}\n")
    ctx.exit(2 if failed else 0)


@baseline.command()
@click.argument("paths", nargs=-1, type=click.Path())
@_FILE
@click.option("--add-new", is_flag=True, help="Also add the reports that are new.")
@rule_options
@config_options
@click.pass_context
def update(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Take out of the baseline what is not there any more."""
    paths = paths or (".",)
    settings = settings_from(paths, options)
    path = _path(settings, options["file"])
    known = _read(path)
    result, failed = _analyze(replace(settings, baseline=str(path.resolve())), paths)
    new = Baseline.of(path.parent, result.diagnostics, result.sources).counts
    gone = _gone(known, result)
    added = new if options["add_new"] else Counter()
    _save(path, Baseline(known.folder, known.counts - gone + added))
    write(
        f"Took out {gone.total()}, added {added.total()}: {path} has "
        f"{plural((known.counts - gone + added).total(), 'report')}\n"
    )
    if new and not options["add_new"]:
        write(f"{plural(new.total(), 'report')} not in it: kerasast baseline update --add-new adds them\n")
    ctx.exit(2 if failed else 0)


@baseline.command()
@_FILE
@config_options
def show(**options: Any) -> None:
    """List what the baseline holds, by file and rule."""
    config = {**options, "min_confidence": None, "keras_version": None}
    path = _path(settings_from((".",), config), options["file"])
    known = _read(path)
    counts: Counter[tuple[str, str]] = Counter()
    for (name, rule, _), count in known.counts.items():
        counts[name, rule] += count
    previous = None
    for (name, rule), count in sorted(counts.items()):
        if name != previous:
            write(f"{name}\n")
        previous = name
        write(f"  {count}  {rule}\n")
    write(f"{plural(known.total, 'report')} in {path}\n")


def _path(settings: Settings, file: str | None) -> Path:
    if file is not None:
        return Path(file)
    path = settings.baseline_file
    if path is None:
        return Path(DEFAULT)
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


def _analyze(settings: Settings, paths: tuple[str, ...]) -> tuple[Result, bool]:
    """The result of a run, and whether something could not be looked at."""
    from kerasast.engine import Analyzer

    progress = Progress(sys.stderr)
    try:
        analyzer = Analyzer(settings, progress=progress)
    except (UnknownSelector, BaselineError) as error:
        raise Failure(str(error)) from error
    with progress:
        opened, problems = open_inputs(analyzer, paths)
        result = analyzer.check(opened)
    result = replace(result, problems=problems)
    return result, report_problems(result, paths) or result.failed


def _gone(known: Baseline, result: Result) -> Counter[Key]:
    """What a baseline has and the run that used it has not found."""
    found = Baseline.of(known.folder, result.baselined, result.sources).counts
    return known.outdated(known.counts - found, result.checked, result.certain)


def _read(path: Path) -> Baseline:
    try:
        return Baseline.read(path)
    except BaselineError as error:
        raise Failure(str(error)) from error


def _save(path: Path, made: Baseline) -> None:
    try:
        path.write_text(made.text(), encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error
