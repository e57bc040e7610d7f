"""Writes `docs/accuracy.md`: what a run of generated programs showed, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from differential.comparison import Comparison, Placement, Verdict
from differential.fixing import Effect, Repair
from differential.limits import LIMITS, limit_of
from differential.records import LIMIT, Record

_INTRODUCTION = """\
# Accuracy on generated programs

Small Keras programs are composed at random from a grammar of the domain: kinds of models, custom classes with and
without each part of their contract, ways to build, compile, freeze, train, save and load, written at module level, in
functions, branches, loops and methods, in one file or several. Most are right, and the others have mistakes that people
make. Each one runs in real Keras, which is watched: did it raise, did what was saved come back, did training change
what is trainable and nothing else, does the log say what happened. kerasast checks the same program without running
it. The generator lives in `tests/differential/`; this page is written by

```sh
COMMAND
```

The programs are not what people write, and the mistakes in them are more frequent than in real code. What the numbers
show is whether what kerasast says agrees with what Keras does.
"""

_MEANING = {
    Verdict.CAUGHT: "goes wrong, and kerasast reports it",
    Verdict.CLEAN: "works, and kerasast is silent",
    Verdict.ADVISED: "works, and kerasast warns",
    Verdict.LATENT: "works, and kerasast reports a class that Keras cannot make again or train, or that does nothing",
    Verdict.DEPENDS: "goes wrong on some runs only, or on each in another way; not compared",
    Verdict.MISS: "goes wrong, and kerasast is silent",
    Verdict.MISPLACED: "goes wrong, and kerasast reports other statements only",
    Verdict.FALSE_ALARM: "works, and kerasast reports an error",
}


def page(
    comparisons: Sequence[Comparison], repairs: Sequence[Repair], records: Sequence[Record], command: str
) -> str:
    """The text of the page: a run in detail, what the fixes did to its programs, and the numbers of larger runs."""
    versions = sorted({item.version for item in comparisons})
    parts = [
        _INTRODUCTION.replace("COMMAND", command),
        _verdicts(comparisons, versions),
        _places(comparisons, versions),
        _repairs(repairs, versions),
        _larger(records),
        _rules(comparisons, versions),
        _limits(comparisons, versions),
    ]
    return "\n".join(part for part in parts if part)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _verdicts(comparisons: Sequence[Comparison], versions: list[str]) -> str:
    counts = Counter((item.verdict, item.version, limit_of(item) is not None) for item in comparisons)
    rows: list[list[object]] = []
    for verdict, meaning in _MEANING.items():
        row = [counts[verdict, version, False] for version in versions]
        if verdict in (Verdict.MISS, Verdict.MISPLACED):
            limited = [counts[verdict, version, True] for version in versions]
            rows.append([f"{meaning}: a limit that is listed below", *limited])
            meaning += ", and no listed limit explains it"
        rows.append([meaning, *row])
    total = Counter(item.version for item in comparisons)
    rows.append(["all programs", *(total[version] for version in versions)])
    return "## Verdicts\n\n" + _table(["the program", *(f"Keras {item}" for item in versions)], rows)


def _places(comparisons: Sequence[Comparison], versions: list[str]) -> str:
    counts = Counter((item.placement, item.version) for item in comparisons)
    rows = [[place.value, *(counts[place, item] for item in versions)] for place in Placement]
    text = (
        "Of the programs that go wrong and are reported: what the report that is nearest to the failure points to.\n"
        "One that points to another statement fails the tests, unless a limit below explains it.\n\n"
    )
    head = ["the report points", *(f"Keras {item}" for item in versions)]
    return "## Places\n\n" + text + _table(head, rows)


_EFFECTS = {
    Effect.REPAIRED: "went wrong, and works now",
    Effect.FURTHER: "fails later, or loses less, because of something that has no fix",
    Effect.UNCHANGED: "goes wrong as before",
    Effect.KEPT: "worked, and still works",
    Effect.BROKEN: "fails earlier, or loses more",
}


def _repairs(repairs: Sequence[Repair], versions: list[str]) -> str:
    if not repairs:
        return ""
    counts = Counter((item.effect, item.version) for item in repairs)
    rows = [[text, *(counts[effect, item] for item in versions)] for effect, text in _EFFECTS.items()]
    text = (
        "The programs for which kerasast has fixes, after `kerasast check --fix --unsafe-fixes`, run in real Keras\n"
        "again. One that is broken fails the tests.\n\n"
    )
    head = ["the program", *(f"Keras {item}" for item in versions)]
    return "## Fixes\n\n" + text + _table(head, rows)


def _larger(records: Sequence[Record]) -> str:
    if not records:
        return ""
    rows = [
        [
            item.seed,
            f"Keras {item.version}",
            item.programs,
            item.verdicts.get("CAUGHT", 0),
            sum(item.verdicts.get(name, 0) for name in ("CLEAN", "ADVISED", "LATENT")),
            item.verdicts.get("DEPENDS", 0),
            item.verdicts.get(LIMIT, 0),
            sum(item.verdicts.get(name, 0) for name in ("MISS", "MISPLACED")),
            item.verdicts.get("FALSE_ALARM", 0),
            "" if item.fresh is None else item.fresh,
            f"{item.effects.get('BROKEN', 0)} of {sum(item.effects.values())}" if item.effects else "",
        ]
        for item in records
    ]
    totals: list[object] = [sum(int(str(row[column])) for row in rows) for column in range(2, 9)]
    head = ["seed", "", "programs", "reported", "works, no error reported", "not compared", "known limit"]
    head += ["missed or misplaced", "false alarm", "disagreements when new", "broken by fixes"]
    text = (
        "Runs of more programs than the tests have time for, of the same generator: `run.py --record` adds one.\n"
        "What a run shows is mended or becomes a limit, and the numbers are those after that. How kerasast does on\n"
        "programs that nobody has looked at stands in the last but one column: misses, misplaced reports and false\n"
        "alarms that no limit explained when the run was new; for the first runs this was not kept.\n\n"
    )
    return "## Larger runs\n\n" + text + _table(head, [*rows, ["all", "", *totals, "", ""]])


def _rules(comparisons: Sequence[Comparison], versions: list[str]) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for item in comparisons:
        if item.verdict is Verdict.CAUGHT:
            counts.update({(report.rule, item.version) for report in item.reports})
    names = sorted({rule for rule, _ in counts})
    rows = [[f"[{name}](../rules/{name}.md)", *(counts[name, item] for item in versions)] for name in names]
    head = ["rule", *(f"Keras {item}" for item in versions)]
    text = "In how many of the programs that go wrong each rule reports:\n\n"
    return "## Rules that were exercised\n\n" + text + _table(head, rows)


def _limits(comparisons: Sequence[Comparison], versions: list[str]) -> str:
    found = [(limit_of(item), item.version) for item in comparisons]
    counts = Counter((limit.name, version) for limit, version in found if limit is not None)
    rows = [[limit.name, limit.reason, *(counts[limit.name, item] for item in versions)] for limit in LIMITS]
    text = (
        "What kerasast is known not to report. A test shows for each that it occurs; a miss that none of them\n"
        "explains fails the tests.\n\n"
    )
    return (
        "## Known limits\n\n" + text + _table(["limit", "why", *(f"Keras {item}" for item in versions)], rows)
    )
