"""The Code Quality report of GitLab: what its merge requests show beside the changed lines."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from kerasast.diagnostics import Diagnostic, Severity
from kerasast.engine import Result
from kerasast.git import Repository
from kerasast.output.places import Places

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render_gitlab(result: Result, repository: Repository | None = None) -> str:
    """The diagnostics as a JSON document."""
    places = Places(result.sources, None if repository is None else repository.root)
    return json.dumps([_issue(places, item) for item in result.diagnostics], indent=2)


def _issue(places: Places, item: Diagnostic) -> dict[str, Any]:
    region = places.region(item.path, item.span)
    path = places.path(item.path)
    cell = "" if item.cell is None else f" (cell {item.cell})"
    key = "\0".join((path, item.rule, places.fingerprint(item)))
    return {
        "description": f"{item.message}{cell}",
        "check_name": item.rule,
        "fingerprint": hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": _SEVERITIES[item.severity],
        "location": {"path": path, "lines": {"begin": region.start_row, "end": region.end_row}},
    }
