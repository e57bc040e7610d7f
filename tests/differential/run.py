"""Compares kerasast with real Keras on generated programs: `python tests/differential/run.py --programs 200`.

--programs N    how many programs, of each generation
--seed S        which ones; --first N begins with the N-th
--keras 2.15    in one generation only
--show KIND     print the programs with this verdict: `miss`, `false_alarm`, `limit`, `advised`, …; or a program's id
--keep FOLDER   keep there what real Keras shows, and read what is there: only kerasast is run again
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

from environments import GENERATIONS, ROOT, reason_missing

from differential.accuracy import page
from differential.comparison import Comparison, compare, describe
from differential.harness import generate, observe
from differential.keeping import observe_once
from differential.limits import limit_of


def main() -> int:
    """Run the programs; 1 if there is a disagreement."""
    options = _parser().parse_args()
    if reason := reason_missing():
        sys.exit(reason)
    cases = generate(options.seed, options.programs, options.first)
    generations = [item for item in GENERATIONS if options.keras in (None, item.version)]
    kept = options.keep
    observations = observe_once(cases, generations, kept) if kept else observe(cases, generations)
    comparisons = [
        compare(case, version, found[case.id]) for version, found in observations.items() for case in cases
    ]
    for item in comparisons:
        if _shown(item, options.show):
            print(f"{describe(item)}\n")
    print_counts(comparisons)
    if options.write:
        command = (
            f"python tests/differential/run.py --programs {options.programs} --seed {options.seed} --write"
        )
        (ROOT / "docs" / "accuracy.md").write_text(page(comparisons, command), encoding="utf-8")
    return int(any(item.verdict.disagrees and limit_of(item) is None for item in comparisons))


def print_counts(comparisons: list[Comparison]) -> None:
    """Print how many programs got which verdict."""
    counts = Counter((item.version, item.verdict) for item in comparisons)
    for (version, verdict), count in sorted(counts.items(), key=lambda pair: (pair[0][0], pair[0][1].name)):
        print(f"Keras {version}: {count:5} {verdict.name}: {verdict.value}")
    placed = Counter((item.version, item.placement) for item in comparisons if item.placement)
    for (version, placement), count in sorted(placed.items(), key=str):
        print(f"Keras {version}: {count:5} {placement.name}: {placement.value}")
    limited = Counter(limit.name for limit in map(limit_of, comparisons) if limit is not None)
    for name, count in limited.items():
        print(f"{count} of the misses are the limit {name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare kerasast with real Keras on generated programs.")
    parser.add_argument("--programs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keras", choices=[generation.version for generation in GENERATIONS])
    parser.add_argument("--show", action="append", default=[])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", action="store_true")
    return parser


def _shown(comparison: Comparison, kinds: list[str]) -> bool:
    if limit_of(comparison) is not None:
        return "limit" in kinds
    return comparison.verdict.name.lower() in kinds or comparison.case.id in kinds


if __name__ == "__main__":
    sys.exit(main())
