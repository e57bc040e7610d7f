"""Writes suppression comments for what is reported: `# kerasast: ignore[rule]` at the end of each statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kerasast.diagnostics import Diagnostic, Edit, Span
from kerasast.logical_lines import LogicalLine, LogicalLines
from kerasast.source import SourceFile
from kerasast.suppressions import UNSUPPRESSABLE, UNUSED, Suppression, Suppressions

NEVER = UNSUPPRESSABLE | {UNUSED, "syntax-error", "invalid-notebook"}
"""Rules for which no comment is written: it would not hold, or there is nothing to write it to."""


@dataclass(frozen=True, slots=True)
class Ignores:
    """The edits that add comments, by file, and the diagnostics that no comment can be written for."""

    edits: Mapping[str, tuple[Edit, ...]]
    impossible: tuple[Diagnostic, ...]


def ignores_for(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> Ignores:
    """The comments that silence diagnostics. A comment that is there already gets the further names."""
    by_path: dict[str, list[Diagnostic]] = {}
    impossible: list[Diagnostic] = []
    for item in diagnostics:
        if item.rule in NEVER or item.path not in sources:
            impossible.append(item)
        else:
            by_path.setdefault(item.path, []).append(item)
    edits = {}
    for path, items in by_path.items():
        lines = LogicalLines(sources[path])
        names: dict[LogicalLine, set[str]] = {}
        for item in items:
            line = lines.at(item.span.start)
            if line is None:
                impossible.append(item)
            else:
                names.setdefault(line, set()).add(item.rule)
        if names:
            comments = Suppressions.of(sources[path]).items
            edits[path] = tuple(_edit(line, sorted(rules), comments) for line, rules in names.items())
    return Ignores(edits, tuple(impossible))


def _edit(line: LogicalLine, rules: list[str], comments: Iterable[Suppression]) -> Edit:
    """The edit that adds names to the comment of a statement, or a comment at its end."""
    for comment in comments:
        inside = any(start <= comment.start and comment.end <= end for start, end in line.comments)
        if inside and comment.names and not comment.file_wide and comment.problem is None:
            place = comment.end - 1
            return Edit(Span(place, place), "".join(f", {rule}" for rule in rules))
    return Edit(Span(line.end, line.end), f"  # kerasast: ignore[{', '.join(rules)}]")
