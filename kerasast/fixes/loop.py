"""Repairs a project: apply what goes together, analyse again, until nothing is left to repair.

Nothing is written here: the result holds the new contents. A fix that leaves a file which Python cannot parse is taken
back with all of its edits, and is not tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerasast.diagnostics import Applicability, Diagnostic, Edit, FileEdits
from kerasast.fixes.contents import ContentError, edited
from kerasast.fixes.edits import collide
from kerasast.source import SourceError, SourceFile, source_from_bytes

if TYPE_CHECKING:
    from kerasast.engine import Result
    from kerasast.survey import Opened

MOST_ROUNDS = 10
"""After this many rounds fixes only undo each other."""


@dataclass(slots=True)
class Repair:
    """What has been repaired. `result` is of the last analysis, of the files as they are to be.

    `contents` are the new contents of the files that have changed, `originals` what they were. `applied` counts the
    fixes by file and rule. `linked` are the groups of files that one fix has changed together. `problems` are sentences
    on what did not work, by file.
    """

    result: Result
    contents: dict[str, bytes] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    applied: Counter[tuple[str, str]] = field(default_factory=Counter)
    linked: list[frozenset[str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many fixes were applied."""
        return self.applied.total()


def is_applicable(item: Diagnostic, unsafe: bool) -> bool:
    """Whether a diagnostic has a fix that is applied, if those that may change the program are wanted."""
    if item.fix is None:
        return False
    return item.fix.applicability is Applicability.SAFE or (
        unsafe and item.fix.applicability is Applicability.UNSAFE
    )


def repair(opened: Opened, check: Callable[[Opened], Result], *, unsafe: bool) -> Repair:
    """Apply the fixes of a project round by round; `check` analyses it."""
    state = Repair(check(opened))
    refused: set[_Key] = set()
    for _ in range(MOST_ROUNDS):
        chosen = choose(
            item
            for item in state.result.diagnostics
            if is_applicable(item, unsafe) and _key(item) not in refused
        )
        if not chosen:
            return state
        contents, made = _apply(chosen, opened, state, refused)
        if contents:
            for path in contents:
                state.originals.setdefault(path, opened.content(path))
            state.contents.update(contents)
            opened = opened.changed(contents)
            state.result = check(opened)
        for item in made:
            state.applied[item.path, item.rule] += 1
            paths = frozenset(path for path, _ in _places(item))
            if len(paths) > 1:
                state.linked.append(paths)
    left = sorted({item.path for item in state.result.diagnostics if is_applicable(item, unsafe)})
    state.problems += [(path, f"still not repaired after {MOST_ROUNDS} rounds of fixes") for path in left]
    return state


_Key = tuple[str, str, str]


def _key(item: Diagnostic) -> _Key:
    return item.rule, item.path, item.message


def _places(item: Diagnostic) -> Iterator[tuple[str, tuple[Edit, ...]]]:
    """The files that the fix of a diagnostic changes, with the edits of each."""
    assert item.fix is not None
    for place in (FileEdits(item.path, item.fix.edits), *item.fix.elsewhere):
        if place.edits:
            yield place.path, place.edits


def choose(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those whose fixes can be applied together: the first one wins, equal edits are one, the rest must wait."""
    taken: dict[str, list[Edit]] = {}
    chosen = []
    for item in diagnostics:
        places = list(_places(item))
        if any(collide(edits, taken.get(path, ())) for path, edits in places):
            continue
        for path, edits in places:
            taken.setdefault(path, []).extend(edits)
        chosen.append(item)
    return chosen


def _apply(
    chosen: list[Diagnostic], opened: Opened, state: Repair, refused: set[_Key]
) -> tuple[dict[str, bytes], list[Diagnostic]]:
    """The new contents of files, and the fixes that led to them: those that break no file."""
    while chosen:
        contents, broken = _contents(chosen, opened, state.result.sources)
        if broken is None:
            return contents, chosen
        path, problem = broken
        touching = [item for item in chosen if path in dict(_places(item))]
        alone = [item for item in touching if _contents([item], opened, state.result.sources)[1] is not None]
        for item in alone or touching:
            refused.add(_key(item))
            state.problems.append((path, f"the fix of {item.rule} was taken back: {problem}"))
        chosen = [item for item in chosen if item not in (alone or touching)]
    return {}, []


def _contents(
    chosen: list[Diagnostic], opened: Opened, sources: Mapping[str, SourceFile]
) -> tuple[dict[str, bytes], tuple[str, str] | None]:
    """The new contents of the files that fixes change; or the first file that breaks, and how."""
    edits: dict[str, list[Edit]] = {}
    for item in chosen:
        for path, own in _places(item):
            edits.setdefault(path, []).extend(own)
    contents = {}
    for path, together in edits.items():
        try:
            contents[path] = edited(sources[path], opened.content(path), together)
        except ContentError as error:
            return {}, (path, str(error))
        problem = _problem(sources[path], contents[path])
        if problem is not None:
            return {}, (path, problem)
    return contents, None


def _problem(source: SourceFile, data: bytes) -> str | None:
    """Why Python could not read a file with this content any more."""
    try:
        new = source_from_bytes(source.path, data)
        if source.cells:  # cells that were broken before may stay so
            _parse_cells(source, new)
        else:
            new.parse()
    except (SourceError, SyntaxError) as error:
        return f"it would leave a syntax error ({getattr(error, 'msg', None) or error})"
    return None


def _parse_cells(source: SourceFile, new: SourceFile) -> None:
    """Parse the cells that have changed, each by itself."""
    for old, cell in zip(source.cells, new.cells, strict=True):
        code = new.code[cell.start : cell.end]
        if code != source.code[old.start : old.end]:
            SourceFile(source.path, code).parse()


def links(repair: Repair) -> list[frozenset[str]]:
    """The changed files in groups that are to be written together or not at all."""
    groups = [frozenset({path}) for path in repair.contents]
    for linked in repair.linked:
        joined = linked.union(*(group for group in groups if group & linked))
        groups = [group for group in groups if not group & linked] + [joined]
    return groups
