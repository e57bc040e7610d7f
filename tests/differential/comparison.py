"""Compares what kerasast reports on a program with what real Keras showed of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum

from differential.harness import Case, Harm, Observation
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.source import SourceFile, source_from_bytes
from kerasast.testing import analyze_files
from kerasast.versions import KerasVersion


class Verdict(Enum):
    """How kerasast and real Keras agree on a program, in one generation."""

    CAUGHT = "goes wrong, and is reported"
    CLEAN = "works, and is not reported"
    ADVISED = "works, with warnings only"
    LATENT = "works, and the class that is reported breaks when Keras makes it again"
    DEPENDS = "goes wrong on some runs only"
    MISS = "goes wrong, and is not reported"
    FALSE_ALARM = "works, and is reported as an error"

    @property
    def disagrees(self) -> bool:
        """Whether one of the two is wrong."""
        return self in (Verdict.MISS, Verdict.FALSE_ALARM)


@dataclass(frozen=True)
class Report:
    """What kerasast reports: the rule, its message, and the lines of the program that it speaks of (1-based)."""

    rule: str
    severity: Severity
    message: str
    line: int
    lines: frozenset[int]


@dataclass(frozen=True)
class Comparison:
    """A program with what both say of it, for one version of Keras."""

    case: Case
    version: str
    observation: Observation
    reports: tuple[Report, ...]
    verdict: Verdict

    @property
    def placed(self) -> bool:
        """Whether a report speaks of a line that was being executed when it went wrong, or of a class.

        What a class lacks shows where its objects are used, and what a file lacks where it is loaded.
        """
        lines = {line for harm in self.observation.harms for line in harm.lines}
        text = self.case.source.splitlines()
        if any("load_" in text[line - 1] for line in lines):
            lines.update(number for number, code in enumerate(text, start=1) if _SAVES.search(code))
        classes = class_lines(self.case.source)
        return not lines or any(report.lines & lines or report.line in classes for report in self.reports)


_SAVES = re.compile(r"\.save\w*\(|ModelCheckpoint")


def class_lines(source: str) -> set[int]:
    """The lines of the classes that a program derives from Keras's, with their decorators."""
    return {
        line
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.bases
        for line in range(node.lineno - len(node.decorator_list), (node.end_lineno or 0) + 1)
    }


CONTRACT = "contract"
"""The kind of harm that shows when the harness saves and loads a model of the program's classes by itself."""


def compare(case: Case, version: str, observation: Observation) -> Comparison:
    """Compare the two on one program."""
    reports = report(case, version)
    return Comparison(case, version, observation, reports, judge(case, observation, reports))


def report(case: Case, version: str) -> tuple[Report, ...]:
    """What kerasast reports as an error or a warning."""
    found = analyze_files({"program.py": case.source}, KerasVersion.parse(version))
    source = source_from_bytes("program.py", case.source.encode())
    return tuple(_report(item, source) for item in found if item.severity is not Severity.INFO)


def _report(diagnostic: Diagnostic, source: SourceFile) -> Report:
    spans = [diagnostic.span, *(step.span for step in diagnostic.steps)]
    lines: set[int] = set()
    for span in spans:
        lines.update(range(source.line_at(span.start), source.line_at(span.end) + 1))
    return Report(
        diagnostic.rule,
        diagnostic.severity,
        diagnostic.message,
        source.line_at(diagnostic.span.start),
        frozenset(lines),
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
    classes = class_lines(case.source)
    broken = any(harm.kind == CONTRACT for harm in observation.harms)
    unexplained = [item for item in reports if not (broken and item.line in classes)]
    if not unexplained:
        return Verdict.LATENT
    errors = any(item.severity is Severity.ERROR for item in unexplained)
    return Verdict.FALSE_ALARM if errors else Verdict.ADVISED


def _what(harm: Harm) -> str:
    """What goes wrong, to tell whether two runs go wrong for the same reason."""
    return harm.text if harm.kind == "raised" else harm.kind


def describe(comparison: Comparison) -> str:
    """A comparison for people: the program with what Keras and kerasast say at its lines."""
    case = comparison.case
    lines = [
        f"program {case.id}, Keras {comparison.version}: {comparison.verdict.value}",
        *(f"  {line:3} | {text}" for line, text in enumerate(case.source.splitlines(), start=1)),
        *(f"Keras: {_harm(harm)}" for harm in comparison.observation.harms),
        *(
            f"kerasast: line {item.line}: {item.severity.name.lower()}[{item.rule}]: {item.message}"
            for item in comparison.reports
        ),
    ]
    return "\n".join(lines)


def _harm(harm: Harm) -> str:
    where = f" (lines {', '.join(map(str, harm.lines))})" if harm.lines else ""
    return f"{harm.kind}: {harm.text}{where}"
