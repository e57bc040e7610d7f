"""What kerasast said about real projects and what a reader found it worth: recorded, compared, summed up."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
RECORDS = HERE / "verdicts"
PINS = HERE / "pins.toml"

VERDICTS = ("true", "false", "debatable", "unread")
"""`true`: it is as the diagnostic says. `false`: it is not. `debatable`: it is, but a reader may not care.

`unread`: nobody has compared it with the code yet.
"""

Key = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Pin:
    """A project (`owner/name` on GitHub) at a commit.

    `folders` are the only ones to look into, if any are named. `official` material is Keras's own: what is true of it
    is listed one by one, with what is wrong.
    """

    name: str
    commit: str
    folders: tuple[str, ...] = ()
    official: bool = False

    @property
    def folder(self) -> str:
        """The name of its checkout, and of its record."""
        return self.name.replace("/", "+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One recorded diagnostic. `line` counts from 1, in a notebook from the start of its code cell `cell` (else 0)."""

    path: str
    line: int
    rule: str
    cell: int = 0
    verdict: str = "unread"
    reason: str = ""

    @property
    def key(self) -> Key:
        return (self.path, self.cell, self.line, self.rule)

    @property
    def place(self) -> str:
        cell = f":cell {self.cell}" if self.cell else ""
        return f"{self.path}{cell}:{self.line}"


@dataclass(frozen=True, slots=True)
class Record:
    """All diagnostics of one project at one commit."""

    project: str
    commit: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """How a run differs from its record; `kept` are the recorded findings that were found again."""

    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    kept: tuple[Finding, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.new or self.gone)


def read_pins(path: Path = PINS) -> list[Pin]:
    """The pinned projects, in the order of the file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return [
        Pin(
            table["name"],
            table["commit"],
            tuple(table.get("folders", ())),
            bool(table.get("official", False)),
        )
        for table in tables
    ]


def read_record(pin: Pin, folder: Path = RECORDS) -> Record:
    """The record of a project; an empty one if it has none.

    Raises:
        ValueError: a verdict is not one of `VERDICTS`, or one other than `unread` and `true` gives no reason.
    """
    path = folder / f"{pin.folder}.json"
    if not path.exists():
        return Record(pin.name, pin.commit)
    data = json.loads(path.read_text(encoding="utf-8"))
    findings = tuple(Finding(**item) for item in data["findings"])
    for finding in findings:
        if finding.verdict not in VERDICTS:
            raise ValueError(f"{path.name}: {finding.place}: {finding.verdict!r} is no verdict")
        if finding.verdict in ("false", "debatable") and not finding.reason:
            raise ValueError(f"{path.name}: {finding.place}: {finding.verdict!r} needs a reason")
    return Record(data["project"], data["commit"], findings)


def write_record(record: Record, folder: Path = RECORDS) -> None:
    """Write a record, one finding a line, in the order of their places."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(_plain(item)) for item in sorted(record.findings, key=lambda item: item.key)]
    text = "[]" if not lines else "[\n    " + ",\n    ".join(lines) + "\n  ]"
    head = f'{{\n  "project": {json.dumps(record.project)},\n  "commit": {json.dumps(record.commit)},\n'
    path = folder / f"{record.project.replace('/', '+')}.json"
    path.write_text(f'{head}  "findings": {text}\n}}\n', encoding="utf-8")


def _plain(item: Finding) -> dict[str, object]:
    data: dict[str, object] = {"path": item.path, "line": item.line, "rule": item.rule}
    if item.cell:
        data["cell"] = item.cell
    data["verdict"] = item.verdict
    if item.reason:
        data["reason"] = item.reason
    return data


def compare(recorded: Sequence[Finding], found: Sequence[Finding]) -> Difference:
    """Match findings by place and rule; the same key twice is two findings."""
    waiting: dict[Key, list[Finding]] = {}
    for item in recorded:
        waiting.setdefault(item.key, []).append(item)
    new, kept = [], []
    for item in found:
        known = waiting.get(item.key)
        if known:
            kept.append(known.pop(0))
        else:
            new.append(item)
    gone = [item for items in waiting.values() for item in items]
    return Difference(_in_order(new), _in_order(gone), tuple(kept))


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda item: item.key))


def update(record: Record, difference: Difference, commit: str) -> Record:
    """The record after a run: what is gone is dropped, what is new is `unread`, verdicts of the rest stay."""
    new = tuple(replace(item, verdict="unread", reason="") for item in difference.new)
    return Record(record.project, commit, (*difference.kept, *new))


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of verdicts."""

    counts: Counter[str]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def precision(self) -> float | None:
        """The share of read findings that are not false, `None` if none was read."""
        read = self.total - self.counts["unread"]
        return None if not read else 1 - self.counts["false"] / read

    def cells(self) -> list[str]:
        """The total, the number of each verdict, and the precision, as text."""
        share = "" if self.precision is None else f"{100 * self.precision:.1f} %"
        return [str(self.total), *(str(self.counts[verdict] or "") for verdict in VERDICTS), share]


def tally(findings: Iterable[Finding]) -> Tally:
    """Count the verdicts of findings."""
    return Tally(Counter(item.verdict for item in findings))


def table(head: str, groups: dict[str, list[Finding]]) -> str:
    """A Markdown table with a line for each group that has findings, and one for all of them."""
    rows = [[head, "diagnostics", *VERDICTS, "right"]]
    rows.append(["---", *["---:"] * (len(rows[0]) - 1)])
    rows += [[name, *tally(items).cells()] for name, items in sorted(groups.items())]
    rows.append(["**all**", *tally(item for items in groups.values() for item in items).cells()])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def summary(records: Sequence[Record]) -> str:
    """Markdown: the verdicts for each rule, and for each project."""
    rules: dict[str, list[Finding]] = {}
    for record in records:
        for item in record.findings:
            rules.setdefault(f"`{item.rule}`", []).append(item)
    projects = {
        f"[{record.project}](https://github.com/{record.project}/tree/{record.commit})": list(record.findings)
        for record in records
    }
    return f"{table('rule', rules)}\n\n{table('project', projects)}\n"


def official_summary(records: Sequence[Record]) -> str:
    """Markdown: what is wrong in Keras's own material, as the reasons of the true findings say.

    The notebooks there are made from the scripts: one is listed only if it cannot be read.
    """
    lines = [
        f"- `{item.place}` of {record.project} (`{item.rule}`): {item.reason}"
        for record in records
        for item in record.findings
        if item.verdict == "true" and item.reason and (not item.cell or item.rule == "invalid-notebook")
    ]
    return "\n".join(dict.fromkeys(lines)) + "\n"
