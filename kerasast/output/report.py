"""Where things are, and how many: what several formats say about a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kerasast.diagnostics import Applicability, Diagnostic, Severity
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


def is_fixable(result: Result, item: Diagnostic) -> bool:
    """Whether `--fix`, with the settings of the run, would repair what a diagnostic is about."""
    if item.fix is None:
        return False
    applicability = item.fix.applicability
    return applicability is Applicability.SAFE or (
        applicability is Applicability.UNSAFE and result.unsafe_fixes is True
    )


def fix_mark(result: Result, item: Diagnostic) -> str:
    """` [*]` for a diagnostic that `--fix` would repair."""
    return " [*]" if is_fixable(result, item) else ""


def describe_fixes(result: Result) -> Iterator[str]:
    """The line that says how many of the problems can be repaired, if any can."""
    fixable = sum(is_fixable(result, item) for item in result.diagnostics)
    hidden = hidden_fixes(result)
    hint = f"{plural_fixes(hidden)} can be enabled with the `--unsafe-fixes` option" if hidden else ""
    if fixable:
        more = f" ({hint})" if hint else ""
        yield f"[*] {fixable} fixable with the `--fix` option{more}"
    elif hint:
        yield f"No fixes available ({hint})"


def describe_baseline(result: Result) -> Iterator[str]:
    """The line that says how much of the baseline is not needed any more, if any is."""
    if result.outdated:
        gone = plural(result.outdated, "report")
        yield f"{gone} of the baseline cannot be found any more: kerasast baseline update"


def hidden_fixes(result: Result) -> int:
    """How many more problems could be repaired if the user wanted fixes that may change what a program does."""
    if result.unsafe_fixes is not None:
        return 0
    return sum(
        item.fix is not None and item.fix.applicability is Applicability.UNSAFE for item in result.diagnostics
    )


def plural_fixes(number: int) -> str:
    """`1 hidden fix`, `2 hidden fixes`."""
    return "1 hidden fix" if number == 1 else f"{number} hidden fixes"


def summarize(result: Result) -> str:
    """The line of a report for people that says what was found, and before that what was repaired."""
    fixed = f"Fixed {plural(result.fixed, 'problem')}. " if result.fixed else ""
    return fixed + _summarize(result)


def _summarize(result: Result) -> str:
    versions = describe_versions(result)
    suffix = f", {versions}" if versions else ""
    suppressed = f", {result.suppressed} suppressed" if result.suppressed else ""
    if result.baselined:
        suppressed += f", {len(result.baselined)} in the baseline"
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
