"""The documents of rules, `rules/<rule-name>.md`: finding, parsing, checking and rendering them.

A document is prose and programs. The programs are read here as `Block`s and run by `kerasast.testing`.
Everything that is metadata (category, severity, versions) lives in the rule's decorator; `render` adds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kerasast.versions import KerasRange

if TYPE_CHECKING:
    from kerasast.registry import Rule

SECTIONS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "Proof",
    "Keras versions",
    "Error messages",
    "Fix safety",
    "Near misses",
    "Known limits",
    "References",
)
"""The sections of a document, in their order."""

OPTIONAL_SECTIONS = frozenset({"Fix safety", "Near misses"})

FLAGS = frozenset({"exact", "static", "fixed", "proof"})
"""The attributes of a code block that take no value."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_FENCE = re.compile(r"(\s{0,3})(`{3,}|~{3,})\s*(.*?)\s*")
_ATTRIBUTE = re.compile(r'\s*(?:(?P<key>[\w-]+)="(?P<value>[^"]*)"|(?P<flag>[\w-]+))')
_ERROR_MARK = re.compile(r"(?:^|\s)#\s*error(?::|\s*$)", re.MULTILINE)


class DocumentError(Exception):
    """A document that is missing, or that cannot be read as one; the text starts with path and line."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block. `line` is the 1-based line, in its document, of the block's first line of code.

    `section` is the second-level heading that it stands under, `heading` the nearest of any level.
    """

    language: str
    code: str
    line: int
    section: str
    heading: str
    title: str | None = None
    keras: KerasRange | None = None
    flags: frozenset[str] = frozenset()

    @property
    def marked(self) -> bool:
        """Whether a line of the block says that a rule must report there."""
        return _ERROR_MARK.search(self.code) is not None


@dataclass(frozen=True, slots=True)
class Section:
    """A second-level heading, its 1-based line, and the text up to the next one."""

    title: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A rule's document. `summary` is its one sentence, without a full stop."""

    name: str
    path: Path
    title: str
    summary: str
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    markdown: str

    def section(self, title: str) -> Section | None:
        """The section with this title, if there is one."""
        return next((section for section in self.sections if section.title == title), None)

    def blocks_in(self, title: str) -> tuple[Block, ...]:
        """The Python blocks of a section."""
        return tuple(block for block in self.blocks if block.section == title and block.language == "python")

    @property
    def error_messages(self) -> tuple[str, ...]:
        """The texts that Keras prints for this mistake, one for each line of the blocks that list them."""
        texts = (block.code for block in self.blocks if block.section == "Error messages")
        return tuple(line.strip() for text in texts for line in text.splitlines() if line.strip())


@cache
def documents_folder() -> Path:
    """The folder of the documents: the installed package's, or else the checkout's.

    Raises:
        DocumentError: neither exists.
    """
    import importlib.resources

    packaged = Path(str(importlib.resources.files("kerasast") / "_rules"))
    for folder in (packaged, Path(__file__).resolve().parents[1] / "rules"):
        if folder.is_dir():
            return folder
    raise DocumentError(f"the rules' documents are not installed: no folder {packaged}")


def document_names() -> list[str]:
    """The names of all documents, in alphabetical order."""
    return sorted(path.stem for path in documents_folder().glob("*.md"))


def document(name: str) -> Document:
    """The document of the rule called `name`.

    Raises:
        DocumentError: there is none, or it cannot be parsed.
    """
    path = documents_folder() / f"{name}.md"
    if not path.is_file():
        raise DocumentError(f"{path}: the rule {name!r} has no document")
    return read_document(path)


def read_document(path: str | Path) -> Document:
    """Parse any file that is written as a rule's document.

    Raises:
        DocumentError: it cannot be parsed.
    """
    path = Path(path)
    return parse_document(path.read_text(encoding="utf-8"), path)


def parse_document(markdown: str, path: Path) -> Document:
    """Parse the text of a document; `path` names it in errors.

    Raises:
        DocumentError: a fence is not closed, or has attributes that mean nothing.
    """
    lines = markdown.splitlines()
    blocks = tuple(parse_blocks(markdown, path))
    inside = {number for block in blocks for number in range(block.line, block.line + block.code.count("\n"))}
    title, summary = "", ""
    starts: list[tuple[str, int]] = []
    for number, line in enumerate(lines, start=1):
        match = _HEADING.fullmatch(line) if number not in inside else None
        if match and len(match[1]) == 1 and not title:
            title = match[2]
        elif match and len(match[1]) == 2:
            starts.append((match[2], number))
        elif title and not starts and line.strip() and not match:
            summary = f"{summary} {line.strip()}".lstrip()
    ends = [*(line - 1 for _, line in starts[1:]), len(lines)][: len(starts)]
    sections = tuple(
        Section(name, line, "\n".join(lines[line:end]).strip())
        for (name, line), end in zip(starts, ends, strict=True)
    )
    return Document(path.stem, path, title, summary.rstrip("."), sections, blocks, markdown)


def parse_blocks(markdown: str, path: Path) -> Iterator[Block]:
    """The fenced code blocks of any Markdown text, in order.

    Raises:
        DocumentError: a fence is not closed, or has attributes that mean nothing.
    """
    section = heading = ""
    lines = iter(enumerate(markdown.splitlines(), start=1))
    for number, line in lines:
        if match := _HEADING.fullmatch(line):
            heading = match[2]
            section = heading if len(match[1]) <= 2 else section
        elif fence := _FENCE.fullmatch(line):
            code = _read_fence(lines, fence[1], fence[2], f"{path}:{number}")
            language, title, keras, flags = _read_info(fence[3], f"{path}:{number}")
            yield Block(language, code, number + 1, section, heading, title, keras, flags)


def _read_fence(lines: Iterator[tuple[int, str]], indent: str, fence: str, where: str) -> str:
    code: list[str] = []
    for _, line in lines:
        if re.fullmatch(rf"\s{{0,3}}{fence[0]}{{{len(fence)},}}\s*", line):
            return "".join(f"{text}\n" for text in code)
        code.append(line.removeprefix(indent))
    raise DocumentError(f"{where}: this code block is never closed")


def _read_info(info: str, where: str) -> tuple[str, str | None, KerasRange | None, frozenset[str]]:
    language, _, rest = info.partition(" ")
    if language != "python":
        return language, None, None, frozenset()
    values: dict[str, str] = {}
    flags: set[str] = set()
    position = 0
    while position < len(rest.rstrip()):
        match = _ATTRIBUTE.match(rest, position)
        if match is None:
            raise DocumentError(f"{where}: cannot read the attributes {rest!r}")
        if match["flag"]:
            flags.add(match["flag"])
        else:
            values[match["key"]] = match["value"]
        position = match.end()
    if unknown := sorted((flags - FLAGS) | (set(values) - {"title", "keras"})):
        raise DocumentError(f"{where}: unknown attribute {unknown[0]!r}")
    try:
        keras = KerasRange.parse(values["keras"]) if "keras" in values else None
    except ValueError as error:
        raise DocumentError(f"{where}: {error}") from error
    return language, values.get("title"), keras, frozenset(flags)


def validate(doc: Document, item: Rule | None = None) -> list[str]:
    """What is wrong with the form of a document, as sentences; an empty list where nothing is.

    `item` is the rule that it documents: those of the category `meta` speak about kerasast, not about Keras,
    and need neither a proof nor an example that fails.
    """
    problems = []
    if doc.title != doc.name:
        problems.append(f"the title is {doc.title!r}, and must be the rule's name {doc.name!r}")
    if not doc.summary:
        problems.append("the sentence under the title is missing")
    elif re.search(r"[.!?]\s", doc.summary):
        problems.append(f"more than one sentence stands under the title: {doc.summary!r}")
    problems += _section_problems(doc)
    meta = item is not None and item.category == "meta"
    if not meta and not any(block.marked for block in doc.blocks_in("Example")):
        problems.append("no block of `## Example` has a line marked `# error`")
    clean = ("Use instead", "Near misses")
    if not any(not block.marked for title in clean for block in doc.blocks_in(title)) and not meta:
        problems.append("no block of `## Use instead` shows a program that is right")
    problems += [
        f"line {block.line}: a block of `## Use instead` is marked `# error`"
        for block in doc.blocks_in("Use instead")
        if block.marked
    ]
    if item is not None and (item.fix.value != "never") != (doc.section("Fix safety") is not None):
        problems.append(f"`## Fix safety` is for rules with fixes, and this one's fix is {item.fix.value!r}")
    if item is not None and (item.fix.value != "never") != any(
        "fixed" in block.flags for block in doc.blocks
    ):
        problems.append(
            f"a `python fixed` block shows what a fix makes; this rule's fix is {item.fix.value!r}"
        )
    return problems


def _section_problems(doc: Document) -> Iterator[str]:
    titles = [section.title for section in doc.sections]
    for title in SECTIONS:
        if title not in titles and title not in OPTIONAL_SECTIONS:
            yield f"the section `## {title}` is missing"
    for title in titles:
        if title not in SECTIONS:
            yield f"`## {title}` is not a section of a rule's document"
        elif titles.count(title) > 1:
            yield f"the section `## {title}` stands there more than once"
    known = [title for title in titles if title in SECTIONS]
    if known != sorted(known, key=SECTIONS.index):
        yield f"the sections must stand in this order: {', '.join(sorted(known, key=SECTIONS.index))}"
    for section in doc.sections:
        if not section.text:
            yield f"the section `## {section.title}` is empty"


def facts(item: Rule) -> list[tuple[str, str]]:
    """What the registry knows about a rule, as label and value."""
    return [
        ("Category", item.category),
        ("Severity", item.severity.label),
        ("Keras versions", str(item.keras)),
        ("On by default", "no (preview)" if item.preview else "no (when selected)" if item.opt_in else "yes"),
        ("Fix", {"never": "none", "sometimes": "sometimes", "always": "always"}[item.fix.value]),
        ("Since", f"kerasast {item.since}"),
    ]


def render(name: str) -> str:
    """The page of a rule in Markdown: its document, with the facts of the registry under the first sentence.

    Raises:
        DocumentError: the rule has no document, or no rule has this name.
    """
    from kerasast.registry import all_rules

    doc = document(name)
    item = all_rules().get(name)
    if item is None:
        raise DocumentError(f"{doc.path}: no rule is called {name!r}")
    rows = facts(item)
    head = " | ".join(label for label, _ in rows)
    values = " | ".join(value for _, value in rows)
    table = f"| {head} |\n|{' --- |' * len(rows)}\n| {values} |\n"
    first = doc.sections[0].line - 1 if doc.sections else len(doc.markdown.splitlines())
    lines = doc.markdown.splitlines()
    return "\n".join(lines[:first]).rstrip() + f"\n\n{table}\n" + "\n".join(lines[first:]).rstrip() + "\n"
