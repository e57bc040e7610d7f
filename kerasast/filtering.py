"""From what the rules said to what is reported: one report for one mistake, minus what nobody wants."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from pathspec import GitIgnoreSpec

from kerasast.check_file import FileReport
from kerasast.config import Settings
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Span
from kerasast.flow.events import ProjectReady, SuppressionUnused
from kerasast.index.project import ProjectIndex
from kerasast.registry import Rule, all_rules, expand_selectors
from kerasast.source import SourceFile
from kerasast.suppressions import UNUSED, Suppressions, may_suppress
from kerasast.versions import KerasVersion

_NO_NODE = ast.Module([], [])


class Filter:
    """Applies severities, ignores, suppressions and the minimal confidence to the reports of one run.

    `silenced` are, afterwards, the reports that comments have silenced.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Mapping[str, Rule],
        sources: Mapping[str, SourceFile],
        project: ProjectIndex,
        relative: Mapping[str, str],
        *,
        partial: bool = False,
    ) -> None:
        """`relative` are the paths from the root, which patterns are for, by the paths that diagnostics show.

        In a `partial` run, rules that need the whole project cannot tell that a suppression is unused.
        """
        self.silenced: list[Diagnostic] = []
        self._rules = rules
        self._sources = sources
        self._project = project
        self._partial = partial
        self._narrowed = settings.narrowed
        self._severities = settings.severities()
        self._min_confidence = settings.min_confidence
        self._relative = relative
        self._ignores = list(_read_ignores(settings))
        self._suppressions: dict[str, Suppressions] = {}

    def apply(
        self,
        reports: Mapping[str, FileReport],
        across: Iterable[Diagnostic],
        versions: Mapping[str, KerasVersion],
        unbroken: Collection[str],
    ) -> tuple[Diagnostic, ...]:
        """What is left of the reports, in order. Useless suppressions are looked for in `unbroken` files."""
        found = [*(item for report in reports.values() for item in report.diagnostics), *across]
        left = [item for item in unique(map(self._complete, found)) if self._wanted(item)]
        for path, report in reports.items():
            if path in unbroken and UNUSED in report.ran:
                left += filter(self._wanted, self._unused(path, report, versions[path]))
        return tuple(sorted(left, key=lambda item: item.sort_key))

    def _complete(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add what a rule does not know: the severity that the user wants, and the notebook's cell."""
        severity = self._severities.get(diagnostic.rule, diagnostic.severity)
        source = self._sources.get(diagnostic.path)
        cell = None if source is None else source.cell_at(diagnostic.span.start)
        number = diagnostic.cell if cell is None else cell.number
        return replace(diagnostic, severity=severity, cell=number)

    def _wanted(self, diagnostic: Diagnostic) -> bool:
        if diagnostic.rule in self._ignored(diagnostic.path):
            return False
        visible = diagnostic.confidence >= self._min_confidence
        source = self._sources.get(diagnostic.path)
        if source is not None and self._comments(source).suppresses(diagnostic, source):
            if visible:
                self.silenced.append(diagnostic)
            return False
        return visible

    def _ignored(self, path: str) -> frozenset[str]:
        if not self._ignores:
            return frozenset()
        relative = self._relative.get(path, path)
        return frozenset().union(*(rules for spec, rules in self._ignores if spec.match_file(relative)))

    def _comments(self, source: SourceFile) -> Suppressions:
        found = self._suppressions.get(source.path)
        if found is None:
            found = self._suppressions[source.path] = Suppressions.of(source)
        return found

    def _unused(self, path: str, report: FileReport, version: KerasVersion) -> Iterator[Diagnostic]:
        source = self._sources[path]
        if not may_suppress(source):
            return
        ignored = self._ignored(path)
        ran = report.ran - ignored
        certain = {name for name in ran if not self._partial or not self._needs_project(name)}
        all_ran = not (self._narrowed or ignored or self._partial or report.failed)
        known = {*all_rules(), *self._rules}
        rule = self._rules[UNUSED]
        context = Context(rule, source, version, self._project)
        for item in self._comments(source).unused(certain, known, all_ran=all_ran):
            event = SuppressionUnused(
                _NO_NODE, item.start, item.end, item.names, item.remaining, item.problem
            )
            yield from map(self._complete, rule.check(context, event))

    def _needs_project(self, name: str) -> bool:
        return ProjectReady in self._rules[name].on


def _read_ignores(settings: Settings) -> Iterator[tuple[GitIgnoreSpec, frozenset[str]]]:
    for pattern, names in settings.per_file_ignores.items():
        yield GitIgnoreSpec.from_lines([pattern]), frozenset(expand_selectors(names))


def unique(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """One report for each rule and span: the one with the longest story, the first of equals."""
    best: dict[tuple[str, str, Span], Diagnostic] = {}
    for item in diagnostics:
        key = (item.rule, item.path, item.span)
        if key not in best or len(item.steps) > len(best[key].steps):
            best[key] = item
    return iter(best.values())
