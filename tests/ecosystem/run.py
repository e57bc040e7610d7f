"""Run kerasast on real projects and compare what it says with what is recorded.

    python tests/ecosystem/run.py FOLDER             # FOLDER holds checkouts called <owner>+<name>
    python tests/ecosystem/run.py FOLDER --update    # record what is new as `unread`, drop what is gone
    python tests/ecosystem/run.py --summary          # verdicts for each rule and project, as Markdown
    python tests/ecosystem/run.py --write-docs       # the same into docs/ecosystem.md

Exits with 1 if a run differs from its record or kerasast fails, and with 2 if a checkout is missing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from records import (
    Difference,
    Finding,
    Pin,
    compare,
    official_summary,
    read_pins,
    read_record,
    summary,
    update,
    write_record,
)

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "ecosystem.md"
PREAMBLE = """\
# What kerasast says about real projects

kerasast is run on the projects below, each at the commit given. Every diagnostic is read in its code and gets a
verdict: **true** if it is as the diagnostic says, **false** if it is not, **debatable** if it is so but a reader may
have reasons not to care. `right` is the share of read diagnostics that are not false. The verdicts are in
`tests/ecosystem/verdicts/`; `python tests/ecosystem/run.py FOLDER` compares a folder of checkouts with them, so that a
change of kerasast shows as a list of new and gone diagnostics. This page is written by
`python tests/ecosystem/run.py --write-docs`.

"""

OFFICIAL = """\
## In Keras's own examples and guides

Every true diagnostic in the material of keras.io (its scripts at the pinned commit, which was for TensorFlow 2.12, and
the guides of Keras 3), with what goes wrong there:

"""


class KerasastFailed(Exception):
    """kerasast ended with an error of its own."""


def analyse(checkout: Path, folders: Sequence[str] = ()) -> list[Finding]:
    """What kerasast says about a checkout, or about some folders in it, with paths relative to it.

    Raises:
        KerasastFailed: it did not end with a report.
    """
    command = [
        sys.executable,
        "-m",
        "kerasast",
        "check",
        "--isolated",
        "--exit-zero",
        "--output-format",
        "json",
    ]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
    run = subprocess.run(
        [*command, *(folders or ["."])],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if run.returncode != 0:
        last_words = " | ".join(run.stderr.strip().splitlines()[-2:])
        raise KerasastFailed(f"exit code {run.returncode}: {last_words}")
    return [finding_of(item, checkout) for item in json.loads(run.stdout)]


def finding_of(item: dict[str, object], checkout: Path) -> Finding:
    """A finding from one diagnostic of kerasast's JSON output."""
    location = item["location"]
    assert isinstance(location, dict)
    path = Path(str(item["filename"]))
    relative = path.relative_to(checkout) if path.is_absolute() else path
    cell = item.get("cell")
    return Finding(
        relative.as_posix(), location["row"], str(item["code"]), cell if isinstance(cell, int) else 0
    )


def describe(pin: Pin, difference: Difference, seconds: float) -> Iterator[str]:
    """Lines that tell how a run of one project went."""
    counts = f"{len(difference.kept)} known, {len(difference.new)} new, {len(difference.gone)} gone"
    yield f"{pin.name}: {counts} ({seconds:.1f} s)"
    for sign, items in (("+", difference.new), ("-", difference.gone)):
        for item in items:
            was = f"  (was {item.verdict})" if sign == "-" else ""
            yield f"  {sign} {item.place}: {item.rule}{was}"


def head_of(checkout: Path) -> str | None:
    """The commit that a checkout is at; `None` if it is not a git repository."""
    run = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True)
    return run.stdout.strip() if run.returncode == 0 else None


def run_project(pin: Pin, folder: Path, *, write: bool) -> int:
    """Run one project; the exit code that it asks for."""
    checkout = (folder / pin.folder).resolve()
    if not checkout.is_dir():
        print(f"{pin.name}: there is no {checkout}")
        return 2
    head = head_of(checkout)
    if head is not None and head != pin.commit:
        print(f"{pin.name}: the checkout is at {head}, pinned is {pin.commit}")
        return 2
    record = read_record(pin)
    started = time.perf_counter()
    try:
        found = analyse(checkout, pin.folders)
    except KerasastFailed as error:
        print(f"{pin.name}: kerasast failed: {error}")
        return 1
    difference = compare(record.findings, found)
    print("\n".join(describe(pin, difference, time.perf_counter() - started)), flush=True)
    if write:
        write_record(update(record, difference, pin.commit))
        return 0
    return 1 if difference else 0


def report() -> str:
    """The summary of all records, and what is wrong in Keras's own material."""
    pins = read_pins()
    official = [read_record(pin) for pin in pins if pin.official]
    return f"{summary([read_record(pin) for pin in pins])}\n{OFFICIAL}{official_summary(official)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="the folder of checkouts")
    parser.add_argument("--project", action="append", metavar="OWNER/NAME", help="only this one (repeatable)")
    parser.add_argument("--update", action="store_true", help="write what was found to the records")
    parser.add_argument("--summary", action="store_true", help="print the verdicts for each rule and project")
    parser.add_argument("--write-docs", action="store_true", help="write them to docs/ecosystem.md")
    options = parser.parse_args(arguments)
    if options.summary:
        print(report(), end="")
    if options.write_docs:
        DOCS.write_text(PREAMBLE + report(), encoding="utf-8")
    if options.folder is None:
        return 0 if options.summary or options.write_docs else parser.error("name the folder of checkouts")
    pins = [pin for pin in read_pins() if not options.project or pin.name in options.project]
    return max((run_project(pin, options.folder, write=options.update) for pin in pins), default=2)


if __name__ == "__main__":
    sys.exit(main())
