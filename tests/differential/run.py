"""Compares kerasast with real Keras on generated programs: `python tests/differential/run.py --programs 200`.

--programs N    how many programs, of each generation
--seed S        which ones; --first N begins with the N-th
--keras 2.15    in one generation only
--show KIND     print the programs with this verdict: `miss`, `misplaced`, `false_alarm`, `limit`, `advised`, …, or on
                which the fixes had this effect: `broken`, `unchanged`, …; or a program's id
--fix           apply all fixes to the programs that are reported, and run them again
--keep FOLDER   keep there what real Keras shows, and read what is there: only kerasast is run again
--record        keep the numbers in runs.json, for the table of larger runs; with --fresh, if nobody has seen these
                programs before, also how many disagreements there were then
--write         write docs/accuracy.md
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from environments import GENERATIONS, ROOT, Generation, reason_missing

from differential.accuracy import page
from differential.comparison import Comparison, compare, describe
from differential.fixing import Effect, Repair, describe_repair, judge_repair, repairs
from differential.harness import Case, Observation, generate, observe_each
from differential.keeping import observe_once
from differential.limits import limit_of
from differential.records import add_records, read_records, records_of


def main() -> int:
    """Run the programs; 1 if there is a disagreement, or a fix that breaks a program."""
    options = _parser().parse_args()
    if reason := reason_missing():
        sys.exit(reason)
    cases = generate(options.seed, options.programs, options.first)
    generations = [item for item in GENERATIONS if options.keras in (None, item.version)]
    observations = _observe(dict.fromkeys(generations, cases), options.keep)
    comparisons = [
        compare(case, version, found[case.id]) for version, found in observations.items() for case in cases
    ]
    repaired = _repair(comparisons, generations, options.keep) if options.fix else []
    for item in comparisons:
        if _shown(item, options.show):
            print(f"{describe(item)}\n")
    for repair in repaired:
        if repair.effect.name.lower() in options.show:
            print(f"{describe_repair(repair)}\n")
    print_counts(comparisons, repaired)
    if options.record:
        add_records(records_of(options.seed, cases, comparisons, repaired, fresh=options.fresh))
    if options.write:
        fix = " --fix" if options.fix else ""
        command = f"python tests/differential/run.py --programs {options.programs} --seed {options.seed}{fix} --write"
        text = page(comparisons, repaired, read_records(), command)
        (ROOT / "docs" / "accuracy.md").write_text(text, encoding="utf-8")
    wrong = any(item.verdict.disagrees and limit_of(item) is None for item in comparisons)
    return int(wrong or any(item.effect is Effect.BROKEN for item in repaired))


def _observe(wanted: dict[Generation, list[Case]], folder: Path | None) -> dict[str, dict[str, Observation]]:
    return observe_each(wanted) if folder is None else observe_once(wanted, folder)


def _repair(
    comparisons: list[Comparison], generations: list[Generation], folder: Path | None
) -> list[Repair]:
    """The second stage: fix the programs, and run them again."""
    todo = repairs(comparisons)
    wanted = {
        generation: [item.after for item in todo if item.before.version == generation.version]
        for generation in generations
    }
    found = _observe(wanted, folder)
    return [judge_repair(item, found[item.before.version][item.after.id]) for item in todo]


def print_counts(comparisons: list[Comparison], repaired: list[Repair]) -> None:
    """Print how many programs got which verdict."""
    counts = Counter((item.version, item.verdict) for item in comparisons)
    for (version, verdict), count in sorted(counts.items(), key=lambda pair: (pair[0][0], pair[0][1].name)):
        print(f"Keras {version}: {count:5} {verdict.name}: {verdict.value}")
    placed = Counter((item.version, item.placement) for item in comparisons if item.placement)
    for (version, placement), count in sorted(placed.items(), key=str):
        print(f"Keras {version}: {count:5} {placement.name}: {placement.value}")
    limited = Counter(limit.name for limit in map(limit_of, comparisons) if limit is not None)
    for name, count in limited.items():
        print(f"{count} disagreements are the limit {name}")
    effects = Counter((item.version, item.effect) for item in repaired)
    for (version, effect), count in sorted(effects.items(), key=str):
        print(f"Keras {version}, after the fixes: {count:5} {effect.name}: {effect.value}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare kerasast with real Keras on generated programs.")
    parser.add_argument("--programs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keras", choices=[generation.version for generation in GENERATIONS])
    parser.add_argument("--show", action="append", default=[])
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--write", action="store_true")
    return parser


def _shown(comparison: Comparison, kinds: list[str]) -> bool:
    if limit_of(comparison) is not None:
        return "limit" in kinds
    return comparison.verdict.name.lower() in kinds or comparison.case.id in kinds


if __name__ == "__main__":
    sys.exit(main())
