"""What must be true of the fixes of any program, whatever it is: for tests of documents, and of whole projects."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping

from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic
from kerasast.engine import Analyzer
from kerasast.fixes.loop import Repair, is_applicable, repair
from kerasast.registry import FixAvailability, Rule
from kerasast.versions import KerasVersion


def repair_files(
    files: Mapping[str, str], version: KerasVersion, rules: Mapping[str, Rule]
) -> tuple[dict[str, str], Repair]:
    """A project of the given files after all fixes, also those that may change what it does."""
    analyzer = Analyzer(Settings(), rules=rules)
    result = repair(analyzer.open_files(files, version), analyzer.check, unsafe=True)
    return {**files, **{path: data.decode() for path, data in result.contents.items()}}, result


def check_fixes(files: Mapping[str, str], version: KerasVersion, rules: Mapping[str, Rule]) -> Iterator[str]:
    """Repair a project, and say what is wrong with that: a broken file, no end, or reports that there were not."""
    before = Analyzer(Settings(), rules=rules).analyze_files(files, version)
    repaired, done = repair_files(files, version, rules)
    yield from (f"{path}: {problem}" for path, problem in done.problems)
    offered = [item for item in before.diagnostics if is_applicable(item, unsafe=True)]
    if offered and not done.count:
        yield f"no fix can be applied: {', '.join(sorted({item.rule for item in offered}))}"
    after = Analyzer(Settings(), rules=rules).analyze_files(repaired, version)
    yield from (f"offered again after it was applied: {item.rule}" for item in after.diagnostics if item.fix)
    more = Counter(item.rule for item in after.diagnostics)
    more.subtract(Counter(item.rule for item in before.diagnostics))
    yield from (f"reported only because of a fix: {name}" for name, count in more.items() if count > 0)
    applied: Counter[str] = Counter()
    for (_, name), count in done.applied.items():
        applied[name] += count
    left = Counter(item.rule for item in after.diagnostics)
    for name, count in applied.items():
        total = sum(item.rule == name for item in before.diagnostics)
        if left[name] > max(0, total - count):
            yield f"still reported after its fix: {name}"


def is_declared(rule: Rule, item: Diagnostic) -> bool:
    """Whether a diagnostic has a fix as its rule declares it."""
    if item.fix is None:
        return rule.fix is not FixAvailability.ALWAYS
    return rule.fix is not FixAvailability.NEVER


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """How the files that the fixes made differ from those that a document shows."""
    for path, text in wanted.items():
        if text != found[path]:
            lines = difflib.unified_diff(
                text.splitlines(),
                found[path].splitlines(),
                "the fixed block",
                "what the fixes make",
                lineterm="",
            )
            yield "\n".join(["the fixes make something else:", *lines])
