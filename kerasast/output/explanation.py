"""What `kerasast explain` prints: the rules that know a message, and the diagnostics at the lines of a traceback."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kerasast.diagnostics import Diagnostic
from kerasast.documents import Document, document
from kerasast.engine import Result
from kerasast.explaining import Found, Report, messages_printed
from kerasast.output.full import render_diagnostic
from kerasast.output.json import diagnostic_as_json
from kerasast.output.terminal import Palette, printable
from kerasast.registry import all_rules

SHOWN = 5
"""How many rules are shown; where more know a message, it tells little."""

_LONGEST_QUOTE = 240
_WIDEST_PROSE = 100


@dataclass(frozen=True, slots=True)
class Explanation:
    """A pasted report, the rules that know its messages, and what was found in the files that it names.

    `diagnostics` are those of `result` on, or with a step on, the lines that the report names, then those of the
    same files that are of the rules found.
    """

    report: Report
    found: tuple[Found, ...]
    result: Result | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def explains(self) -> bool:
        """Whether it says anything about the report."""
        return bool(self.found or self.diagnostics)


def render_explanation(item: Explanation, palette: Palette, columns: int) -> Iterator[str]:
    """The lines of an explanation for people."""
    if not item.explains:
        yield from _nothing(item.report, palette)
        return
    for number, found in enumerate(item.found[:SHOWN]):
        yield from _rule(found, palette, min(columns, _WIDEST_PROSE), brief=number > 0)
        yield ""
    if len(item.found) > SHOWN:
        names = ", ".join(found.rule for found in item.found[SHOWN:])
        yield from (f"Others whose documents list it: {names}", "")
    if item.diagnostics and item.result is not None:
        head = (
            "In your code:"
            if item.found
            else "No rule knows this message, but kerasast reports this at the lines that it names:"
        )
        yield from (palette.paint(head, "strong"), "")
        for diagnostic in item.diagnostics:
            yield from render_diagnostic(item.result, diagnostic, palette, columns)
            yield ""
    name = item.found[0].rule if item.found else item.diagnostics[0].rule
    yield palette.paint(f"To read more about a rule: kerasast rule {name}", "dim")


def _rule(found: Found, palette: Palette, columns: int, *, brief: bool) -> Iterator[str]:
    doc = document(found.rule)
    severity = all_rules()[found.rule].severity.label
    yield palette.paint(found.rule, severity) + palette.paint(f": {doc.summary}", "strong")
    message = found.messages[0]
    versions = " and ".join(map(str, message.versions))
    yield from _labelled("your text", found.quotes[0], columns, palette)
    yield from _labelled(
        f"Keras {versions}" if len(message.versions) == 1 else "Keras", message.text, columns, palette
    )
    if brief:
        return
    yield ""
    yield from _paragraph(doc, columns)
    block = next((block for block in doc.blocks_in("Use instead") if not block.title), None)
    if block is not None:
        yield from ("", f"  {palette.paint('help', 'help')}: for example", "")
        yield from (f"    {line}".rstrip() for line in block.code.splitlines())


def _labelled(label: str, text: str, columns: int, palette: Palette) -> Iterator[str]:
    shown = printable(text)
    if len(shown) > _LONGEST_QUOTE:
        shown = f"{shown[:_LONGEST_QUOTE]}..."
    head = f"  {label.ljust(10)} "
    lines = textwrap.wrap(shown, max(columns - len(head), 20)) or [""]
    yield palette.paint(head, "frame") + lines[0]
    yield from (" " * len(head) + line for line in lines[1:])


def _paragraph(doc: Document, columns: int) -> Iterator[str]:
    """The first paragraph of what the rule does."""
    section = doc.section("What it does")
    first = "" if section is None else section.text.partition("\n\n")[0]
    yield from textwrap.wrap(
        first, columns, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


def _nothing(report: Report, palette: Palette) -> Iterator[str]:
    yield palette.paint("No rule knows this message.", "strong")
    for line in messages_printed(report)[-1:]:
        yield f"  {printable(line)[:_LONGEST_QUOTE]}"
    yield ""
    if not report.frames:
        yield "- Paste all of it, from `Traceback (most recent call last)` to the end: kerasast explain < error.txt"
    yield "- Check the code, because most mistakes show before they raise: kerasast check"
    yield "- See what the rules are about: kerasast rule --all"


def explanation_as_json(item: Explanation) -> str:
    """The explanation as a JSON document; the diagnostics are as in the report of `kerasast check`."""
    data: dict[str, Any] = {
        "messages": messages_printed(item.report),
        "rules": [_rule_as_json(found) for found in item.found],
        "frames": [
            {"filename": frame.path, "row": frame.line, "function": frame.function or None}
            for frame in item.report.frames
        ],
        "diagnostics": [
            diagnostic_as_json(item.result, diagnostic)
            for diagnostic in item.diagnostics
            if item.result is not None
        ],
    }
    return json.dumps(data, indent=2)


def _rule_as_json(found: Found) -> dict[str, Any]:
    rule = all_rules()[found.rule]
    return {
        "name": found.rule,
        "summary": document(found.rule).summary,
        "category": rule.category,
        "severity": rule.severity.label,
        "keras": str(rule.keras),
        "found": list(found.quotes),
        "messages": [
            {"text": message.text, "versions": [str(version) for version in message.versions]}
            for message in found.messages
        ],
    }
