"""The page of a rule: its document, with the facts of the registry, and with what kerasast says at each marked line.

A program's line that is marked `# error` becomes a placeholder comment, and `show_reports` puts what is reported
there in its place once the page is HTML: text that the button for copying a program leaves out.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from kerasast.diagnostics import Diagnostic
from kerasast.documents import Block, document, facts
from kerasast.registry import Rule, all_rules
from kerasast.testing import VERSIONS, Example, MarkKind, analyze_files, encode, iter_examples
from kerasast.versions import KERAS_2, KERAS_3, KerasRange

_MARK = re.compile(r"[ \t]*# (?:todo: )?(?:error|ok)(?:: \[[\w, \[\]-]+\])?[ \t]*$")
_HIDDEN = re.compile(r"<!-- /?evidence -->\n?")
_PLACEHOLDER = re.compile(r' *<span class="c1"># kerasast-report ([\d ]+)</span>\n?')
_NOTES = {"proof": "proof", "fixed": "after the fix"}
"""What the site says above blocks with these attributes."""

MESSAGES = "error-messages"
"""The anchor of the section with the messages of Keras."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported at a line of a program, for the reader of the page."""

    rule: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page in Markdown, and the reports that stand at its placeholders, in order."""

    markdown: str
    reports: tuple[Report, ...]


def rule_page(item: Rule) -> Page:
    """The page of a rule."""
    doc = document(item.name)
    body, reports = programs_shown(doc.markdown, doc.blocks, reports_in(doc.path), item.name)
    head, rest = _split(body)
    front = {"title": item.name, "description": doc.summary}
    return Page(f"---\n{json.dumps(front)}\n---\n{head}\n\n{facts_box(item)}\n\n{rest}", reports)


def _split(markdown: str) -> tuple[str, str]:
    """The title with its sentence, and the sections."""
    start = markdown.index("\n## ")
    return markdown[:start].strip(), markdown[start:].strip() + "\n"


def facts_box(item: Rule) -> str:
    """What the registry knows about a rule, as a list that the stylesheet makes a row of boxes."""
    cells = []
    for label, value in facts(item):
        kind = f" ka-{item.severity.label}" if label == "Severity" else ""
        cells.append(
            f'<div class="ka-fact{kind}"><dt>{label}</dt><dd>{html.escape(_fact(item, label, value))}</dd></div>'
        )
    return f'<dl class="ka-facts" data-search-exclude>{"".join(cells)}</dl>'


def _fact(item: Rule, label: str, value: str) -> str:
    if label == "Keras versions":
        return "any" if item.category == "meta" else generations(item.keras)
    return value


def generations(keras: KerasRange) -> str:
    """A range of versions for people: `2 and 3`, `3`, or as it is written where it is narrower."""
    return {">=2": "2 and 3", ">=3": "3", "<3": "2"}.get(str(keras), str(keras))


def programs_shown(
    markdown: str, blocks: tuple[Block, ...], said: dict[int, list[Report]], own: str
) -> tuple[str, tuple[Report, ...]]:
    """A document with its Python blocks in the form that the site shows, and the reports of their placeholders.

    `said` has what is reported by the line of the document; `own` is the rule that a bare `# error` means.
    """
    reports: list[Report] = []
    fences = {block.line - 1: block for block in blocks if block.language == "python" or _is_messages(block)}
    messages = count(1)
    shown: list[str] = []
    skip = 0
    for number, line in enumerate(markdown.splitlines(), start=1):
        block = fences.get(number)
        if block is not None:
            skip = number + block.code.count("\n") + 1
            shown += _messages(block, messages) if _is_messages(block) else _shown(block, said, own, reports)
        elif number > skip:
            shown.append(line)
    return _HIDDEN.sub("", "\n".join(shown)) + "\n", tuple(reports)


def _is_messages(block: Block) -> bool:
    return block.section == "Error messages" and block.language == "text"


def message_id(number: int) -> str:
    """The anchor of a message on its rule's page, counted from 1."""
    return f"message-{number}"


def _messages(block: Block, numbers: Iterator[int]) -> Iterator[str]:
    """Each message of a block as a block of its own, so that a link can lead to it."""
    for line in filter(None, map(str.strip, block.code.splitlines())):
        yield f"``` {{.text #{message_id(next(numbers))}}}\n{line}\n```\n"


def _shown(block: Block, said: dict[int, list[Report]], own: str, reports: list[Report]) -> Iterator[str]:
    """The lines of one block: whom it is for, its fence, and its code with placeholders at marked lines."""
    marked, code = [], []
    for offset, text in enumerate(block.code.splitlines()):
        match = _MARK.search(text)
        if match is not None:
            marked.append(str(offset + 1))
            names = re.findall(r"[\w-]+", match[0].partition(": [")[2]) or [own]
            here = said.get(block.line + offset) or [Report(name, severity_of(name), "") for name in names]
            numbers = range(len(reports), len(reports) + len(here))
            reports += here
            text = f"{text[: match.start()]}  # kerasast-report {' '.join(map(str, numbers))}"
        code.append(text)
    if note := _note(block):
        yield f'<p class="ka-only" data-search-exclude>{note}</p>\n'
    title = f' title="{block.title}"' if block.title else ""
    lines = f' hl_lines="{" ".join(marked)}"' if marked else ""
    yield f"``` {{.python{title}{lines}}}"
    yield from code
    yield "```"


def _note(block: Block) -> str:
    """What a block is, and for whom, where that is not everyone."""
    notes = [text for flag, text in _NOTES.items() if flag in block.flags]
    if block.keras is not None:
        both = KERAS_2 in block.keras and KERAS_3 in block.keras
        only = f"{2 if KERAS_2 in block.keras else 3} only"
        notes.append(f"Keras {html.escape(str(block.keras)) if both else only}")
    return ", ".join(notes)


def severity_of(name: str) -> str:
    """The severity of a rule, or `error` for one that is not known."""
    item = all_rules().get(name)
    return item.severity.label if item is not None else "error"


def reports_in(path: Path) -> dict[int, list[Report]]:
    """What kerasast reports at the marked lines of a document's programs, by the line of the document."""
    said: dict[int, list[Report]] = {}
    for example in iter_examples(path):
        for line, report in reports_of(example):
            said.setdefault(line, []).append(report)
    return said


def reports_of(example: Example) -> Iterator[tuple[int, Report]]:
    """What kerasast reports in a program at its marked lines, in the newest version in which they hold."""
    for version in reversed(VERSIONS):
        marks = [mark for mark in example.marks_for(version) if mark.kind is MarkKind.ERROR]
        if not marks or not example.applies_to(version):
            continue
        rules = {mark.rule: all_rules()[mark.rule] for mark in marks}
        if any(item.category == "meta" for item in rules.values()):
            rules = all_rules()  # A comment is useless only if none of them has something to say.
        found = analyze_files({file.path: encode(file) for file in example.files}, version, rules)
        wanted = {(mark.path, mark.line, mark.rule) for mark in marks}
        files = {file.path: file for file in example.files if not file.path.endswith(".ipynb")}
        for diagnostic in found:
            file = files.get(diagnostic.path)
            line = _line(file.code, diagnostic) if file is not None else 0
            if file is not None and (file.path, line, diagnostic.rule) in wanted:
                report = Report(diagnostic.rule, diagnostic.severity.label, diagnostic.message)
                yield file.line + line - 1, report
        return


def _line(code: str, diagnostic: Diagnostic) -> int:
    """The 1-based line on which a report begins."""
    return code.count("\n", 0, diagnostic.span.start) + 1


def show_reports(page: str, reports: tuple[Report, ...]) -> str:
    """The HTML of a page with what is reported in the place of its placeholders."""

    def shown(match: re.Match[str]) -> str:
        return "".join(_report(reports[int(number)]) for number in match[1].split())

    return _PLACEHOLDER.sub(shown, page)


def _report(report: Report) -> str:
    """The mark at the end of a line; the text is an attribute, so that it is neither copied nor searched."""
    text = f"{report.severity}[{report.rule}]{': ' if report.message else ''}{report.message}"
    return f'<span class="ka-report ka-{report.severity}" data-text="{html.escape(text)}">\n</span>'
