"""The report in SARIF 2.1.0, for code scanning services; above all for GitHub's.

A diagnostic's story becomes a code flow, which ends where the diagnostic is. Paths are relative to `%SRCROOT%`: the
root of the repository, or else the folder kerasast was run in. Nothing in it depends on the machine or the time.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import attr
import sarif_om as om

from kerasast import __version__, address
from kerasast.diagnostics import Diagnostic, FileEdits, Fix, Span
from kerasast.engine import Result
from kerasast.git import Repository
from kerasast.output.limits import MOST_LOCATIONS, MOST_STEPS, describe, fit
from kerasast.output.places import Places, Region
from kerasast.output.sarif_rules import LEVELS, PRECISION, describe_rule, pascal_case

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "kerasastStatement/v1"
GITHUB_FINGERPRINT = "primaryLocationLineHash"
"""The only fingerprint that GitHub looks at (see `kerasast.line_hashes`)."""

CATEGORY = "kerasast/"
"""GitHub replaces the results of an earlier run of the same category."""

MOST_SNIPPET = 2_000
"""In characters; longer code is not quoted."""

# What must be written even where it is the default: a result whose level is left out takes that of its rule.
_ALWAYS = frozenset({"level", "version", "columnKind"})
_SENTINELS = (-1, -1.0)

_NOTIFICATIONS = {
    "unreadable-path": "A path could not be looked at.",
    "syntax-error": "A file or a notebook's cell could not be parsed.",
    "invalid-notebook": "A notebook could not be read.",
    "internal-error": "kerasast itself failed.",
    "results-left-out": "There are more results than GitHub takes or shows.",
}


def render_sarif(
    result: Result,
    repository: Repository | None = None,
    *,
    suppressed: bool = False,
    tell: Callable[[str], None] | None = None,
) -> str:
    """The result as a SARIF log with one run.

    Of a result that is too large for GitHub the least severe diagnostics are left out, which a notification says, and
    `tell` is told. With `suppressed` it also has what comments and the baseline have silenced, marked so.
    """
    text, kept = fit(result.diagnostics, lambda chosen: _Writer(result, repository).log(chosen, suppressed))
    message = describe(len(result.diagnostics), kept)
    if tell is not None and message is not None:
        tell(message)
    return text


def _plain(value: Any) -> Any:
    """An object of `sarif_om` as what JSON is made of, without what only repeats a default."""
    if attr.has(type(value)):
        members = {}
        for field in attr.fields(type(value)):
            name = field.metadata["schema_property_name"]
            item = getattr(value, field.name)
            is_default = item is None or item == field.default or item in _SENTINELS
            if (name in _ALWAYS and item is not None) or not is_default:
                members[name] = _plain(item)
        return members
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class _Writer:
    """Writes one log."""

    def __init__(self, result: Result, repository: Repository | None) -> None:
        self._result = result
        self._repository = repository
        self._places = Places(result.sources, None if repository is None else repository.root)
        self._index: dict[str, int] = {}
        self._notified: set[str] = set()

    def log(self, diagnostics: Sequence[Diagnostic], suppressed: bool) -> str:
        """The log of some of the result's diagnostics."""
        silenced = (*self._result.silenced, *self._result.baselined) if suppressed else ()
        names = sorted({item.rule for item in (*diagnostics, *silenced)})
        self._index = {name: number for number, name in enumerate(names)}
        invocation = self._invocation(len(diagnostics))
        run = om.Run(
            tool=om.Tool(driver=self._driver(names)),
            results=[*map(self._item, diagnostics), *self._suppressed(suppressed)],
            invocations=[invocation],
            automation_details=om.RunAutomationDetails(id=CATEGORY),
            version_control_provenance=self._provenance(),
            original_uri_base_ids={ROOT: {"description": {"text": self._root()}}},
            column_kind="unicodeCodePoints",
            properties={"kerasVersions": sorted({str(version) for version, _ in self._result.versions})},
        )
        return json.dumps(_plain(om.SarifLog(version="2.1.0", schema_uri=SCHEMA, runs=[run])), indent=2)

    def _driver(self, names: Sequence[str]) -> om.ToolComponent:
        return om.ToolComponent(
            name="kerasast",
            version=__version__,
            semantic_version=__version__,
            information_uri=address.HOMEPAGE,
            short_description=om.MultiformatMessageString(text="A static analyzer for Keras code."),
            rules=[describe_rule(self._result.rules[name]) for name in names],
            notifications=[_descriptor(name) for name in sorted(self._notified)] or None,
        )

    def _root(self) -> str:
        return (
            "The folder that kerasast was run in."
            if self._repository is None
            else "The root of the repository."
        )

    def _provenance(self) -> list[om.VersionControlDetails] | None:
        repository = self._repository
        if repository is None or repository.url is None:
            return None
        return [
            om.VersionControlDetails(
                repository_uri=repository.url,
                revision_id=repository.revision,
                branch=repository.branch,
                mapped_to=om.ArtifactLocation(uri_base_id=ROOT),
            )
        ]

    def _invocation(self, kept: int) -> om.Invocation:
        notifications = [*self._unread(), *self._left_out(kept)]
        return om.Invocation(
            execution_successful=not self._result.failed,
            tool_execution_notifications=notifications or None,
        )

    def _unread(self) -> Iterator[om.Notification]:
        """What was not checked, and why."""
        for problem in self._result.problems:
            location = om.Location(
                physical_location=om.PhysicalLocation(artifact_location=self._artifact(problem.path))
            )
            yield self._notification("unreadable-path", f"{problem.path}: {problem.message}", location)
        for item in self._result.diagnostics:
            if item.rule in _NOTIFICATIONS:
                yield self._notification(item.rule, item.message, self._location(item.path, item.span))

    def _left_out(self, kept: int) -> Iterator[om.Notification]:
        text = describe(len(self._result.diagnostics), kept)
        if text is not None:
            yield self._notification("results-left-out", text, level="warning")

    def _notification(
        self, name: str, text: str, location: om.Location | None = None, *, level: str = "error"
    ) -> om.Notification:
        self._notified.add(name)
        return om.Notification(
            descriptor=om.ReportingDescriptorReference(id=name),
            level=level,
            message=om.Message(text=_sentence(text)),
            locations=None if location is None else [location],
        )

    def _suppressed(self, wanted: bool) -> Iterator[om.Result]:
        if not wanted:
            return
        for kind, items in (("inSource", self._result.silenced), ("external", self._result.baselined)):
            for item in items:
                found = self._item(item)
                found.suppressions = [{"kind": kind, "status": "accepted"}]
                yield found

    def _item(self, item: Diagnostic) -> om.Result:
        steps = item.steps[: MOST_STEPS - 1]
        flow = [
            *(self._location(step.path, step.span, step.message) for step in steps),
            self._location(item.path, item.span, item.message),
        ]
        thread = om.ThreadFlow(locations=[om.ThreadFlowLocation(location=location) for location in flow])
        related = [
            self._location(step.path, step.span, step.message, id=number)
            for number, step in enumerate(steps[:MOST_LOCATIONS], 1)
        ]
        texts = [item.message, f"Help: {item.help}"] if item.help else [item.message]
        return om.Result(
            rule_id=item.rule,
            rule_index=self._index[item.rule],
            level=LEVELS[item.severity],
            message=om.Message(text=" ".join(map(_sentence, texts))),
            locations=[self._location(item.path, item.span, quoted=True)],
            related_locations=related or None,
            code_flows=[om.CodeFlow(thread_flows=[thread])] if steps else None,
            partial_fingerprints=self._fingerprints(item),
            fixes=None if item.fix is None else self._fix(item.path, item.fix),
            properties={"precision": PRECISION[item.confidence]},
        )

    def _fingerprints(self, item: Diagnostic) -> dict[str, str]:
        row = self._places.region(item.path, item.span).start_row
        line = self._places.line_hash(item.path, row)
        own = {FINGERPRINT: self._places.fingerprint(item)}
        return own if line is None else {GITHUB_FINGERPRINT: line, **own}

    def _location(
        self,
        path: str,
        span: Span,
        message: str | None = None,
        *,
        id: int | None = None,
        quoted: bool = False,
    ) -> om.Location:
        region = self._places.region(path, span)
        physical = om.PhysicalLocation(artifact_location=self._artifact(path), region=_region(region))
        if quoted:
            self._quote(physical, path, span)
        cell, _ = self._places.shown(path, span.start)
        location = om.Location(
            physical_location=physical,
            message=None if message is None else om.Message(text=_sentence(message)),
            logical_locations=None if cell is None else [om.LogicalLocation(name=f"cell {cell}")],
        )
        if id is not None:
            location.id = id
        return location

    def _quote(self, physical: om.PhysicalLocation, path: str, span: Span) -> None:
        """Add the code, for those who do not have the file at hand."""
        source = self._result.sources.get(path)
        if source is None or source.is_notebook or span.end > len(source.text):
            return
        region = physical.region
        count = source.line_at(max(len(source.text) - 1, 0))
        first, last = max(region.start_line - 1, 1), max(region.end_line, min(region.end_line + 1, count))
        start = source.line_starts[first - 1]
        end = source.line_starts[last] if last < len(source.line_starts) else len(source.text)
        if end - start > MOST_SNIPPET or span.start == span.end:
            return
        region.snippet = om.ArtifactContent(text=source.text[span.start : span.end])
        physical.context_region = om.Region(
            start_line=first, end_line=last, snippet=om.ArtifactContent(text=source.text[start:end])
        )

    def _artifact(self, path: str) -> om.ArtifactLocation:
        """Where a file is: from the root if it lies below it, whatever bytes its name is made of."""
        name = self._places.path(path)
        uri = quote(os.fsencode(name))
        if os.path.isabs(name):
            return om.ArtifactLocation(uri=f"file://{'' if uri.startswith('/') else '/'}{uri}")
        return om.ArtifactLocation(uri=uri, uri_base_id=ROOT)

    def _fix(self, path: str, fix: Fix) -> list[om.Fix] | None:
        places = [place for place in (FileEdits(path, fix.edits), *fix.elsewhere) if place.edits]
        if not all(self._places.is_exact(place.path) for place in places):
            return None
        changes = [self._change(place) for place in places]
        return [om.Fix(description=om.Message(text=_sentence(fix.title)), artifact_changes=changes)]

    def _change(self, place: FileEdits) -> om.ArtifactChange:
        replacements = [
            om.Replacement(
                deleted_region=_region(self._places.region(place.path, edit.span)),
                inserted_content=om.ArtifactContent(text=self._places.inserted(place.path, edit.text)),
            )
            for edit in place.edits
        ]
        return om.ArtifactChange(artifact_location=self._artifact(place.path), replacements=replacements)


def _descriptor(name: str) -> om.ReportingDescriptor:
    """What a notification is about. GitHub asks of it what it asks of a rule."""
    text = _NOTIFICATIONS[name]
    return om.ReportingDescriptor(
        id=name,
        name=pascal_case(name),
        short_description=om.MultiformatMessageString(text=text),
        full_description=om.MultiformatMessageString(text=text),
        help=om.MultiformatMessageString(text=text),
    )


def _region(region: Region) -> om.Region:
    return om.Region(
        start_line=region.start_row,
        start_column=region.start_column,
        end_line=region.end_row,
        end_column=region.end_column,
    )


def _sentence(text: str) -> str:
    """A text as a sentence, in which nothing looks like one of SARIF's links, `[text](target)`."""
    text = re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text)
    return text if text.endswith((".", "?", "!")) else f"{text}."
