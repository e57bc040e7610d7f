"""What kerasast tells an editor beyond the protocol: the state of the server, and the rules with their documents.

kerasast/status   {textDocument: {uri}} -> the Keras that the document is for, and what the server can do
kerasast/rules    {}                    -> all rules
kerasast/rule     {name}                -> one of them with its document, or null
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from kerasast import __version__
from kerasast.address import rule_page
from kerasast.documents import DocumentError, document, render
from kerasast.engine import Result
from kerasast.fixes.cst import is_installed
from kerasast.registry import Rule, all_rules
from kerasast.version_detection import DetectedVersion

STATUS = "kerasast/status"
RULES = "kerasast/rules"
RULE = "kerasast/rule"


def status(version: DetectedVersion | None, result: Result | None) -> dict[str, object]:
    """The Keras that a document is for and why, how many files of its project were checked, and by what.

    `kerasVersion` and `reason` are null for a document that has nothing to do with Keras. `fixes` is false where
    the package that most fixes are made with is missing.
    """
    return {
        "version": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "kerasVersion": None if version is None else str(version.version),
        "reason": None if version is None else version.reason,
        "files": 0 if result is None else result.files,
        "problems": 0 if result is None else len(result.diagnostics),
        "fixes": is_installed(),
    }


def rules() -> Iterator[dict[str, object]]:
    """Every rule in the order of their names, without its document."""
    for item in all_rules().values():
        yield _facts(item)


def rule(name: str) -> dict[str, object] | None:
    """A rule with its document in Markdown; `None` if there is none of this name."""
    item = all_rules().get(name)
    if item is None:
        return None
    try:
        return {**_facts(item), "markdown": render(name)}
    except DocumentError:
        return {**_facts(item), "markdown": f"# {name}\n"}


def _facts(item: Rule) -> dict[str, object]:
    try:
        summary = document(item.name).summary
    except DocumentError:
        summary = ""
    return {
        "name": item.name,
        "summary": summary,
        "category": item.category,
        "severity": item.severity.label,
        "url": rule_page(item.name),
    }
