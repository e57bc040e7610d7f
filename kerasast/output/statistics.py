"""How often each rule reported something, instead of the reports themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.diagnostics import Severity
from kerasast.engine import Result
from kerasast.output.report import describe_fixes, summarize
from kerasast.output.terminal import Palette


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule reported something."""

    rule: str
    severity: Severity
    count: int


def count_rules(result: Result) -> list[RuleCount]:
    """The rules that reported something, the most frequent first."""
    counts = Counter((item.rule, item.severity) for item in result.diagnostics)
    rows = [RuleCount(rule, severity, count) for (rule, severity), count in counts.items()]
    return sorted(rows, key=lambda row: (-row.count, row.rule, -row.severity))


def render_json(result: Result) -> str:
    """The counts as a JSON list."""
    rows = count_rules(result)
    table = [{"code": row.rule, "severity": row.severity.label, "count": row.count} for row in rows]
    return json.dumps(table, indent=2)


def render_table(result: Result, palette: Palette) -> Iterator[str]:
    """The counts for people, line by line, the summary last."""
    rows = count_rules(result)
    count_width = max((len(str(row.count)) for row in rows), default=0)
    level_width = max((len(row.severity.label) for row in rows), default=0)
    for row in rows:
        level = palette.paint(row.severity.label.ljust(level_width), row.severity.label)
        yield f"{row.count:>{count_width}}  {level}  {row.rule}"
    if rows:
        yield ""
    yield summarize(result)
    yield from describe_fixes(result)
