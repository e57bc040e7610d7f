"""What `kerasast check --add-ignores` does: write a comment for everything that is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kerasast.cli.analysis import STDIN
from kerasast.cli.common import warn
from kerasast.fixes.contents import ContentError, edited
from kerasast.fixes.write import Change, WriteError, write_together
from kerasast.ignores import ignores_for
from kerasast.output.report import plural

if TYPE_CHECKING:
    from kerasast.engine import Analyzer, Result
    from kerasast.survey import Opened


def check_ignoring(ctx: click.Context, paths: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse what makes no sense together with `--add-ignores`.

    Raises:
        click.UsageError: something does not.
    """
    if STDIN in paths:
        raise click.UsageError("--add-ignores is for files, not for `-`.", ctx)
    for name in ("fix", "diff", "fix_only"):
        if options[name]:
            raise click.UsageError(f"--add-ignores and --{name.replace('_', '-')} exclude each other.", ctx)


def add_ignores(analyzer: Analyzer, opened: Opened) -> tuple[Result, bool]:
    """Write comments into files; the result after that, and whether something went wrong."""
    found = analyzer.check(opened)
    wanted = ignores_for(found.diagnostics, found.sources)
    written: dict[str, bytes] = {}
    failed = False
    for path, edits in wanted.edits.items():
        old = opened.content(path)
        try:
            new = edited(found.sources[path], old, edits)
            write_together([Change(path, old, new)])
        except (ContentError, WriteError) as error:
            warn(f"{path}: {error}; no comments were added", "error")
            failed = True
            continue
        written[path] = new
    count = sum(len(wanted.edits[path]) for path in written)
    click.echo(f"Added {plural(count, 'comment')} to {plural(len(written), 'file')}", err=True)
    result = analyzer.check(opened.changed(written)) if written else found
    return result, failed
