"""The rules as SARIF describes them. With `output/sarif.py` the only module that imports `sarif_om`."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import sarif_om as om

from kerasast import address
from kerasast.diagnostics import Confidence, Severity
from kerasast.documents import Document, DocumentError, document
from kerasast.output.limits import MOST_TEXT
from kerasast.registry import Rule

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}

_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "6.0", Severity.INFO: "3.0"}
"""In the scale of CVSS: GitHub calls them high, medium and low."""

_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!\w+:|#)([^)\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```\s*?$)", re.MULTILINE | re.DOTALL)


def describe_rule(rule: Rule) -> om.ReportingDescriptor:
    """A rule with its document."""
    try:
        page = document(rule.name)
    except DocumentError:
        page = None
    summary = rule.name if page is None else page.summary
    return om.ReportingDescriptor(
        id=rule.name,
        name=pascal_case(rule.name),
        short_description=om.MultiformatMessageString(text=_shorten(f"{summary}.")),
        full_description=om.MultiformatMessageString(
            text=_shorten(_section(page, "What it does") or summary)
        ),
        help=_help(page, summary),
        help_uri=address.rule_page(rule.name),
        default_configuration=om.ReportingConfiguration(level=LEVELS[rule.severity]),
        properties=_properties(rule),
    )


def pascal_case(name: str) -> str:
    """`save-before-build` as `SaveBeforeBuild`."""
    return "".join(part.capitalize() for part in name.split("-"))


def _properties(rule: Rule) -> dict[str, object]:
    tags = ["keras", rule.category, *(["preview"] if rule.preview else [])]
    properties: dict[str, object] = {
        "category": rule.category,
        "kerasVersions": str(rule.keras),
        "precision": "medium" if rule.preview else "high",
        "problem.severity": "recommendation" if rule.severity is Severity.INFO else rule.severity.label,
    }
    if rule.category == "security":
        properties["security-severity"] = _SECURITY_SEVERITY[rule.severity]
        tags += [f"external/cwe/cwe-{number}" for number in rule.cwe]
    properties["tags"] = tags
    return properties


def _help(page: Document | None, summary: str) -> om.MultiformatMessageString:
    if page is None:
        return om.MultiformatMessageString(text=summary)
    parts = [_section(page, title) for title in ("What it does", "Why is this bad?")]
    text = "\n\n".join([f"{page.summary}.", *filter(None, parts)])
    return om.MultiformatMessageString(
        text=text, markdown=absolute_links(page.markdown, address.DOCUMENTATION)
    )


def _section(page: Document | None, title: str) -> str:
    """A section of a document in one paragraph."""
    section = None if page is None else page.section(title)
    return "" if section is None else " ".join(section.text.split())


def _shorten(text: str) -> str:
    """A text that GitHub shows as a whole."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1].rsplit(' ', 1)[0]}…"


def absolute_links(markdown: str, base: str | None) -> str:
    """Markdown whose links to other files lead to the site at `base`; without one, what they say is left of them."""

    def replace(match: re.Match[str]) -> str:
        if base is None:
            return match[1]
        target = urljoin(f"{base}rules/", re.sub(r"\.md(?=#|$)", ".html", match[2]))
        return f"[{match[1]}]({target})"

    parts = _FENCE.split(markdown)
    return "".join(part if number % 2 else _LINK.sub(replace, part) for number, part in enumerate(parts))
