"""Phase 2 for one file: follow the program, and hand its events to the rules that want them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from kerasast.boundary import attempt, explain
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic
from kerasast.flow.events import (
    ApiUse,
    AttributeSet,
    CheckCrashed,
    Event,
    ExternalCall,
    HistoryRead,
    ListRepeated,
    ModelCall,
    NamesUsed,
    ObjectCall,
    ObjectCreated,
    ProjectReady,
    called,
)
from kerasast.flow.facts import FileFacts
from kerasast.flow.interest import Interest, combined
from kerasast.index.project import ProjectIndex, always
from kerasast.parsing import ParsedFile, failure
from kerasast.registry import Rule
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

_NO_NODE = ast.Module([], [])

PROJECT = "."
"""The path of a diagnostic that is about the project as a whole."""

RUNNING = -1

_MAX_NAMES = 10_000
"""Names of calls for which it is remembered which rules want them."""

FLOW_EVENTS: tuple[type[Event], ...] = (
    ApiUse,
    AttributeSet,
    ExternalCall,
    HistoryRead,
    ListRepeated,
    ModelCall,
    NamesUsed,
    ObjectCall,
    ObjectCreated,
    ProjectReady,
)
"""Events that come of walking functions, or of what they leave behind."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What phase 2 says of one file, before anything is filtered.

    `ran` are the rules that were in range, without those that failed; `failed` says whether anything did. `origins`
    says for each diagnostic of which statement of the module it came, by its index, when the functions and classes in
    that were looked at on their own; `RUNNING` for what running the module showed.
    """

    diagnostics: tuple[Diagnostic, ...]
    facts: FileFacts
    ran: frozenset[str]
    failed: bool
    origins: tuple[int, ...] = ()


class Dispatch:
    """Which rules want which events of a version of Keras. Made once for a selection of rules."""

    def __init__(self, rules: Iterable[Rule], version: KerasVersion) -> None:
        self.version = version
        self.rules = tuple(rule for rule in rules if version in rule.keras)
        self.names = frozenset(rule.name for rule in self.rules)
        by_event: dict[type[Event], list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for event_type in rule.on:
                by_event[event_type].append(rule)
        self.by_event = {event_type: tuple(wanting) for event_type, wanting in by_event.items()}
        self.wanted = frozenset(self.by_event)
        self._by_name: dict[tuple[type[Event], str], tuple[Rule, ...]] = {}

    def rules_for(self, event: type[Event], name: str | None) -> tuple[Rule, ...]:
        """The rules that want an event of a type; `name` is that of the method or function called, if any is."""
        rules = self.by_event.get(event, ())
        if name is None or len(self._by_name) >= _MAX_NAMES:
            return rules
        found = self._by_name.get((event, name))
        if found is None:
            found = self._by_name[event, name] = tuple(rule for rule in rules if rule.wants(name))
        return found

    def awaits(self, name: str) -> bool:
        """Whether a rule has something to say of a function that is no project's, whatever it is given.

        `name` is the dotted name of the function, or of a module that it is in.
        """
        if name.startswith("keras."):
            awaited, name = self._awaited_of_keras, name.rpartition(".")[2]
        else:
            awaited = self._awaited
        return awaited is None or name in awaited

    @cached_property
    def audience(self) -> str:
        """A name for what the rules await."""
        return str(hash((self._awaited, self._awaited_of_keras)))

    @cached_property
    def _awaited_of_keras(self) -> frozenset[str] | None:
        """The last parts of the names of Keras's functions that some rule waits for; `None` for all."""
        rules = self.by_event.get(ApiUse, ())
        if any(not rule.calls for rule in rules):
            return None
        return frozenset(name for rule in rules for name in rule.calls)

    @cached_property
    def _awaited(self) -> frozenset[str] | None:
        """The functions outside Keras that some rule waits for, and the modules that they are in; `None` for all.

        Not those of which a rule wants all that a module has: it is for what they are given.
        """
        rules = self.by_event.get(ExternalCall, ())
        if any(not rule.names for rule in rules):
            return None
        names = {name for rule in rules for name in rule.names if "()" in name or not name.endswith(".*")}
        functions = [name.partition("()")[0].split(".") for name in names]
        return frozenset(".".join(parts[: index + 1]) for parts in functions for index in range(len(parts)))

    def interests(self, project: ProjectIndex) -> list[Interest] | None:
        """What the rules about the flow of a program wait for; `None` if one waits for nothing in particular."""
        known: dict[Dispatch, list[Interest] | None] = project.memo("interests", always)
        if self not in known:
            known[self] = self._interests(project)
        return known[self]

    def _interests(self, project: ProjectIndex) -> list[Interest] | None:
        rules = [
            rule
            for event_type in FLOW_EVENTS
            for rule in self.by_event.get(event_type, ())
            if rule.only_if is None or rule.only_if(project, self.version)
        ]
        if any(not rule.calls and not rule.text for rule in rules):
            return None
        return combined(Interest(rule.calls, rule.also, rule.text) for rule in rules)


def check_file(
    file: ParsedFile,
    module: str,
    project: ProjectIndex,
    dispatch: Dispatch,
    *,
    release_known: bool = True,
    only: Container[int] | None = None,
) -> FileReport:
    """Run rules on one file. A failure of kerasast's own becomes a diagnostic; the other rules go on.

    `release_known` is false where nothing tells which release of Keras 2 the file is for. With `only`, functions and
    classes in other statements of the module than these, by their indexes, are not looked at on their own.
    """
    checker = _Checker(file.source, project, dispatch, release_known)
    for problem in file.problems:
        checker.emit(problem)
    # The tree that other modules see: its nodes are the identity of what they define. They may still see an older one.
    tree = project.tree(module) if project.source(module) is file.source else None
    facts = checker.follow(tree, module, only) if tree is not None else FileFacts()
    return FileReport(
        tuple(checker.found), facts, checker.finished(), bool(checker.failed), tuple(checker.origins())
    )


def check_project(
    facts: Iterable[FileFacts],
    project: ProjectIndex,
    dispatch: Dispatch,
    *,
    release_known: bool = True,
) -> tuple[Diagnostic, ...]:
    """Run the rules that need to know of every file what it saves and loads."""
    collected = list(facts)
    checker = _Checker(SourceFile(PROJECT, ""), project, dispatch, release_known)
    saves = tuple(site for item in collected for site in item.saves)
    loads = tuple(site for item in collected for site in item.loads)
    others = tuple(site for item in collected for site in item.others)
    checker.emit(ProjectReady(_NO_NODE, saves, loads, others))
    return tuple(checker.found)


class _Checker:
    """The rules at work on one file."""

    def __init__(
        self,
        source: SourceFile,
        project: ProjectIndex,
        dispatch: Dispatch,
        release_known: bool,
    ) -> None:
        self.source = source
        self.project = project
        self.dispatch = dispatch
        self.release_known = release_known
        self.found: list[Diagnostic] = []
        self.failed: set[str | None] = set()
        self._contexts: dict[str, Context] = {}
        self._parts = [(0, RUNNING)]
        """From which diagnostic on they come of which statement."""
        self._position = 0

    def follow(self, tree: ast.Module, module: str, only: Container[int] | None) -> FileFacts:
        """Interpret the file; nothing is known of one on which the interpreter fails."""
        from kerasast.flow.interpreter import interpret

        facts = [FileFacts()]
        before = len(self.found)

        def run() -> None:  # perhaps a second time, with a larger stack
            del self.found[before:]
            self._parts = [(0, RUNNING)]
            version, wanted = self.dispatch.version, self.dispatch.wanted
            interests = self.dispatch.interests(self.project)
            facts.append(
                interpret(self.source, tree, module, self.project, version, self, wanted, interests, only)
            )

        error = attempt(run)
        if error is not None:
            self._fail(None, failure(error, tree))
        return facts[-1]

    def finished(self) -> frozenset[str]:
        """The rules that have seen everything that they wanted to see."""
        if None in self.failed:
            return frozenset()
        return self.dispatch.names.difference(name for name in self.failed if name)

    def hears(self, event: type[Event], name: str) -> bool:
        """Whether some rule wants such an event."""
        return bool(self.dispatch.rules_for(event, name))

    @property
    def audience(self) -> str:
        """A name for what the rules await."""
        return self.dispatch.audience

    def awaits(self, name: str) -> bool:
        """Whether some rule has something to say of a function that is no project's, whatever it is given."""
        return self.dispatch.awaits(name)

    def emit(self, event: Event) -> None:
        """Let every rule that wants an event see it."""
        rules = self.dispatch.rules_for(type(event), called(event))
        self._position = 0
        while self._position < len(rules):
            error = attempt(partial(self._check_all, rules, event))
            if error is not None:
                failed = rules[self._position].name
                self._fail(failed, CheckCrashed(_NO_NODE, failed, explain(error)))
                self._position += 1

    def enter(self, statement: int) -> None:
        """What is found now comes of looking at the functions and classes in a statement of the module."""
        self._parts.append((len(self.found), statement))

    def origins(self) -> Iterator[int]:
        """Of which statement each diagnostic came."""
        ends = [*(first for first, _ in self._parts[1:]), len(self.found)]
        for (first, statement), end in zip(self._parts, ends, strict=True):
            yield from [statement] * (end - first)

    def mark(self) -> int:
        """How many diagnostics there are."""
        return len(self.found)

    def take_back(self, mark: int) -> None:
        """Forget the diagnostics since a mark."""
        del self.found[mark:]

    def _check_all(self, rules: tuple[Rule, ...], event: Event) -> None:
        """Let rules see an event, from `_position` on, which is that of the rule at work."""
        while self._position < len(rules):
            rule = rules[self._position]
            if rule.name not in self.failed:
                self._check(rule, event)
            self._position += 1

    def _check(self, rule: Rule, event: Event) -> None:
        context = self._contexts.get(rule.name)
        if context is None:
            version = self.dispatch.version
            context = Context(rule, self.source, version, self.project, self.release_known)
            self._contexts[rule.name] = context
        self.found.extend(rule.check(context, event))

    def _fail(self, rule: str | None, event: Event) -> None:
        """Report a failure. It is the rules on failures that are called here, so theirs would end the run."""
        self.failed.add(rule)
        for meta in self.dispatch.by_event.get(type(event), ()):
            self._check(meta, event)
