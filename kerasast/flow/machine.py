"""The state of one interpretation: where it is, what it knows, and how it tells of it."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from kerasast.diagnostics import Step
from kerasast.flow.arguments import Arguments
from kerasast.flow.events import Enclosing, Event, Listener, Loop, With
from kerasast.flow.facts import LoadSite, OtherSite, SaveSite
from kerasast.flow.scopes import ModuleScope, Scope
from kerasast.flow.values import (
    UNKNOWN,
    ClassValue,
    Const,
    FunctionValue,
    ObjectId,
    Unknown,
    Value,
    salt_of,
    unknown_at,
)
from kerasast.flow.world import INERT, Join, States, World, differing, extend_trace
from kerasast.index.project import ProjectIndex
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.flow.summaries import Summary

_T = TypeVar("_T")

MAX_DEPTH = 12
"""Calls of project functions that are followed inside one another."""

Names = tuple[tuple[Scope, dict[str, Value]], ...]


@dataclass(slots=True, unsafe_hash=True)
class Snapshot:
    """All that can differ between two paths: the world, and the names of the scopes that code here can bind.

    It is never changed, and not frozen because so many are made that the time counts.
    """

    states: States
    names: Names


@dataclass(frozen=True, slots=True)
class Mark:
    """How much was told by then, and the object created last."""

    told: int
    listener: int
    sites: tuple[int, ...]
    latest: ObjectId


@dataclass(slots=True)
class LoopExits:
    """One loop, and the snapshots at its `break`s and `continue`s."""

    loop: Loop
    breaks: list[Snapshot] = field(default_factory=list)
    continues: list[Snapshot] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """The code being walked: a module, or one call of a function.

    `anchor` is the call, in the file under analysis, that led into another module; `foreign` numbers it.
    """

    scope: Scope
    source: SourceFile
    function: FunctionValue | None = None
    cls: ClassValue | None = None
    receiver: Value | None = None
    anchor: ast.AST | None = None
    foreign: int = 0
    salt: int = field(init=False)
    returns: list[tuple[Value, Snapshot]] = field(default_factory=list)
    loops: list[LoopExits] = field(default_factory=list)
    withs: list[With] = field(default_factory=list)
    conditional: int = 0
    yields: bool = False
    unbound: set[str] = field(default_factory=set)
    """Names that were read while nothing bound them."""

    def __post_init__(self) -> None:
        self.salt = salt_of(self.source.path)


MAX_RAISED = 12
"""Places at which a `try` may be left by an exception that are told apart; of more, the first ones count."""


@dataclass(slots=True)
class Attempt:
    """A `try` whose body is being walked: the frame that it is in, and what may be when an exception comes."""

    frame: Frame
    raised: list[Snapshot]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something holds of a function or class, and the modules that this depends on."""

    holds: bool
    followed: frozenset[str] = frozenset()


def _follows(key: object, value: Summary | Verdict, module: str) -> bool:
    return module in value.followed


class Machine:
    """What every part of the interpreter shares."""

    recalls = True
    """Whether a call may be answered from what earlier ones gave; otherwise each is followed."""

    def __init__(
        self,
        source: SourceFile,
        scope: ModuleScope,
        project: ProjectIndex,
        version: KerasVersion,
        listener: Listener,
        wanted: frozenset[type[Event]],
    ) -> None:
        self.source = source
        self.module = scope
        self.project = project
        self.version = version
        self.world = World()
        self.frame = Frame(scope, source)
        self.frames: list[Frame] = [self.frame]
        self.alive = True
        self.muted = 0
        self.trying = False
        """Whether an iteration of a loop is walked that may have to be walked again."""
        self.unsettled = False
        self.budget = 0
        self.saves: list[SaveSite] = []
        self.loads: list[LoadSite] = []
        self.others: list[OtherSite] = []
        self._sites: tuple[list[Any], ...] = (self.saves, self.loads, self.others)
        self.attempts: list[Attempt] = []
        self.anyone: Value | None = None
        """The `self` of a method that is walked on its own: an instance of its class or of a subclass."""
        self.patched: set[str] = set()
        """Attributes that the program has assigned to classes."""
        self.bound: set[ObjectId] = set()
        """Optimizers and checkpoints that some training has bound to a model."""
        self.custom_scopes: list[Value] = []
        self.registered: list[Value | None] = []
        self.unsafe = False
        self.policy: str | None = None
        """The global dtype policy, where the program has set one and it is known."""
        self.policy_line = 0
        self.inlined: set[ast.AST] = set()
        self.summaries: dict[Hashable, Summary] = {}
        self.shared_summaries: dict[Hashable, Summary] = project.memo(f"summaries {version}", _follows)
        self.variety: dict[tuple[ast.AST, int | str | None], set[Hashable]] = {}
        self.unsummarised: set[Hashable] = set()
        self.inert: dict[ast.AST, int] = {}
        """Functions by how often following a call of them was for nothing; -1 where it was not."""
        self.shared_inert: dict[ast.AST, Verdict] = project.memo(f"idle functions {version}", _follows)
        self.is_running = False
        """Whether the top level of the module is being walked, so that names of it have yet to be bound."""
        self.leads: dict[ast.AST, Verdict] = {}
        """Functions and classes by whether they lead to anything that is followed."""
        self.shared_leads: dict[ast.AST, Verdict] = project.memo(
            f"leads {version} {listener.audience}", _follows
        )
        self.followed: set[str] = set()
        """Modules whose functions and classes were followed."""
        self.told = 0
        self.reads_objects = False
        self.constants_read: dict[tuple[ModuleScope, str], Value] = {}
        self.containers_read: States = {}
        self.defined: dict[ast.AST, FunctionValue | ClassValue] = {}
        self._listener = listener
        self._wanted = wanted
        self._foreign_calls = 0

    # What the other parts provide.

    @abstractmethod
    def evaluate(self, node: ast.expr) -> Value:
        """The value of an expression here, with its effects."""

    @abstractmethod
    def run_block(self, statements: Sequence[ast.stmt]) -> None:
        """Walk statements; `alive` is false afterwards if none of their paths falls through."""

    @abstractmethod
    def call(self, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
        """The value of calling `callee`, with its effects."""

    @abstractmethod
    def call_function(
        self, function: FunctionValue, arguments: Arguments, node: ast.AST, receiver: Value | None
    ) -> Value:
        """The value of calling a project function, with its effects."""

    # Telling.

    def wants(self, event: type[Event], name: str | None = None) -> bool:
        """Whether building an event of this type, about the call of something of a name, is worth it now."""
        if self.muted or event not in self._wanted:
            return False
        return name is None or self._listener.hears(event, name)

    def awaits(self, name: str) -> bool:
        """Whether it is told when a function outside of the project is called, whatever it is given."""
        return self._listener.awaits(name)

    def emit(self, event: Event) -> None:
        self.told += 1
        self._listener.emit(event)

    def mark(self) -> Mark:
        """Remember what was told so far."""
        return Mark(
            self.told,
            self._listener.mark(),
            tuple(map(len, self._sites)),
            ObjectId(self.world.latest),
        )

    def take_back(self, mark: Mark) -> None:
        """Take back what was told since a mark."""
        self.told = mark.told
        self._listener.take_back(mark.listener)
        for sites, count in zip(self._sites, mark.sites, strict=True):
            del sites[count:]

    def anchor(self, node: ast.AST) -> ast.AST:
        """`node` itself, or the place in the file under analysis from which its module was entered."""
        return node if self.frame.anchor is None else self.frame.anchor

    def step(self, node: ast.AST, message: str) -> Step:
        """A step of a story at `node`, wherever it is."""
        source = self.frame.source
        return Step(source.path, source.header_span(node), message)

    def tell(self, target: ObjectId, node: ast.AST, message: str) -> None:
        """Add a step to the story of an object."""
        state = self.world.state(target)
        self.world.update(target, trace=extend_trace(state, self.step(node, message)))

    @property
    def enclosing(self) -> Enclosing:
        frame = self.frame
        name = None if frame.function is None else frame.function.name
        loops = tuple(exits.loop for outer in self.frames for exits in outer.loops)
        withs = tuple(item for outer in self.frames for item in outer.withs)
        return Enclosing(frame.cls, name, frame.conditional > 0, loops, withs)

    def visible(self, targets: Iterable[ObjectId]) -> bool:
        """Whether something that happens to these objects here is this file's business.

        Inside another module it is not, if the object was also created during the same call into it: that
        module's own analysis tells it.
        """
        token = self.frame.foreign
        return token == 0 or any(self.world.state(target).foreign != token for target in targets)

    def next_foreign(self) -> int:
        self._foreign_calls += 1
        return self._foreign_calls

    def unknown(self, node: ast.AST) -> Unknown:
        """The unknown result of an expression: equal to itself, different from every other."""
        return unknown_at(self.frame.salt, node)

    # Paths.

    def snapshot(self) -> Snapshot:
        """The world and the names as they are."""
        return self._snapshot_in(self.frame)

    def note_exit(self) -> None:
        """The path ends here, in the middle of statements: an exception may have come just before, or does now."""
        attempt = self.attempts[-1] if self.attempts else None
        if attempt is not None and self.alive and len(attempt.raised) < MAX_RAISED:
            attempt.raised.append(self._snapshot_in(attempt.frame))

    def _snapshot_in(self, frame: Frame) -> Snapshot:
        scope = frame.scope
        if not scope.module.shares_names:
            return Snapshot(self.world.share(), ((scope, scope.names.copy()),))
        scopes: list[Scope] = [scope]
        while scope.parent is not None:
            scope = scope.parent
            scopes.append(scope)
        return Snapshot(self.world.share(), tuple((scope, dict(scope.names)) for scope in scopes))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; the path is alive again."""
        self.world.resume(snapshot.states)
        for scope, names in snapshot.names:
            scope.names = names.copy()
        self.alive = True

    def merge(self, snapshots: Sequence[Snapshot]) -> None:
        """Go on from where several paths meet; with none of them, the code after it is dead."""
        if not snapshots:
            self.alive = False
            return
        self.restore(snapshots[0])
        for other in snapshots[1:]:
            self._meet(other)

    def _meet(self, other: Snapshot) -> Join:
        join = Join(self.world, self.world.share(), other.states)
        for scope, names in other.names:
            mine = scope.names
            for name in [*differing(names, mine)]:
                own, value = mine.get(name), names[name]
                if own is None:
                    mine[name] = value
                elif own != value:
                    mine[name] = join.value(own, value)
        return join

    def current(self) -> list[Snapshot]:
        """The snapshot of this path as a list, empty if the path is dead."""
        return [self.snapshot()] if self.alive else []

    def either(self, first: Value, second: Value) -> Value:
        """One of two values, of the same world."""
        if first == second:
            return first
        states = self.world.share()
        return Join(self.world, states, states).value(first, second)

    def merge_values(self, results: Sequence[tuple[Value, Snapshot]]) -> Value:
        """Go on from where several paths meet that each gave a value."""
        if not results:
            return UNKNOWN
        value, snapshot = results[0]
        self.restore(snapshot)
        for other_value, other in results[1:]:
            join = self._meet(other)
            value = join.value(value, other_value)
        return value

    def apart(self, budget: int, walk: Callable[[], _T]) -> _T:
        """Walk something as if nothing led to it, with a budget of its own, and go back to how it was before."""
        before = self.snapshot()
        kept = self.frames, self.budget, self.attempts, self.frame
        self.frames, self.budget, self.attempts = [self.frame], budget, []
        try:
            return walk()
        finally:
            self.frames, self.budget, self.attempts, self.frame = kept
            self.restore(before)

    # Small helpers.

    def escape(self, values: Iterable[Value]) -> None:
        for value in values:
            if value.__class__ not in INERT:
                self.world.escape(value)

    def constant(self, value: Value | None) -> object:
        """The Python constant that a value is, or the value itself."""
        return value.value if isinstance(value, Const) else value
