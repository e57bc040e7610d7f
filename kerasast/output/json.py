"""The report for programs: a JSON list in the shape that ruff's has."""

from __future__ import annotations

import json
from typing import Any

from kerasast.address import rule_page
from kerasast.diagnostics import Diagnostic, FileEdits, Fix, Span
from kerasast.engine import Result
from kerasast.output.report import locate


def render_json(result: Result) -> str:
    """The diagnostics as a JSON document. Rows and columns count from 1, columns in code points."""
    return json.dumps([diagnostic_as_json(result, item) for item in result.diagnostics], indent=2)


def diagnostic_as_json(result: Result, item: Diagnostic) -> dict[str, Any]:
    """One diagnostic, as a dictionary."""
    return {
        "code": item.rule,
        "message": item.message,
        "severity": item.severity.label,
        "confidence": item.confidence.label,
        "help": item.help,
        "filename": item.path,
        **_range(result, item.path, item.span),
        "cell": item.cell,
        "steps": [
            {
                "message": step.message,
                "filename": step.path,
                **_range(result, step.path, step.span),
                "cell": locate(result, step.path, step.span.start).cell,
            }
            for step in item.steps
        ],
        "fix": None if item.fix is None else _fix(result, item.path, item.fix),
        "url": rule_page(item.rule),
    }


def _range(result: Result, path: str, span: Span) -> dict[str, Any]:
    return {"location": _point(result, path, span.start), "end_location": _point(result, path, span.end)}


def _point(result: Result, path: str, offset: int) -> dict[str, int]:
    place = locate(result, path, offset)
    return {"row": place.row, "column": place.column}


def _fix(result: Result, path: str, fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.title,
        "edits": [
            {
                "content": edit.text,
                **_range(result, place.path, edit.span),
                "filename": place.path,
                "cell": locate(result, place.path, edit.span.start).cell,
            }
            for place in (FileEdits(path, fix.edits), *fix.elsewhere)
            for edit in place.edits
        ],
    }
