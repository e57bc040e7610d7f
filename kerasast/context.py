"""What a rule's check is given besides the event: the file, the Keras version, and a way to report."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasast.diagnostics import Confidence, Diagnostic, MakeFix, Severity, Span, Step
from kerasast.registry import Rule
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.index.project import ProjectIndex

_OLDEST = KerasVersion(2, 0)


@dataclass(frozen=True, slots=True)
class Context:
    """One rule looking at one file.

    `release_known` is false where nothing tells which release of Keras 2 the file is for; `keras` is then the last.
    """

    rule: Rule
    source: SourceFile
    keras: KerasVersion
    project: ProjectIndex
    release_known: bool = True

    def span(self, node: ast.AST) -> Span:
        """The span of a node of this file."""
        return self.source.span(node)

    def step(self, node: ast.AST, message: str) -> Step:
        """A step of the story at a node of this file."""
        return Step(self.source.path, self.source.header_span(node), message)

    def report(
        self,
        where: ast.AST | Span,
        message: str,
        *,
        story: tuple[Step, ...] = (),
        help: str | None = None,
        fix: MakeFix | None = None,
        confidence: Confidence = Confidence.HIGH,
        severity: Severity | None = None,
    ) -> Diagnostic:
        """A diagnostic of this rule at a node or span of this file.

        `message` is one sentence without a full stop that says what is wrong here; `help` is one that says what
        to do. `story` leads up to it, oldest step first. `fix` is called only if the diagnostic is reported in the
        end. `severity` may only be less than the rule's. A rule that is not about every release of Keras 2 is less
        sure where any of them may be meant.
        """
        if not self.release_known and _OLDEST not in self.rule.keras:
            confidence = min(confidence, Confidence.MEDIUM)
        span = where if isinstance(where, Span) else self.source.header_span(where)
        cell = self.source.cell_at(span.start)
        return Diagnostic(
            rule=self.rule.name,
            path=self.source.path,
            span=span,
            message=message,
            severity=self.rule.severity if severity is None else severity,
            confidence=confidence,
            steps=story,
            make_fix=fix,
            cell=None if cell is None else cell.number,
            help=help,
        )
