"""Repair real projects, in memory, and look whether what must be true of every fix is true there.

    python tests/ecosystem/fixes.py FOLDER            # FOLDER holds checkouts called <owner>+<name>
    python tests/ecosystem/fixes.py FOLDER --diff     # and show the diffs

Each project is repaired with all rules and also the unsafe fixes. Every changed file must parse, nothing that was
repaired may be reported again, no other report may appear, and a second run must change nothing. Exits with 1 if that
is not so.
"""

from __future__ import annotations

import argparse
import ast
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from records import read_pins

from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic
from kerasast.engine import Analyzer
from kerasast.fixes.loop import Repair, is_applicable, repair
from kerasast.output.changes import render_diff
from kerasast.output.terminal import Palette
from kerasast.source import source_from_bytes
from kerasast.survey import Opened


def check_project(checkout: Path, folders: tuple[str, ...], *, diff: bool) -> tuple[Counter[str], list[str]]:
    """Repair a checkout: how often each rule's fix was applied, and what is wrong."""
    analyzer = Analyzer(Settings(root=checkout, select=("ALL",), preview=True))
    opened, _ = analyzer.open_paths([checkout / folder for folder in folders] or [checkout])
    before = analyzer.check(opened).diagnostics
    done = repair(opened, analyzer.check, unsafe=True)
    if diff:
        show(done)
    rules: Counter[str] = Counter()
    for (_, rule), count in done.applied.items():
        rules[rule] += count
    return rules, list(problems(analyzer, opened, before, done))


def show(done: Repair) -> None:
    """Print the diffs."""
    before = {path: source_from_bytes(path, data) for path, data in done.originals.items()}
    after = {path: source_from_bytes(path, data) for path, data in done.contents.items()}
    print("".join(render_diff(before, after, Palette(False))))


def problems(
    analyzer: Analyzer, opened: Opened, before: tuple[Diagnostic, ...], done: Repair
) -> Iterator[str]:
    """What is wrong with a repair."""
    yield from (f"{path}: {problem}" for path, problem in done.problems)
    for path, data in done.contents.items():
        if path.endswith(".py"):
            try:
                ast.parse(data)
            except SyntaxError as error:
                yield f"{path}: does not parse: {error}"
    again = repair(opened.changed(done.contents), analyzer.check, unsafe=True)
    yield from (f"{path}: a second run changes it again" for path in again.contents)
    left = [item for item in done.result.diagnostics if is_applicable(item, unsafe=True)]
    yield from (f"{item.path}: still has a fix: {item.rule}: {item.message}" for item in left)
    more = Counter((item.path, item.rule) for item in done.result.diagnostics)
    more.subtract(Counter((item.path, item.rule) for item in before))
    for (path, rule), count in more.items():
        if count > 0:
            messages = [
                item.message for item in done.result.diagnostics if (item.path, item.rule) == (path, rule)
            ]
            yield f"{path}: reported only because of a fix: {rule}: {'; '.join(messages)}"


def main() -> int:
    """Repair the projects; 1 if something is wrong anywhere."""
    parser = argparse.ArgumentParser(description="Repair real projects in memory.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--diff", action="store_true", help="show what changes")
    parser.add_argument("--project", help="only this one, <owner>/<name>")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    total: Counter[str] = Counter()
    failures = 0
    for pin in read_pins():  # kerasast must be installed, or on PYTHONPATH
        if options.project not in (None, pin.name):
            continue
        rules, found = check_project(
            (options.folder / pin.folder).resolve(), tuple(pin.folders), diff=options.diff
        )
        total += rules
        failures += len(found)
        print(f"{pin.name}: {rules.total()} fixes")
        print("".join(f"  {text}\n" for text in found), end="", flush=True)
    print("".join(f"{count:5d} {rule}\n" for rule, count in total.most_common()), end="")
    print(f"{total.total()} fixes, {failures} problems")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
