"""JUnit's XML, which most CI services show as test results: a file is a suite, a diagnostic a failed test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from kerasast.diagnostics import Diagnostic
from kerasast.engine import Result
from kerasast.output.places import Places

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def render_junit(result: Result) -> str:
    """The result as a document. A checked file without diagnostics is a suite with one test that has passed."""
    places = Places(result.sources)
    root = Element("testsuites", {"name": "kerasast"})
    total = 0
    by_path = {path: list(items) for path, items in groupby(result.diagnostics, key=lambda item: item.path)}
    for path in sorted({*result.checked, *by_path}):
        total += _add_suite(root, places, path, by_path.get(path, ()))
    root.set("tests", str(total))
    root.set("failures", str(len(result.diagnostics)))
    root.set("errors", "0")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _add_suite(root: Element, places: Places, path: str, items: Sequence[Diagnostic]) -> int:
    """Add the suite of one file; the number of its tests."""
    number = len(items) or 1
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": _clean(places.path(path)),
            "tests": str(number),
            "failures": str(len(items)),
            "errors": "0",
            "skipped": "0",
            "time": "0",
        },
    )
    if not items:
        _add_case(suite, path, "kerasast")
    for item in items:
        cell, row = places.shown(item.path, item.span.start)
        place = f"{'' if cell is None else f'cell {cell}, '}line {row}"
        case = _add_case(suite, path, f"{item.rule} ({place})")
        failure = SubElement(
            case, "failure", {"message": _clean(item.message), "type": f"{item.severity.label}: {item.rule}"}
        )
        failure.text = _clean(
            "\n".join([f"{places.spot(item.path, item.span.start)}: {item.message}", *places.story(item)])
        )
    return number


def _add_case(suite: Element, path: str, name: str) -> Element:
    attributes = {"name": name, "classname": _clean(path), "file": _clean(path), "time": "0"}
    return SubElement(suite, "testcase", attributes)


def _clean(text: str) -> str:
    return _NOT_XML.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
