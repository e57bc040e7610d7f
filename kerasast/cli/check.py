"""`kerasast check`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kerasast.cli.analysis import (
    STDIN,
    STDIN_NAME,
    add_options,
    config_options,
    list_option,
    open_inputs,
    report_problems,
    rule_options,
    settings_from,
)
from kerasast.cli.common import Failure, write
from kerasast.cli.narrowing import changed_only, check_narrowing, narrowing_options, with_baseline
from kerasast.cli.outputs import check_outputs, is_for_people, output_options, write_reports
from kerasast.cli.progress import Progress
from kerasast.config import describe
from kerasast.garbage import rare_collection
from kerasast.registry import UnknownSelector

if TYPE_CHECKING:
    from kerasast.engine import Analyzer, Result

_FIXES = (
    click.option("--fix/--no-fix", default=None, help="Repair what can be repaired."),
    click.option(
        "--unsafe-fixes/--no-unsafe-fixes",
        default=None,
        help="Also apply fixes that may change what the program does; or do not mention them.",
    ),
    click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing."),
    click.option("--fix-only", is_flag=True, help="Repair, and do not report what is left."),
    click.option("--show-fixes/--no-show-fixes", default=None, help="List what was repaired."),
    click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if anything was repaired."),
    list_option("--fixable", help="Rules whose fixes are applied.  [default: ALL]"),
    list_option("--unfixable", help="Rules whose fixes are not applied."),
    click.option(
        "--add-ignores", is_flag=True, help="Write a comment into the code for everything that is reported."
    ),
)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@rule_options
@add_options(_FIXES)
@narrowing_options
@output_options
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are reports.")
@config_options
@click.option("--stdin-filename", metavar="PATH", help="What to call the code that is read from `-`.")
@click.option("--show-settings", is_flag=True, help="Show the settings and the version of Keras, and stop.")
@click.option("--show-files", is_flag=True, help="Show the files that would be checked, and stop.")
@click.pass_context
@rare_collection()
def check(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Find mistakes in Keras code.

    PATHS are files, folders and globs; `-` reads a file from the standard input. Without any, the working
    directory is checked. Exits with 0 if all is well, 1 if there are reports, 2 if something failed.
    """
    from kerasast.baseline import BaselineError
    from kerasast.engine import Analyzer

    paths = paths or (".",)
    _check_usage(ctx, paths, options)
    settings = with_baseline(settings_from(paths, options), options)
    only = changed_only(paths, options["diff_base"])
    progress = Progress(sys.stderr)
    try:
        analyzer = Analyzer(settings, progress=progress, only=only)
    except (UnknownSelector, BaselineError) as error:
        raise Failure(str(error)) from error
    if options["show_settings"] or options["show_files"]:
        _show(analyzer, paths, options)
        return
    if options["diff"] or options["fix_only"] or (settings.fix and not options["add_ignores"]):
        _check_and_repair(ctx, analyzer, paths, options, progress)
    with progress:
        result, failed = _analyze(analyzer, paths, options)
    failed = report_problems(result, paths) or failed
    write_reports(result, options, failed=failed)
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
        opened, problems = open_inputs(analyzer, paths, options["stdin_filename"])
        if options["diff"]:
            done = repairing.show_diff(analyzer, opened, options["color"])
        elif is_stdin:
            done = repairing.repair_text(analyzer, opened, options["stdin_filename"] or STDIN_NAME)
        else:
            done = repairing.repair_files(analyzer, opened)
    result = replace(done.result, problems=problems, seconds=time.perf_counter() - started)
    failed = report_problems(result, paths) or done.failed
    lines = list(repairing.describe_repairs(done)) if analyzer.settings.show_fixes else []
    if not options["diff"]:
        if options["fix_only"]:
            lines += [line for line in [repairing.summarize_repairs(done)] if line]
        else:
            write_reports(result, options, failed=failed, err=is_stdin)
    aside = is_stdin or options["diff"] or not is_for_people(options)
    click.echo("".join(f"{line}\n" for line in lines), nl=False, err=aside)
    if failed or result.failed:
        ctx.exit(2)
    left = () if options["diff"] or options["fix_only"] else result.diagnostics
    counts = options["diff"] or options["exit_non_zero_on_fix"]
    ctx.exit(1 if (left or (counts and result.fixed)) and not options["exit_zero"] else 0)


def _check_usage(ctx: click.Context, paths: Sequence[str], options: dict[str, Any]) -> None:
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("`-` cannot be combined with other paths.", ctx)
    if options["stdin_filename"] is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename is only used together with `-`.", ctx)
    if options["config"] is not None and options["isolated"]:
        raise click.UsageError("--config and --isolated exclude each other.", ctx)
    if options["add_ignores"]:
        from kerasast.cli.ignoring import check_ignoring

        check_ignoring(ctx, paths, options)
    check_narrowing(ctx, paths, options)
    check_outputs(ctx, options)


def _analyze(analyzer: Analyzer, paths: Sequence[str], options: dict[str, Any]) -> tuple[Result, bool]:
    """The result of a run, and whether something could not be written."""
    started = time.perf_counter()
    opened, problems = open_inputs(analyzer, paths, options["stdin_filename"])
    if options["add_ignores"]:
        from kerasast.cli.ignoring import add_ignores

        result, failed = add_ignores(analyzer, opened)
    else:
        result, failed = analyzer.check(opened), False
    return replace(result, problems=problems, seconds=time.perf_counter() - started), failed


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
