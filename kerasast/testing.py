"""Runs rules' documents, and files of further cases, as tests: `python -m kerasast.testing rules/*.md`.

Each program of a document becomes an `Example`. kerasast analyses it for each Keras version that it is meant
for, as written and with the spelling of Keras swapped (`import keras`, `from tensorflow import keras`), and
what it reports must be what the program's marks say, line by line:

    model.save("m.keras")  # error                  the document's own rule must report here
    model.save("m.keras")  # error: [other-rule]    this rule must report here
    model.save("m.keras")  # todo: error            a known miss; fails as soon as it is reported
    model.save("m.keras")  # todo: ok               a known false alarm; fails as soon as it is silent

A block with the attribute `fixed` is what all fixes (`--fix --unsafe-fixes`) must make of the program before it; of a
project, only the files that change are shown. It is a program like any other, and runs in the versions in which the
one before it is wrong.

A line without a mark must be silent, under every rule. Rules that run only when selected are tested by the documents
that are about them or mark one of their reports.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path

from kerasast.diagnostics import Diagnostic
from kerasast.documents import Block, DocumentError, read_document, validate
from kerasast.fix_checks import check_fixes, differences, is_declared, repair_files
from kerasast.registry import Rule, all_rules
from kerasast.source import SourceFile, source_from_bytes
from kerasast.spelling import swap_spelling
from kerasast.versions import KERAS_2, KERAS_3, KerasRange, KerasVersion

VERSIONS = (KERAS_2, KERAS_3)
"""The versions of Keras that examples are analysed for."""

_MARK = re.compile(r"(?:^|\s)#\s*(?P<kind>error|todo: error|todo: ok)(?:: (?P<rules>\[[\w, \[\]-]+\]))?\s*$")
_ALMOST = re.compile(r"#\s*(?:error|todo)\s*(?::|\[|$)", re.IGNORECASE)


class Spelling(Enum):
    """How a program names Keras: as its author wrote it, or the other way (`keras`, `tensorflow.keras`)."""

    WRITTEN = "as-written"
    SWAPPED = "swapped"


class MarkKind(Enum):
    """What a mark at the end of a line claims."""

    ERROR = "error"
    TODO_ERROR = "todo: error"
    TODO_OK = "todo: ok"


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim about one line (1-based) of one file: that `rule` reports there, or should, or should not."""

    kind: MarkKind
    rule: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """One file of an example; `line` is the line of the document on which its code starts."""

    path: str
    code: str
    line: int


@dataclass(frozen=True)
class Example:
    """One program of a document: its files (the last is the one to run) and what their marks claim.

    `keras` limits it to versions of Keras; `exact` programs are not tested with the spelling swapped;
    `static` ones are not for running. `proofs` are blocks to run after the program, to show the damage that
    it did; `counter_proofs` are those that must fail after it, because it shows how to do it right.
    `is_document` tells a rule's document from a file of further cases. `broken` is the program that this one is
    the repair of, if it is one.
    """

    document: Path
    section: str
    heading: str
    files: tuple[ProgramFile, ...]
    marks: tuple[Mark, ...]
    keras: KerasRange | None = None
    exact: bool = False
    static: bool = False
    proofs: tuple[Block, ...] = ()
    counter_proofs: tuple[Block, ...] = ()
    is_document: bool = False
    broken: Example | None = None

    @property
    def line(self) -> int:
        """The line of the document on which the example starts; of a repair, its first changed file."""
        above = 0 if self.broken is None else self.broken.files[-1].line
        return next(file.line for file in self.files if file.line > above)

    @property
    def id(self) -> str:
        """A readable name that is unique among all documents: `save-before-build:31-near-misses`."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.heading.lower()).strip("-")
        return f"{self.document.stem}:{self.line}-{slug}"

    @property
    def has_errors(self) -> bool:
        """Whether a line is marked `# error`, or as a known miss: the program is wrong in some version."""
        return any(mark.kind is not MarkKind.TODO_OK for mark in self.marks)

    def applies_to(self, version: KerasVersion) -> bool:
        """Whether the example is meant for `version` at all."""
        if self.broken is not None and not self.broken.marks_for(version):
            return False
        return self.keras is None or version in self.keras

    def marks_for(self, version: KerasVersion, rules: Mapping[str, Rule] | None = None) -> tuple[Mark, ...]:
        """The marks that hold in `version`: all but those of rules that never report anything there."""
        known = all_rules() if rules is None else rules
        return tuple(
            mark for mark in self.marks if mark.rule not in known or version in known[mark.rule].keras
        )

    @cached_property
    def _swapped(self) -> tuple[ProgramFile, ...] | None:
        if self.exact:
            return None
        codes = swap_spelling({file.path: file.code for file in self.files})
        if codes is None:
            return None
        return tuple(replace(file, code=codes[file.path]) for file in self.files)

    def spelled(self, spelling: Spelling) -> tuple[ProgramFile, ...] | None:
        """The files in this spelling; `None` where the swapped one does not exist or is not wanted."""
        return self.files if spelling is Spelling.WRITTEN else self._swapped

    def runs(self) -> Iterator[tuple[KerasVersion, Spelling]]:
        """The combinations in which the example is to be checked."""
        for version in VERSIONS:
            if self.applies_to(version):
                yield from ((version, spelling) for spelling in Spelling if self.spelled(spelling))


def iter_examples(path: str | Path) -> Iterator[Example]:
    """The examples of a rule's document, or of a file of cases, in order.

    Raises:
        DocumentError: the file is not well-formed, or a mark is not.
    """
    path = Path(path)
    doc = read_document(path)
    own = doc.name if doc.section("What it does") else None
    groups = list(_groups(doc.blocks))
    for number, group in enumerate(groups):
        if group[0].flags & {"proof", "fixed"}:
            continue
        following = next((other for other in groups[number + 1 :] if "fixed" not in other[0].flags), ())
        proofs = tuple(block for block in following if "proof" in block.flags)
        example = _example(path, group, own)
        section_proofs = _section_proofs(doc.blocks_in("Proof"), example.heading) if own else ()
        if not proofs and example.section == "Example" and example.has_errors:
            proofs = section_proofs
        counter = section_proofs if example.section == "Use instead" else ()
        example = replace(example, proofs=proofs, counter_proofs=counter, is_document=own is not None)
        yield example
        yield from _repairs(example, groups[number + 1 :], own)


def _repairs(example: Example, following: list[tuple[Block, ...]], own: str | None) -> Iterator[Example]:
    """The repairs of a program that follow it, behind its proofs: one, or one for each version."""
    for group in following:
        if "fixed" in group[0].flags:
            yield _repair(example, group, own)
        elif "proof" not in group[0].flags:
            return


def _repair(example: Example, group: tuple[Block, ...], own: str | None) -> Example:
    repair = _example(example.document, group, own)
    new = {file.path: file for file in repair.files}
    if unknown := new.keys() - {file.path for file in example.files}:
        where = f"{example.document}:{repair.line}"
        raise DocumentError(f"{where}: the program before this has no file {sorted(unknown)[0]!r}")
    files = tuple(new.get(file.path) or without_marks(file) for file in example.files)
    return replace(
        repair,
        files=files,
        exact=example.exact or repair.exact,
        static=example.static or repair.static,
        keras=repair.keras or example.keras,
        counter_proofs=example.proofs,
        is_document=own is not None,
        broken=example,
    )


def _section_proofs(blocks: tuple[Block, ...], heading: str) -> tuple[Block, ...]:
    """The blocks of `## Proof` for an example: those under its own sub-heading, or else those under none."""
    return tuple(block for block in blocks if block.heading == heading) or tuple(
        block for block in blocks if block.heading == "Proof"
    )


def _groups(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    """Blocks that belong together: the files of one project, the proofs of one program, else a single one."""
    group: list[Block] = []
    for block in blocks:
        if block.language != "python" or block.section == "Proof":
            continue
        if group and not _continues(group, block):
            yield tuple(group)
            group = []
        group.append(block)
    if group:
        yield tuple(group)


def _continues(group: list[Block], block: Block) -> bool:
    first = group[0]
    if ("fixed" in block.flags) != ("fixed" in first.flags):
        return False
    if "proof" in block.flags or "proof" in first.flags:
        return "proof" in block.flags and "proof" in first.flags
    if block.title is None or first.title is None:
        return False
    return block.heading == first.heading and block.title not in {other.title for other in group}


def _example(path: Path, group: tuple[Block, ...], own: str | None) -> Example:
    files = tuple(ProgramFile(block.title or "program.py", block.code, block.line) for block in group)
    flags = frozenset().union(*(block.flags for block in group))
    return Example(
        document=path,
        section=group[0].section,
        heading=group[0].heading,
        files=files,
        marks=tuple(mark for file in files for mark in read_marks(file, path, own)),
        keras=next((block.keras for block in group if block.keras is not None), None),
        exact="exact" in flags,
        static="static" in flags,
    )


def read_marks(file: ProgramFile, document: Path, own: str | None) -> Iterator[Mark]:
    """The marks of one file; `own` is the rule that a bare `# error` means.

    Raises:
        DocumentError: a comment is nearly a mark, or names no rule where it must.
    """
    for number, text in enumerate(file.code.splitlines(), start=1):
        match = _MARK.search(text)
        where = f"{document}:{file.line + number - 1}"
        if match is None:
            if _ALMOST.search(text):
                raise DocumentError(
                    f"{where}: this comment is not a mark, but looks like one: {text.strip()}"
                )
            continue
        names = re.findall(r"[\w-]+", match["rules"] or own or "")
        if not names:
            raise DocumentError(f"{where}: say which rule: `# {match['kind']}: [rule-name]`")
        yield from (Mark(MarkKind(match["kind"]), name, file.path, number) for name in names)


def analyze_files(
    files: Mapping[str, str], version: KerasVersion, rules: Mapping[str, Rule] | None = None
) -> list[Diagnostic]:
    """Analyse a project of the given files, by path relative to its root, under all rules or `rules`."""
    from kerasast.config import Settings
    from kerasast.engine import Analyzer

    chosen = all_rules() if rules is None else rules
    return list(Analyzer(Settings(), rules=chosen).analyze_files(files, version).diagnostics)


@dataclass(frozen=True, slots=True)
class Problem:
    """A difference between marks and reports, at a line (1-based) of a file."""

    path: str
    line: int
    text: str


def check_example(
    example: Example,
    version: KerasVersion | None = None,
    spelling: Spelling | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> None:
    """Check that kerasast reports what the marks say; for each version and spelling unless one is given.

    `rules` are the rules to run and to know: those of kerasast unless given.

    Raises:
        AssertionError: it does not; the text shows the program with the differences at their lines.
    """
    __tracebackhide__ = True  # pytest shows the test instead
    for run_version, run_spelling in example.runs():
        if version in (None, run_version) and spelling in (None, run_spelling):
            problems = find_problems(example, run_version, run_spelling, rules)
            if problems:
                raise AssertionError(explain(example, run_version, run_spelling, problems))


def find_problems(
    example: Example,
    version: KerasVersion,
    spelling: Spelling = Spelling.WRITTEN,
    rules: Mapping[str, Rule] | None = None,
) -> list[Problem]:
    """The differences between what the marks say and what kerasast reports, by file and line."""
    files = example.spelled(spelling)
    if files is None:
        return []
    known = all_rules() if rules is None else rules
    marks = example.marks_for(version, known)
    chosen = _rules_about(example) if rules is None else rules
    reports = analyze_files({file.path: encode(file) for file in files}, version, chosen)
    sources = {file.path: _source(file) for file in files}
    found: Counter[tuple[str, int, str]] = Counter()
    messages: dict[tuple[str, int, str], str] = {}
    too_loud: list[Problem] = []
    for report in reports:
        source = sources.get(report.path)  # kerasast's own failures need not be about one of the files
        line = source.line_at(report.span.start) if source else 0
        key = (report.path, line, report.rule)
        found[key] += 1
        messages[key] = report.message
        if report.rule in known and report.severity > known[report.rule].severity:
            too_loud.append(Problem(report.path, line, f"more severe than its rule: {report.rule}"))
    problems = [*too_loud, *_compare(marks, found, messages), *_unknown_rules(marks, known)]
    problems += [Problem(*problem) for problem in _fix_problems(example, spelling, reports, version, chosen)]
    return sorted(problems, key=lambda problem: (problem.path, problem.line))


def without_marks(file: ProgramFile) -> ProgramFile:
    """The same file without the marks at the ends of its lines."""
    lines = [
        _MARK.sub("", line).rstrip(" ") if _MARK.search(line) else line for line in file.code.splitlines()
    ]
    return replace(file, code="".join(f"{line}\n" for line in lines))


def _fix_problems(
    example: Example,
    spelling: Spelling,
    reports: Sequence[Diagnostic],
    version: KerasVersion,
    rules: Mapping[str, Rule],
) -> Iterator[tuple[str, int, str]]:
    """What is wrong with the fixes of a program: path, line and text; or, for a repair, how the fixes differ."""
    if any(report.fix for report in reports):
        files = {file.path: encode(without_marks(file)) for file in example.spelled(spelling) or ()}
        yield from (("--fix", 0, text) for text in check_fixes(files, version, rules))
    wrong = [
        report for report in reports if report.rule in rules and not is_declared(rules[report.rule], report)
    ]
    for report in wrong:
        yield report.path, 0, f"whether it has a fix is not what the rule declares: {report.rule}"
    if example.broken is not None and spelling is Spelling.WRITTEN:
        before = {file.path: encode(without_marks(file)) for file in example.broken.files}
        wanted = {file.path: encode(without_marks(file)) for file in example.files}
        repaired, _ = repair_files(before, version, rules)
        yield from (("--fix", 0, text) for text in differences(wanted, repaired))


def _rules_about(example: Example) -> dict[str, Rule]:
    """All rules, but of the opt-in ones only those that an example's document or its marks name."""
    named = {example.document.stem, *(mark.rule for mark in example.marks)}
    return {name: item for name, item in all_rules().items() if not item.opt_in or name in named}


def _unknown_rules(marks: tuple[Mark, ...], known: Mapping[str, Rule]) -> Iterator[Problem]:
    for mark in marks:
        if mark.rule not in known:
            yield Problem(mark.path, mark.line, f"no rule is called {mark.rule!r}")


def _compare(
    marks: tuple[Mark, ...],
    found: Counter[tuple[str, int, str]],
    messages: Mapping[tuple[str, int, str], str],
) -> Iterator[Problem]:
    for mark in marks:
        key = (mark.path, mark.line, mark.rule)
        reported = found[key] > 0
        found[key] -= reported
        if reported and mark.kind is MarkKind.TODO_ERROR:
            yield Problem(*key[:2], f"reported now: make this `# error`: {mark.rule}")
        elif not reported and mark.kind is MarkKind.TODO_OK:
            yield Problem(*key[:2], f"silent now: remove this mark: {mark.rule}")
        elif not reported and mark.kind is MarkKind.ERROR:
            yield Problem(*key[:2], f"missing: {mark.rule}")
    for (path, line, rule), count in found.items():
        if count > 0:
            times = f" ({count} times)" if count > 1 else ""
            yield Problem(path, line, f"unexpected: {rule}: {messages[path, line, rule]}{times}")


def encode(file: ProgramFile) -> str:
    """The text to store for a file: its code, or for a notebook a JSON with a cell from each line `# %%`."""
    if not file.path.endswith(".ipynb"):
        return file.code
    texts = re.split(r"\n(?=# %%)", file.code)
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": text}
        for text in texts
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _source(file: ProgramFile) -> SourceFile:
    return source_from_bytes(file.path, encode(file).encode())


def explain(example: Example, version: KerasVersion, spelling: Spelling, problems: list[Problem]) -> str:
    """The program with every difference at its line, headed by where it stands and how it was analysed."""
    text = [f"{example.document}:{example.line}: {example.heading}, Keras {version}, {spelling.value}"]
    files = example.spelled(spelling) or ()
    for file in files:
        text += ["", f"--- {file.path}"]
        for number, line in enumerate(file.code.splitlines(), start=1):
            notes = [p.text for p in problems if (p.path, p.line) == (file.path, number)]
            text.append(
                "  ".join([f"{file.line + number - 1:5d} | {line}", *(f"<-- {note}" for note in notes)])
            )
    known = {file.path for file in files}
    text += [
        f"{problem.path}:{problem.line}: {problem.text}" for problem in problems if problem.path not in known
    ]
    return "\n".join(text)


def main(arguments: list[str]) -> int:
    """Check the documents at the given paths and print what differs; 1 if anything does, else 0.

    The form of rules' documents is checked too. Files without `## What it does` are files of further cases.
    """
    failures = count = 0
    for path in arguments:
        doc = read_document(path)
        is_rule = doc.section("What it does") is not None
        for problem in validate(doc, all_rules().get(doc.name)) if is_rule else ():
            failures += 1
            print(f"{path}: {problem}")
        for example in iter_examples(path):
            for version, spelling in example.runs():
                count += 1
                problems = find_problems(example, version, spelling)
                if problems:
                    failures += 1
                    print(explain(example, version, spelling, problems), end="\n\n")
    print(f"{count} checked, {failures} failed")
    return int(failures > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m kerasast.testing DOCUMENT...")
    sys.exit(main(sys.argv[1:]))
