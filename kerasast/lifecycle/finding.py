"""The object that is meant by a place in a file, and the story of it that tells most."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kerasast.diagnostics import Diagnostic, Span
from kerasast.flow.narrator import Met, Narration, Record, Seen, narrate
from kerasast.flow.values import (
    BoundMethod,
    LayersOf,
    ObjectId,
    ObjectState,
    Ref,
    SuperValue,
    Unknown,
    Value,
    WeightsOf,
)
from kerasast.index.project import ProjectIndex
from kerasast.lifecycle.story import Moment, Story, tell
from kerasast.lifecycle.words import quoted
from kerasast.source import SourceFile
from kerasast.survey import InputFile, Opened
from kerasast.versions import KERAS_3, KerasVersion
from kerasast.walking import walk

SECONDS = 2.0
"""After how much time no more files are followed that use the one that is asked about."""

_OF_MODELS = frozenset(
    {
        "compile",
        "evaluate",
        "fit",
        "fit_generator",
        "load_weights",
        "predict",
        "save_weights",
        "summary",
    }
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A node that may be what is meant; `direct` for a name or attribute, which means what it is."""

    node: ast.AST
    title: str
    direct: bool


Reported = Callable[[frozenset[str]], Iterable[Diagnostic]]
"""What is reported in some files, by path."""


def stories_at(opened: Opened, path: str, span: Span, reported: Reported) -> list[Story]:
    """The stories of the models and layers that a place in a file means, mostly one; none if it means nothing.

    An empty span is a cursor; a longer one means all that begins in it. Files that import this one are followed
    too: what it builds, they may train. `reported` is asked for what is wrong in the files that the stories may be in.
    """
    item = next((item for item in opened.survey.inputs.values() if item.path == path), None)
    project = opened.survey.project()
    tree = None if item is None else project.tree(item.module)
    source = None if item is None else project.source(item.module)
    if item is None or tree is None or source is None:
        return []
    candidates = list(_candidates(tree, source, span))
    if not candidates:
        return []
    finder = _Finder(opened, project, item, candidates, reported)
    return finder.all_stories() if span.end > span.start else finder.story()


class _Finder:
    """Follows the programs that a place may be part of."""

    def __init__(
        self,
        opened: Opened,
        project: ProjectIndex,
        item: InputFile,
        candidates: Sequence[_Candidate],
        reported: Reported,
    ) -> None:
        self.opened = opened
        self.project = project
        self.item = item
        self.candidates = candidates
        self.narrations = list(self._narrations())
        self._reported = reported

    def story(self) -> list[Story]:
        """The story of what a cursor is on."""
        for want in (_is_direct, _is_model, _is_any):
            for candidate in self.candidates:
                found = self._stories_of(candidate, want)
                if found:
                    return found[:1]
        return list(self._unknown())

    def all_stories(self) -> list[Story]:
        """The stories of all models in a span, and of the layers if it has no model."""
        for want in (_is_model, _is_any):
            stories: list[Story] = []
            for candidate in self.candidates:
                stories += self._stories_of(candidate, want)[:1]
            if stories:
                return _distinct(stories)
        return list(self._unknown())

    @cached_property
    def diagnostics(self) -> list[Diagnostic]:
        """What is reported in all files that the objects here pass through."""
        places = (record.place for narration in self.narrations for record in narration.records)
        return list(self._reported(frozenset(place.source.path for place in places)))

    def _narrations(self) -> Iterator[Narration]:
        """What happens when this file runs, and when those run that import it."""
        watched = [candidate.node for candidate in self.candidates]
        started = time.monotonic()
        for entry in self._entries():
            tree, source = self.project.tree(entry.module), self.project.source(entry.module)
            if tree is None or source is None:
                continue
            yield narrate(source, tree, entry.module, self.project, self._version(entry), watched)
            if time.monotonic() - started > SECONDS:
                return

    def _entries(self) -> Iterator[InputFile]:
        yield self.item
        for item in self.opened.survey.checked:
            if item is not self.item and self.item.module in self.project.import_closure(item.module):
                yield item

    def _version(self, entry: InputFile) -> KerasVersion:
        versions = self.opened.versions
        known = versions.get(entry.path) or versions.get(self.item.path)
        return KERAS_3 if known is None else known.version

    def _stories_of(self, candidate: _Candidate, want: _Want) -> list[Story]:
        """The stories of the objects that a candidate is, the one that tells most first."""
        found: list[Story] = []
        for narration in self.narrations:
            targets: dict[ObjectId, None] = {}
            for record in narration.records:
                if isinstance(record, Seen) and record.place.node is candidate.node:
                    target = _target(record.value)
                    state = None if target is None else narration.states.get(target)
                    if target is not None and state is not None and want(candidate, record.value, state):
                        targets[_final(narration.records, target)] = None
            title = _title(candidate, narration)
            found += [tell(narration, target, title, self.diagnostics) for target in targets]
        found = _distinct(sorted(found, key=lambda story: -story.weight))
        if len(found) > 1:
            text = f"; one of {len(found)} that are made or used here"
            found[0] = replace(found[0], subtitle=found[0].subtitle + text)
        return found

    def _unknown(self) -> Iterator[Story]:
        """What can be said of a name that is used as a model and is not followed: that, and no more."""
        for candidate in self.candidates:
            node = candidate.node
            if not isinstance(node, ast.Name | ast.arg) or not self._is_unknown(node):
                continue
            name = node.arg if isinstance(node, ast.arg) else node.id
            tree = self.project.tree(self.item.module)
            if tree is None or not any(_uses_as_model(inner, name) for inner in walk(tree)):
                continue
            subtitle = "kerasast does not know what this is: it sees no code that makes it and leads here"
            yield Story(name, subtitle, tuple(self._parameter(tree, node, name)))
            return

    def _is_unknown(self, node: ast.AST) -> bool:
        values = [
            record.value
            for narration in self.narrations
            for record in narration.records
            if isinstance(record, Seen) and record.place.node is node
        ]
        return all(isinstance(value, Unknown) for value in values)

    def _parameter(self, tree: ast.Module, node: ast.AST, name: str) -> Iterator[Moment]:
        source = self.project.source(self.item.module)
        line = getattr(node, "lineno", 0)
        functions = [
            inner
            for inner in walk(tree)
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            and inner.lineno <= line <= (inner.end_lineno or 0)
        ]
        for function in functions[-1:]:
            spec = function.args
            for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
                if parameter.arg == name and source is not None:
                    text = f"a parameter of `{function.name}()`; no call is seen that gives it a known model"
                    yield Moment("other", text, source.path, source.span(parameter))


_Want = Callable[[_Candidate, Value, ObjectState], bool]
"""What the value of a candidate must be."""


def _is_direct(candidate: _Candidate, value: Value, state: ObjectState) -> bool:
    return candidate.direct and isinstance(value, Ref) and state.kind.has_weights


def _is_model(candidate: _Candidate, value: Value, state: ObjectState) -> bool:
    return state.kind.is_model


def _is_any(candidate: _Candidate, value: Value, state: ObjectState) -> bool:
    return state.kind.has_weights


def _target(value: Value) -> ObjectId | None:
    match value:
        case Ref(target) | LayersOf(owner=target) | WeightsOf(owner=target):
            return target
        case BoundMethod(receiver=receiver) | SuperValue(receiver=receiver):
            return _target(receiver)
    return None


def _title(candidate: _Candidate, narration: Narration) -> str:
    """What the object is called there: of `model.fit` it is `model` that is meant."""
    node = candidate.node
    for record in narration.records:
        if isinstance(record, Seen) and record.place.node is node:
            if isinstance(record.value, LayersOf | WeightsOf):
                return f"the model of {candidate.title}"
            if isinstance(node, ast.Attribute) and isinstance(record.value, BoundMethod):
                return ast.unparse(node.value)
    return candidate.title


def _final(records: Sequence[Record], target: ObjectId) -> ObjectId:
    """The object that stands for this one, or for another, after paths have met."""
    for record in records:
        if isinstance(record, Met) and target in (record.left, record.right):
            target = record.into
    return target


def _distinct(stories: Iterable[Story]) -> list[Story]:
    """The stories without those that another one contains."""
    kept: list[Story] = []
    for story in stories:
        if not any(story.places <= other.places for other in kept):
            kept.append(story)
    return kept


def _uses_as_model(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=used), attr=attr)):
            return used == name and attr in _OF_MODELS
    return False


# Which nodes a place may mean.


def _candidates(tree: ast.Module, source: SourceFile, span: Span) -> Iterator[_Candidate]:
    """The nodes that a place may mean, the most likely first."""
    first, last = source.line_at(span.start), source.line_at(span.end)
    titles: dict[ast.AST, str] = {}
    inner: list[tuple[int, int, ast.AST]] = []
    for node in _nodes_on(tree, first, last):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            titles[node.value] = ast.unparse(target)
            if _covers(source.span(target), span):
                titles[target] = ast.unparse(target)
                inner.append((*_extent(source, target), node.value))
        if isinstance(node, ast.expr | ast.arg) and _covers(source.span(node), span):
            inner.append((*_extent(source, node), node))
    inner.sort(key=lambda item: item[:2] if span.end == span.start else (0, item[1]))
    for _, _, node in inner:
        yield from _as_candidates(node, titles.get(node))


def _as_candidates(node: ast.AST, title: str | None) -> Iterator[_Candidate]:
    if isinstance(node, ast.Name):
        yield _Candidate(node, node.id, True)
    elif isinstance(node, ast.arg):
        yield _Candidate(node, node.arg, True)
    elif isinstance(node, ast.Attribute):
        yield _Candidate(node, ast.unparse(node), True)
    elif isinstance(node, ast.Call):
        yield _Candidate(node, title or quoted(node.func).strip("`").rpartition(".")[2], False)
        if isinstance(node.func, ast.Attribute):
            yield _Candidate(node.func, ast.unparse(node.func), False)


def _nodes_on(tree: ast.AST, first: int, last: int) -> Iterator[ast.AST]:
    """The nodes that share a line with others, from `first` to `last`."""
    for node in ast.iter_child_nodes(tree):
        if getattr(node, "lineno", first) <= last and (getattr(node, "end_lineno", None) or last) >= first:
            yield node
            yield from _nodes_on(node, first, last)


def _covers(mine: Span, wanted: Span) -> bool:
    """Whether a node is meant: a cursor is in or behind it, or it begins in what is wanted."""
    if wanted.start == wanted.end:
        return mine.start <= wanted.start <= mine.end
    return wanted.start <= mine.start < wanted.end or mine.start <= wanted.start < mine.end


def _extent(source: SourceFile, node: ast.AST) -> tuple[int, int]:
    """What nodes are sorted by: the shortest first, then in the order of the text."""
    span = source.span(node)
    return span.end - span.start, span.start
