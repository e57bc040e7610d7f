"""Compares what kerasast reports on a program with what real Keras showed of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from differential.harness import Case, Harm, Location, Observation
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.source import SourceFile, source_from_bytes
from kerasast.testing import analyze_files
from kerasast.versions import KerasVersion


class Verdict(Enum):
    """How kerasast and real Keras agree on a program, in one generation."""

    CAUGHT = "goes wrong, and is reported"
    CLEAN = "works, and is not reported"
    ADVISED = "works, with warnings only"
    LATENT = (
        "works, and the class that is reported breaks when Keras makes it again or trains it, or does nothing"
    )
    DEPENDS = "goes wrong on some runs only"
    MISS = "goes wrong, and is not reported"
    MISPLACED = "goes wrong, and only other statements are reported"
    FALSE_ALARM = "works, and is reported as an error"

    @property
    def disagrees(self) -> bool:
        """Whether one of the two is wrong."""
        return self in (Verdict.MISS, Verdict.MISPLACED, Verdict.FALSE_ALARM)


class Placement(Enum):
    """Where the report that is nearest to the failure points, nearest first."""

    AT = "at the statement that fails, or one that led to it"
    STORY = "elsewhere, and the story that it tells leads there"
    CLASS = "at the class whose objects fail"
    FILE = "where the file was written that cannot be loaded as it was"
    COMPILE = "where the model was compiled that cannot be trained"
    UNSEEN = "Keras shows the damage at the end only, and no statement"
    ELSEWHERE = "at another statement"


@dataclass(frozen=True)
class Report:
    """What kerasast reports: the rule, its message, its place, and all places that it speaks of."""

    rule: str
    severity: Severity
    message: str
    place: Location
    places: frozenset[Location]


@dataclass(frozen=True)
class Comparison:
    """A program with what both say of it, for one version of Keras."""

    case: Case
    version: str
    observation: Observation
    reports: tuple[Report, ...]
    verdict: Verdict
    placement: Placement | None = None


@dataclass(frozen=True)
class OwnClass:
    """A class that a program derives from Keras's, with the lines of it and its decorators."""

    name: str
    places: frozenset[Location]


CONTRACT = "contract"
"""The kind of harm that shows when the harness saves and loads a model of the program's classes by itself."""


UNSEEN_RULES = frozenset({"forward-instead-of-call"})
"""Rules of which the damage is not looked for: a layer that hands on its inputs trains, saves and loads very well."""


def compare(case: Case, version: str, observation: Observation) -> Comparison:
    """Compare the two on one program."""
    reports = report(case, version)
    verdict = judge(case, observation, reports)
    if verdict is not Verdict.CAUGHT:
        return Comparison(case, version, observation, reports, verdict)
    placement = _Locator(case).placement(observation, reports)
    if placement is Placement.ELSEWHERE:
        verdict = Verdict.MISPLACED
    return Comparison(case, version, observation, reports, verdict, placement)


def report(case: Case, version: str) -> tuple[Report, ...]:
    """What kerasast reports as an error or a warning."""
    found = analyze_files(case.files, KerasVersion.parse(version))
    sources = {path: source_from_bytes(path, text.encode()) for path, text in case.files.items()}
    return tuple(_report(item, sources) for item in found if item.severity is not Severity.INFO)


def _report(diagnostic: Diagnostic, sources: Mapping[str, SourceFile]) -> Report:
    spans = [(diagnostic.path, diagnostic.span), *((step.path, step.span) for step in diagnostic.steps)]
    places: set[Location] = set()
    for path, span in spans:
        first, last = sources[path].line_at(span.start), sources[path].line_at(span.end)
        places.update((path, line) for line in range(first, last + 1))
    line = sources[diagnostic.path].line_at(diagnostic.span.start)
    return Report(
        diagnostic.rule,
        diagnostic.severity,
        diagnostic.message,
        (diagnostic.path, line),
        frozenset(places),
    )


def judge(case: Case, observation: Observation, reports: tuple[Report, ...]) -> Verdict:
    """Whether the two agree."""
    lost = [{_what(harm) for harm in run if harm.kind != CONTRACT} for run in observation.runs]
    if set.intersection(*lost):
        return Verdict.CAUGHT if reports else Verdict.MISS
    if any(lost):
        return Verdict.DEPENDS
    if not reports:
        return Verdict.CLEAN
    classes = frozenset[Location]().union(*(item.places for item in own_classes(case)))
    broken = any(harm.kind == CONTRACT for harm in observation.harms)
    waiting = _unused_steps(case) | (classes if broken else frozenset())
    unexplained = [item for item in reports if item.place not in waiting and item.rule not in UNSEEN_RULES]
    if not unexplained:
        return Verdict.LATENT
    errors = any(item.severity is Severity.ERROR for item in unexplained)
    return Verdict.FALSE_ALARM if errors else Verdict.ADVISED


def _what(harm: Harm) -> str:
    """What goes wrong, to tell whether two runs go wrong for the same reason."""
    return harm.text if harm.kind == "raised" else harm.kind


def own_classes(case: Case) -> list[OwnClass]:
    """The classes that a program derives from Keras's."""
    return [
        OwnClass(
            node.name,
            frozenset(
                (path, line)
                for line in range(node.lineno - len(node.decorator_list), (node.end_lineno or 0) + 1)
            ),
        )
        for path, text in case.files.items()
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.bases
    ]


def _unused_steps(case: Case) -> frozenset[Location]:
    """The lines of each `train_step` in a program that never calls what would run it."""
    if _TRAINS.search(case.source):
        return frozenset()
    return frozenset(
        (path, line)
        for path, text in case.files.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name == "train_step"
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    )


class _Locator:
    """Finds how near the reports are to what goes wrong."""

    def __init__(self, case: Case) -> None:
        self._case = case

    @cached_property
    def _lines(self) -> dict[Location, str]:
        return {
            (path, number): line
            for path, text in self._case.files.items()
            for number, line in enumerate(text.splitlines(), start=1)
        }

    def placement(self, observation: Observation, reports: Iterable[Report]) -> Placement:
        """The best of what any report has for any harm that is not one of the contract alone."""
        harms = [harm for harm in observation.harms if harm.kind != CONTRACT]
        found = {self._placement(harm, item) for harm in harms for item in reports}
        return next(item for item in Placement if item in found)

    def _placement(self, harm: Harm, item: Report) -> Placement:
        failing = set(harm.places)
        if item.place in failing:
            return Placement.AT
        if item.places & failing:
            return Placement.STORY
        if any(item.place in cls.places and self._concerns(harm, cls) for cls in own_classes(self._case)):
            return Placement.CLASS
        codes = [self._lines.get(place, "") for place in failing]
        if any("load_" in code for code in codes) and any(
            _SAVES.search(self._lines[place]) for place in item.places
        ):
            return Placement.FILE
        if any(_TRAINS.search(code) for code in codes) and any(
            ".compile(" in self._lines[place] for place in item.places
        ):
            return Placement.COMPILE
        return Placement.ELSEWHERE if failing else Placement.UNSEEN

    def _concerns(self, harm: Harm, cls: OwnClass) -> bool:
        """Whether harm may come from a class: it names it, passes through it, or shows in what is kept of it."""
        if harm.kind != "raised" or cls.name in harm.text or cls.places & set(harm.places):
            return True
        if _OF_A_CLASS.search(harm.text):
            return True
        codes = [self._lines.get(place, "") for place in harm.places]
        if any(f"{cls.name}(" in code or _KEEPS.search(code) for code in codes):
            return True
        # Keras names the model where it fails in a layer that the model has made.
        wholes = [other for other in own_classes(self._case) if f"(type {other.name})" in harm.text]
        return any(f"{cls.name}(" in self._lines[place] for whole in wholes for place in whole.places)


_SAVES = re.compile(r"\.save\w*\(|ModelCheckpoint")
_OF_A_CLASS = re.compile(r"`super\(\)\.__init__\(\)`|Unimplemented `tf\.keras\.Model\.call\(\)`")
_TRAINS = re.compile(r"\.(?:fit|train_on_batch|evaluate)\(")
_KEEPS = re.compile(r"\.save\w*\(|ModelCheckpoint|BackupAndRestore|load_\w+\(|clone_model|set_weights")


def describe(comparison: Comparison) -> str:
    """A comparison for people: the program with what Keras and kerasast say at its lines."""
    case = comparison.case
    lines = [f"program {case.id}, Keras {comparison.version}: {comparison.verdict.value}"]
    for path, text in case.files.items():
        lines += [f"  {path}:"] if len(case.files) > 1 else []
        lines += [f"  {line:3} | {code}" for line, code in enumerate(text.splitlines(), start=1)]
    lines += [f"Keras: {_harm(harm)}" for harm in comparison.observation.harms]
    lines += [
        f"kerasast: {item.place[0]}:{item.place[1]}: {item.severity.name.lower()}[{item.rule}]: {item.message}"
        for item in comparison.reports
    ]
    return "\n".join(lines)


def _harm(harm: Harm) -> str:
    places = ", ".join(f"{path}:{line}" for path, line in harm.places)
    return f"{harm.kind}: {harm.text}{f' ({places})' if places else ''}"
