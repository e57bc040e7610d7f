"""Results made by hand, for the tests of the output formats."""

from __future__ import annotations

import json

from kerasast.diagnostics import Diagnostic, Severity, Span, Step
from kerasast.engine import Result
from kerasast.parsing import parse_bytes
from kerasast.registry import all_rules
from kerasast.versions import KerasVersion


def spot(text: str, what: str, path: str = "a.py", message: str = "") -> Step:
    """A step at the first place where `what` stands in `text`."""
    start = text.index(what)
    return Step(path, Span(start, start + len(what)), message)


def problem(
    text: str,
    what: str,
    path: str = "a.py",
    *,
    rule: str = "save-before-build",
    severity: Severity = Severity.ERROR,
    steps: tuple[Step, ...] = (),
    help: str | None = None,
    message: str = "the message",
) -> Diagnostic:
    """A diagnostic at the first place where `what` stands in `text`."""
    span = spot(text, what).span
    return Diagnostic(rule, path, span, message, severity, steps=steps, help=help)


def result_of(files: dict[str, str], *diagnostics: Diagnostic, suppressed: int = 0) -> Result:
    """A result with these files and diagnostics; a notebook's text is its cells, between lines `# %%`."""
    sources = {}
    for path, text in files.items():
        data = notebook(text) if path.endswith(".ipynb") else text
        sources[path] = parse_bytes(path, data.encode("utf-8", "surrogatepass")).source
    return Result(
        diagnostics=diagnostics,
        files=len(files),
        suppressed=suppressed,
        versions=((KerasVersion(3, 15), "the newest; nothing in the project says"),),
        seconds=0.1,
        sources=sources,
        rules=all_rules(),
        found=len(files),
    )


def notebook(text: str) -> str:
    """A notebook of the cells in `text`; joined by line ends, they are what its source text is."""
    cells = [{"cell_type": "code", "source": cell} for cell in text.split("\n# %%\n")]
    return json.dumps({"cells": cells, "nbformat": 4})
