"""The fixes of the diagnostics that are reported in the end. Only for these are any computed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from kerasast.boundary import attempt, explain
from kerasast.context import Context
from kerasast.diagnostics import Applicability, Diagnostic, Fix, MakeFix
from kerasast.fixes.edits import settle
from kerasast.flow.events import CheckCrashed
from kerasast.index.project import ProjectIndex
from kerasast.registry import Rule
from kerasast.source import SourceFile
from kerasast.versions import KERAS_3

_NO_NODE = ast.Module([], [])
_INTERNAL_ERROR = "internal-error"


class Offer:
    """Makes the fixes of one run."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        sources: Mapping[str, SourceFile],
        project: ProjectIndex,
        checked: Collection[str],
        fixable: Collection[str],
    ) -> None:
        """`checked` are the files that may be changed, `fixable` the rules whose fixes are wanted."""
        self._rules = rules
        self._sources = sources
        self._project = project
        self._checked = checked
        self._fixable = fixable

    def complete(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """The diagnostics with their fixes. Those whose fix fails have none, and its failure is reported."""
        for item in diagnostics:
            make = item.make_fix
            if make is None:
                yield item
                continue
            fix = None
            if item.rule in self._fixable:
                made = _Made(make)
                error = attempt(made)
                if error is not None:
                    yield from self._failed(item, error)
                fix = None if made.fix is None else self._settled(made.fix, item.path)
            yield replace(item, fix=fix, make_fix=None)

    def _settled(self, fix: Fix, path: str) -> Fix | None:
        """The fix as it can be applied; one that would change files that are not checked is only shown."""
        settled = settle(fix, path, self._sources)
        if settled is None or all(place.path in self._checked for place in settled.elsewhere):
            return settled
        return replace(settled, applicability=Applicability.DISPLAY)

    def _failed(self, item: Diagnostic, error: Exception) -> Iterator[Diagnostic]:
        rule = self._rules.get(_INTERNAL_ERROR)
        if rule is not None:
            context = Context(rule, self._sources[item.path], KERAS_3, self._project)
            yield from rule.check(context, CheckCrashed(_NO_NODE, item.rule, explain(error)))


class _Made:
    """Calls what makes a fix, and keeps it."""

    def __init__(self, make: MakeFix) -> None:
        self._make = make
        self.fix: Fix | None = None

    def __call__(self) -> None:
        self.fix = self._make()
