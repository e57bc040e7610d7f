"""What `kerasast check` does where it is to repair: write files, or show what would be written."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from kerasast.cli.common import wants_color, warn, write
from kerasast.fixes.loop import Repair, links, repair
from kerasast.fixes.write import Change, WriteError, write_together
from kerasast.output.changes import render_diff
from kerasast.output.report import hidden_fixes, plural
from kerasast.output.terminal import Palette, printable
from kerasast.source import SourceFile, source_from_bytes

if TYPE_CHECKING:
    from kerasast.engine import Analyzer, Result
    from kerasast.survey import Opened


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of repairing: the last result, the fixes that were kept, and whether something went wrong."""

    result: Result
    applied: Counter[tuple[str, str]]
    failed: bool


def repair_files(analyzer: Analyzer, opened: Opened) -> Repaired:
    """Repair files on disk. What cannot be written stays as it is, and is reported as it is."""
    done = _repair(analyzer, opened)
    written: dict[str, bytes] = {}
    failed = False
    for group in links(done):
        changes = [Change(path, done.originals[path], done.contents[path]) for path in sorted(group)]
        try:
            write_together(changes)
        except WriteError as error:
            others = ", ".join(item.path for item in changes if item.path != error.path)
            also = f"; {others} must change with it, and was not fixed either" if others else ""
            warn(f"{error.path}: {error}; it was not fixed{also}", "error")
            failed = True
            continue
        written.update({change.path: change.new for change in changes})
    result = done.result
    if failed:
        result = analyzer.check(opened.changed(written))
    kept = Counter({key: count for key, count in done.applied.items() if key[0] in written})
    return Repaired(replace(result, fixed=kept.total()), kept, failed)


def repair_text(analyzer: Analyzer, opened: Opened, path: str) -> Repaired:
    """Repair a text, and write what it is then to the standard output, changed or not."""
    done = _repair(analyzer, opened)
    content = done.contents.get(path)
    sys.stdout.flush()
    sys.stdout.buffer.write(opened.content(path) if content is None else content)
    sys.stdout.buffer.flush()
    return Repaired(replace(done.result, fixed=done.count), done.applied, False)


def show_diff(analyzer: Analyzer, opened: Opened, color: str) -> Repaired:
    """Write what would be changed to the standard output, and how much that is to the standard error."""
    done = _repair(analyzer, opened)
    palette = Palette(wants_color(color, sys.stdout))
    before = {path: _source(path, data) for path, data in done.originals.items()}
    after = {path: _source(path, data) for path, data in done.contents.items()}
    write("".join(render_diff(before, after, palette)))
    more = _additional(done.result)
    if done.count or more:
        click.echo(f"Would fix {plural(done.count, 'problem')}{more}", err=True)
    return Repaired(replace(done.result, fixed=done.count), done.applied, False)


def describe_repairs(repaired: Repaired) -> Iterator[str]:
    """What was repaired, by file and rule, for `--show-fixes`."""
    if not repaired.applied:
        return
    yield f"Fixed {plural(repaired.applied.total(), 'problem')}:"
    previous = None
    for (path, rule), count in sorted(repaired.applied.items()):
        if path != previous:
            yield f"- {printable(path)}:"
        previous = path
        yield f"    {count} × {rule}"


def summarize_repairs(repaired: Repaired) -> str:
    """The line that `--fix-only` ends with; empty if there is nothing to say."""
    more = _additional(repaired.result)
    if not repaired.result.fixed and not more:
        return ""
    return f"Fixed {plural(repaired.result.fixed, 'problem')}{more}"


def _repair(analyzer: Analyzer, opened: Opened) -> Repair:
    done = repair(opened, analyzer.check, unsafe=analyzer.settings.unsafe_fixes is True)
    for path, problem in done.problems:
        warn(f"{path}: {problem}")
    return done


def _additional(result: Result) -> str:
    hidden = hidden_fixes(result)
    if not hidden:
        return ""
    fixes = "1 additional fix" if hidden == 1 else f"{hidden} additional fixes"
    return f" ({fixes} available with `--unsafe-fixes`)"


def _source(path: str, data: bytes) -> SourceFile:
    return source_from_bytes(path, data)
