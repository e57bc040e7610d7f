"""Where things are, and how many: what several formats say about a result."""

from __future__ import annotations

from collections import Counter

from kerasast.diagnostics import Severity
from kerasast.engine import Result
from kerasast.source import Location, SourceFile

NO_LOCATION = Location(1, 1)


def locate(result: Result, path: str, offset: int) -> Location:
    """Row, column and cell of an offset in a file of the result; the start of a file that it does not have."""
    source = result.sources.get(path)
    return NO_LOCATION if source is None else location(source, offset)


def location(source: SourceFile, offset: int) -> Location:
    """Row, column and cell of an offset, which may be one past the end."""
    return source.location(min(max(offset, 0), len(source.text)))


def plural(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def describe_versions(result: Result) -> str:
    """`for Keras 3.15 (keras==3.15 in requirements.txt)`; where it differs between files, every version."""
    if not result.versions:
        return ""
    reasons: dict[str, list[str]] = {}
    for version, reason in result.versions:
        reasons.setdefault(str(version), []).append(reason)
    named = [f"Keras {version} ({_shorten(texts)})" for version, texts in reasons.items()]
    return "for " + " and ".join(named)


def _shorten(reasons: list[str]) -> str:
    unique = list(dict.fromkeys(reasons))
    return "; ".join(unique[:2]) + ("; and more" if len(unique) > 2 else "")


def summarize(result: Result) -> str:
    """The last line of a report for people."""
    versions = describe_versions(result)
    suffix = f", {versions}" if versions else ""
    suppressed = f", {result.suppressed} suppressed" if result.suppressed else ""
    if not result.files:
        looked = f" in {plural(result.found, 'file')}" if result.found else ""
        return f"Nothing to check: found no Keras code{looked}"
    if not result.diagnostics:
        return f"All checks passed: {plural(result.files, 'file')}{suppressed}{suffix}"
    counts = Counter(item.severity for item in result.diagnostics)
    kinds = [
        _count(counts[severity], severity) for severity in sorted(Severity, reverse=True) if counts[severity]
    ]
    affected = len({item.path for item in result.diagnostics})
    where = plural(affected, "file") if affected >= result.files else f"{affected} of {result.files} files"
    problems = plural(len(result.diagnostics), "problem")
    return f"Found {problems} ({', '.join(kinds)}{suppressed}) in {where}{suffix}"


def _count(number: int, severity: Severity) -> str:
    return f"{number} info" if severity is Severity.INFO else plural(number, severity.label)
