"""The report in SARIF 2.1.0, for code scanning services. The only module that imports `sarif_om`.

A diagnostic's story becomes a code flow, which ends where the diagnostic is. Paths are relative to `%SRCROOT%`,
the folder kerasast was run in; nothing in the output depends on the machine or the time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import attr
import sarif_om as om

from kerasast import __version__
from kerasast.diagnostics import Confidence, Diagnostic, FileEdits, Fix, Severity, Span
from kerasast.documents import DocumentError, document
from kerasast.engine import Result
from kerasast.output.report import locate
from kerasast.registry import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "kerasastLineHash/v1"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}

# What must be written even where it is the default: a result whose level is left out takes that of its rule.
_ALWAYS = frozenset({"level", "version", "columnKind"})
_SENTINELS = (-1, -1.0)


def render_sarif(result: Result) -> str:
    """The result as a SARIF log with one run."""
    rules = [result.rules[name] for name in sorted({item.rule for item in result.diagnostics})]
    index = {rule.name: number for number, rule in enumerate(rules)}
    driver = om.ToolComponent(
        name="kerasast",
        version=__version__,
        semantic_version=__version__,
        rules=[_rule(rule) for rule in rules],
    )
    counts: Counter[tuple[str, str, str]] = Counter()
    run = om.Run(
        tool=om.Tool(driver=driver),
        results=[_result(result, item, index[item.rule], counts) for item in result.diagnostics],
        invocations=[om.Invocation(execution_successful=not result.failed)],
        original_uri_base_ids={ROOT: {"description": {"text": "The folder that kerasast was run in."}}},
        column_kind="unicodeCodePoints",
        properties={"kerasVersions": sorted({str(version) for version, _ in result.versions})},
    )
    log = om.SarifLog(version="2.1.0", schema_uri=SCHEMA, runs=[run])
    return json.dumps(_plain(log), indent=2)


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


def _rule(rule: Rule) -> om.ReportingDescriptor:
    summary, text, markdown = _help(rule)
    return om.ReportingDescriptor(
        id=rule.name,
        name="".join(part.capitalize() for part in rule.name.split("-")),
        short_description=om.MultiformatMessageString(text=f"{summary}."),
        full_description=om.MultiformatMessageString(text=text),
        help=om.MultiformatMessageString(text=markdown, markdown=markdown),
        default_configuration=om.ReportingConfiguration(level=_LEVELS[rule.severity]),
        properties={
            "category": rule.category,
            "kerasVersions": str(rule.keras),
            "precision": "high",
            "problem.severity": "recommendation" if rule.severity is Severity.INFO else rule.severity.label,
            "tags": ["keras", rule.category],
        },
    )


def _help(rule: Rule) -> tuple[str, str, str]:
    """A rule's sentence, what it does, and its whole document."""
    try:
        page = document(rule.name)
    except DocumentError:
        return rule.name, rule.name, rule.name
    section = page.section("What it does")
    text = " ".join(section.text.split()) if section is not None else f"{page.summary}."
    return page.summary, text, page.markdown


def _result(result: Result, item: Diagnostic, index: int, counts: Counter[tuple[str, str, str]]) -> om.Result:
    primary = _location(result, item.path, item.span)
    steps = [(_location(result, step.path, step.span, step.message)) for step in item.steps]
    related = [
        _location(result, step.path, step.span, step.message, id=n) for n, step in enumerate(item.steps, 1)
    ]
    flow = [*steps, _location(result, item.path, item.span, item.message)]
    thread = om.ThreadFlow(locations=[om.ThreadFlowLocation(location=location) for location in flow])
    texts = [item.message, f"Help: {item.help}"] if item.help else [item.message]
    return om.Result(
        rule_id=item.rule,
        rule_index=index,
        level=_LEVELS[item.severity],
        message=om.Message(text=" ".join(map(_sentence, texts))),
        locations=[primary],
        related_locations=related or None,
        code_flows=[om.CodeFlow(thread_flows=[thread])] if steps else None,
        partial_fingerprints={FINGERPRINT: _fingerprint(result, item, counts)},
        fixes=None if item.fix is None else [_fix(result, item.path, item.fix)],
        properties={"precision": _PRECISION[item.confidence]},
    )


def _sentence(text: str) -> str:
    """A text as a sentence, in which nothing looks like one of SARIF's links, `[text](target)`."""
    text = re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text)
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _location(
    result: Result, path: str, span: Span, message: str | None = None, id: int | None = None
) -> om.Location:
    physical = om.PhysicalLocation(artifact_location=_artifact(path), region=_region(result, path, span))
    cell = locate(result, path, span.start).cell
    location = om.Location(
        physical_location=physical,
        message=None if message is None else om.Message(text=_sentence(message)),
        logical_locations=None if cell is None else [om.LogicalLocation(name=f"cell {cell}")],
    )
    if id is not None:
        location.id = id
    return location


def _region(result: Result, path: str, span: Span) -> om.Region:
    start = locate(result, path, span.start)
    end = locate(result, path, span.end)
    return om.Region(start_line=start.row, start_column=start.column, end_line=end.row, end_column=end.column)


def _artifact(path: str) -> om.ArtifactLocation:
    """Where a file is: from the root if it lies below it, whatever bytes its name is made of."""
    uri = quote(os.fsencode(path).replace(b"\\", b"/") if os.sep == "\\" else os.fsencode(path))
    if os.path.isabs(path):
        return om.ArtifactLocation(uri=f"file://{uri}")
    return om.ArtifactLocation(uri=uri, uri_base_id=ROOT)


def _fix(result: Result, path: str, fix: Fix) -> om.Fix:
    places = (FileEdits(path, fix.edits), *fix.elsewhere)
    changes = [_change(result, place) for place in places if place.edits]
    return om.Fix(description=om.Message(text=_sentence(fix.title)), artifact_changes=changes)


def _change(result: Result, place: FileEdits) -> om.ArtifactChange:
    replacements = [
        om.Replacement(
            deleted_region=_region(result, place.path, edit.span),
            inserted_content=om.ArtifactContent(text=edit.text),
        )
        for edit in place.edits
    ]
    return om.ArtifactChange(artifact_location=_artifact(place.path), replacements=replacements)


def _fingerprint(result: Result, item: Diagnostic, counts: Counter[tuple[str, str, str]]) -> str:
    """Names a diagnostic by its rule and the text of its line, so that it stays the same when lines move."""
    source = result.sources.get(item.path)
    line = ""
    if source is not None:
        line = " ".join(source.line_text(source.line_at(item.span.start)).split())
    key = (item.path, item.rule, line)
    counts[key] += 1
    digest = hashlib.sha256("\0".join((item.rule, line)).encode("utf-8", "surrogatepass"))
    return f"{digest.hexdigest()[:16]}:{counts[key]}"
