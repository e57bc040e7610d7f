"""What of a run is reported: what is new, or stands in lines that have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasast.cli.analysis import STDIN, add_options, start_folder
from kerasast.cli.common import Failure
from kerasast.config import ALWAYS_ON, Settings

if TYPE_CHECKING:
    from kerasast.diagnostics import Diagnostic
    from kerasast.engine import Only
    from kerasast.source import SourceFile

_F = TypeVar("_F", bound=Callable[..., Any])

_BASELINE = (
    click.option(
        "--baseline",
        type=click.Path(dir_okay=False),
        help="Do not report what this file knows; `kerasast baseline create` writes one.",
    ),
    click.option(
        "--no-baseline", is_flag=True, help="Report what the baseline of the configuration knows, too."
    ),
)
_OPTIONS = (
    *_BASELINE,
    click.option(
        "--diff-base",
        metavar="REVISION",
        help="Only report what stands in lines that have changed since a revision of git.",
    ),
)


def baseline_options(command: _F) -> _F:
    """The options on what was known before."""
    return add_options(_BASELINE)(command)


def narrowing_options(command: _F) -> _F:
    """The options on what is reported."""
    return add_options(_OPTIONS)(command)


def check_narrowing(ctx: click.Context, paths: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse options that exclude each other.

    Raises:
        click.UsageError: some do.
    """
    if options["baseline"] is not None and options["no_baseline"]:
        raise click.UsageError("--baseline and --no-baseline exclude each other.", ctx)
    if options.get("diff_base") is not None and STDIN in paths:
        raise click.UsageError("--diff-base is for files, not for `-`.", ctx)


def with_baseline(settings: Settings, options: dict[str, Any]) -> Settings:
    """The settings with the baseline of the command line."""
    if options["no_baseline"]:
        return replace(settings, baseline=None)
    if options["baseline"] is not None:
        return replace(settings, baseline=str(Path(options["baseline"]).absolute()))
    return settings


def changed_only(paths: Sequence[str], revision: str | None) -> Only | None:
    """What tells the diagnostics in changed lines; `None` where all lines count.

    Raises:
        Failure: git does not know what has changed.
    """
    if revision is None:
        return None
    from kerasast.git import GitError, changes_since
    from kerasast.output.places import Places

    try:
        changes = changes_since(start_folder(paths), revision)
    except GitError as error:
        raise Failure(f"--diff-base: {error}") from error
    latest: list[Places] = []

    def only(item: Diagnostic, sources: Mapping[str, SourceFile]) -> bool:
        if item.rule == "internal-error":
            return True
        if item.rule in ALWAYS_ON:  # why a file was not checked; it may matter for any of its lines
            return changes.touch(item.path, 1, len(sources[item.path].text) + 1)
        if not latest or latest[0].sources is not sources:
            latest[:] = [Places(sources)]
        region = latest[0].region(item.path, item.span)
        return changes.touch(item.path, region.start_row, region.end_row)

    return only
