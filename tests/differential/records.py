"""Keeps the numbers of larger runs, for the page on accuracy: `runs.json`, which only `run.py --record` writes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from differential.comparison import Comparison
from differential.fixing import Repair
from differential.harness import Case, generate
from differential.limits import limit_of

FILE = Path(__file__).with_name("runs.json")

LIMIT = "LIMIT"
"""The programs that go wrong in a way that is listed as a limit are counted under this name."""


@dataclass(frozen=True)
class Record:
    """The numbers of one run in one version: how many programs got which verdict, and what the fixes did.

    `digest` is that of the programs: another generator makes others from the same seed.
    """

    seed: int
    programs: int
    digest: str
    version: str
    verdicts: dict[str, int]
    effects: dict[str, int]


def digest_of(cases: Iterable[Case]) -> str:
    """A digest of programs."""
    return hashlib.sha256("".join(case.source for case in cases).encode()).hexdigest()[:16]


def records_of(
    seed: int, cases: Sequence[Case], comparisons: Iterable[Comparison], repairs: Iterable[Repair]
) -> list[Record]:
    """The numbers of a run, for each version."""
    verdicts: dict[str, Counter[str]] = {}
    for item in comparisons:
        counter = verdicts.setdefault(item.version, Counter())
        counter[item.verdict.name if limit_of(item) is None else LIMIT] += 1
    effects = Counter((item.version, item.effect.name) for item in repairs)
    digest = digest_of(cases)
    return [
        Record(
            seed,
            len(cases),
            digest,
            version,
            dict(sorted(counter.items())),
            {name: count for (other, name), count in sorted(effects.items()) if other == version},
        )
        for version, counter in sorted(verdicts.items())
    ]


def read_records() -> list[Record]:
    """The numbers of all runs that are kept, of programs that the generator still makes."""
    if not FILE.is_file():
        return []
    found = [Record(**item) for item in json.loads(FILE.read_text(encoding="utf-8"))]
    current = {(item.seed, item.programs) for item in found}
    digests = {key: digest_of(generate(*key)) for key in current}
    return [item for item in found if digests[item.seed, item.programs] == item.digest]


def add_records(new: Sequence[Record]) -> None:
    """Keep the numbers of a run, in place of those of the same seed; those of other generators are dropped."""
    replaced = {(item.seed, item.version) for item in new}
    kept = [item for item in read_records() if (item.seed, item.version) not in replaced]
    every = sorted([*kept, *new], key=lambda item: (item.seed, item.version))
    FILE.write_text(json.dumps([asdict(item) for item in every], indent=1) + "\n", encoding="utf-8")
