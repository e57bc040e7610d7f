"""Keeps the numbers of larger runs, for the page on accuracy: `runs.json`, which only `run.py --record` writes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from differential.comparison import Comparison, Verdict
from differential.fixing import Repair
from differential.harness import Case, generate
from differential.limits import limit_of

FILE = Path(__file__).with_name("runs.json")

LIMIT = "LIMIT"
"""The programs that go wrong in a way that is listed as a limit are counted under this name."""


@dataclass(frozen=True)
class Record:
    """The numbers of one run in one version: how many programs got which verdict, and what the fixes did.

    `digest` is that of the programs: another generator makes others from the same seed. `fresh` counts the
    disagreements that no limit explained when nobody had seen these programs yet; `None` if that was not kept.
    """

    seed: int
    programs: int
    digest: str
    version: str
    verdicts: dict[str, int]
    effects: dict[str, int]
    fresh: int | None = None


def digest_of(cases: Iterable[Case]) -> str:
    """A digest of programs."""
    return hashlib.sha256("".join(case.source for case in cases).encode()).hexdigest()[:16]


def records_of(
    seed: int,
    cases: Sequence[Case],
    comparisons: Iterable[Comparison],
    repairs: Iterable[Repair],
    *,
    fresh: bool,
) -> list[Record]:
    """The numbers of a run, for each version; `fresh` if nobody has seen the programs before."""
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
            sum(counter[item.name] for item in Verdict if item.disagrees) if fresh else None,
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
    old = {(item.seed, item.version): item for item in read_records()}
    for item in new:
        before = old.get((item.seed, item.version))
        known = before is not None and before.programs == item.programs
        old[item.seed, item.version] = replace(item, fresh=before.fresh) if before and known else item
    every = sorted(old.values(), key=lambda item: (item.seed, item.version))
    FILE.write_text(json.dumps([asdict(item) for item in every], indent=1) + "\n", encoding="utf-8")
