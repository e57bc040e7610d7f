"""The interpreter with a witness: what happens to every object, and where, in the order of execution.

Rules are told of what happens in the file that is checked. The story of one object also goes through the functions of
other modules, so nothing is answered here from what an earlier call gave: every call is followed, and every step noted
where it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasast.diagnostics import Step
from kerasast.flow import statements
from kerasast.flow.events import AttributeSet, Event, ModelCall
from kerasast.flow.interpreter import Interpreter, deep_recursion
from kerasast.flow.parameters import parameters
from kerasast.flow.scopes import ModuleScope, Scope
from kerasast.flow.values import ClassValue, Kind, ObjectId, ObjectState, Ref, Value
from kerasast.flow.world import World
from kerasast.index.project import ProjectIndex
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion
from kerasast.walking import walk

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a statement that does not run exactly once: the body of a loop, one side of an `if`."""

    statement: ast.stmt
    block: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happens: the innermost call or statement, its file, and what it depends on.

    `section` is the function that is walked on its own, because no call of it is seen; `None` for what runs when the
    module does. `branches` are outermost first, also those of the calls that led here. `function` is the one that
    this is in.
    """

    source: SourceFile
    node: ast.AST
    section: Definition | None = None
    branches: tuple[Branch, ...] = ()
    function: Definition | ast.Lambda | None = None


@dataclass(frozen=True, slots=True)
class Born:
    """An object came to be."""

    place: Place
    target: ObjectId


@dataclass(frozen=True, slots=True)
class Called:
    """A method of a model or layer was called."""

    place: Place
    event: ModelCall


@dataclass(frozen=True, slots=True)
class Flagged:
    """`trainable` of an object was assigned."""

    place: Place
    event: AttributeSet


@dataclass(frozen=True, slots=True)
class Told:
    """The interpreter added a step to the story of an object, which is in `state` then."""

    place: Place
    target: ObjectId
    step: Step
    state: ObjectState


@dataclass(frozen=True, slots=True)
class Lost:
    """An object reached code that is not followed."""

    place: Place
    target: ObjectId


@dataclass(frozen=True, slots=True)
class Met:
    """Two paths met on which a name meant different objects: `into` stands for either."""

    place: Place
    left: ObjectId
    right: ObjectId
    into: ObjectId


@dataclass(frozen=True, slots=True)
class Seen:
    """An expression, a parameter or a target that is watched had a value."""

    place: Place
    value: Value


@dataclass(frozen=True, slots=True)
class Returned:
    """A function that is walked on its own returned a value."""

    place: Place
    value: Value


Record = Born | Called | Flagged | Told | Lost | Met | Seen | Returned


@dataclass(frozen=True, slots=True)
class Narration:
    """What happened, in order, and how the objects were in the end of the code that made them."""

    records: tuple[Record, ...]
    states: dict[ObjectId, ObjectState]


def narrate(
    source: SourceFile,
    tree: ast.Module,
    module: str,
    project: ProjectIndex,
    version: KerasVersion,
    watched: Collection[ast.AST],
) -> Narration:
    """Follow a file, and everything it calls in the project; `watched` are the nodes whose values are wanted.

    Besides expressions these may be parameters, and names that a statement binds.
    """
    narrator = Narrator(source, ModuleScope(module, source, project), project, version, watched)
    with deep_recursion():
        narrator.walk(tree, None)
    narrator.world.archive()
    return Narration(tuple(narrator.log.records), narrator.states)


class _Log:
    """The listener: a list that can be cut."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def hears(self, event: type[Event], name: str) -> bool:
        return True

    audience = "everything"

    def awaits(self, name: str) -> bool:
        return True

    def emit(self, event: Event) -> None:
        """Events are noted by the narrator, which knows where it is."""

    def enter(self, statement: int) -> None:
        """It knows that too."""

    def mark(self) -> int:
        return len(self.records)

    def take_back(self, mark: int) -> None:
        del self.records[mark:]


class _World(World):
    """A world that tells the narrator what becomes of its objects."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__()
        self._narrator = narrator

    def create(self, state: ObjectState) -> Ref:
        ref = super().create(state)
        if state.kind.has_weights:
            self._narrator.note(Born(self._narrator.place(), ref.id))
            self._narrator.note_change(ref.id, state.evolve(trace=()), state)
        return ref

    def put(self, target: ObjectId, state: ObjectState) -> None:
        before = self.states.get(target)
        super().put(target, state)
        if before is not None and state.kind.has_weights:
            self._narrator.note_change(target, before, state)

    def note_meeting(self, left: ObjectId, right: ObjectId, into: ObjectId) -> None:
        self._narrator.note_meeting(left, right, into)

    def archive(self) -> None:
        for target, state in self.states.items():
            self._narrator.states.setdefault(target, state)
        super().archive()


class Narrator(Interpreter):
    """An interpreter that notes everything."""

    recalls = False

    def __init__(
        self,
        source: SourceFile,
        scope: ModuleScope,
        project: ProjectIndex,
        version: KerasVersion,
        watched: Collection[ast.AST],
    ) -> None:
        self.log = _Log()
        super().__init__(source, scope, project, version, self.log, frozenset({ModelCall, AttributeSet}))
        self.world: World = _World(self)
        self.states: dict[ObjectId, ObjectState] = {}
        self._expressions = {node for node in watched if isinstance(node, ast.expr)}
        self._names = [node for node in watched if isinstance(node, ast.arg) or _is_bound(node)]
        self._at: tuple[SourceFile, ast.AST] | None = None
        self._section: Definition | None = None
        self._statements: list[tuple[ast.stmt, int]] = []
        self._branches: tuple[Branch, ...] = ()

    # What is noted.

    def note(self, record: Record) -> None:
        """Add to the log."""
        self.log.records.append(record)

    def place(self, node: ast.AST | None = None) -> Place:
        """Where the walk is; `node` is what it is at, if that is known better."""
        source, at = self._at or (self.frame.source, None)
        if node is not None and hasattr(node, "lineno"):
            source, at = self.frame.source, node
        function = None if self.frame.function is None else self.frame.function.node
        section = None if self.muted else self._section  # silent is what makes the `self` of the methods
        return Place(source, at or ast.Module([], []), section, self._branches, function)

    def note_change(self, target: ObjectId, before: ObjectState, after: ObjectState) -> None:
        """An object has got another state."""
        if after.trace is not before.trace:
            for step in after.trace:
                if step not in before.trace:
                    self.note(Told(self.place(), target, step, after))
        if after.escaped and not before.escaped and self._at is not None:
            self.note(Lost(self.place(), target))

    def note_meeting(self, left: ObjectId, right: ObjectId, into: ObjectId) -> None:
        """What stands for either of two objects is none that came to be here, and has no story of its own yet."""
        records = self.log.records
        indices = range(len(records) - 1, -1, -1)
        found = (index for index in indices if _is_birth(records[index], into))
        born = next(found, len(records))
        records[born:] = [
            record
            for record in records[born:]
            if not isinstance(record, Born | Told) or record.target != into
        ]
        self.note(Met(self.place(), left, right, into))

    def emit(self, event: Event) -> None:
        super().emit(event)
        if isinstance(event, ModelCall):
            self.note(Called(self.place(event.node), event))
        elif isinstance(event, AttributeSet) and event.attribute == "trainable":
            self.note(Flagged(self.place(event.node), event))

    def anchor(self, node: ast.AST) -> ast.AST:
        return node

    def visible(self, targets: Iterable[ObjectId]) -> bool:
        return True

    # Where the walk is.

    def evaluate(self, node: ast.expr) -> Value:
        before = self._at
        if isinstance(node, ast.Call):
            self._at = self.frame.source, node
        value = super().evaluate(node)
        self._at = before
        if node in self._expressions:
            self.note(Seen(self.place(node), value))
        return value

    def run_block(self, statements_: Sequence[ast.stmt]) -> None:
        before = self._at, self._branches
        if statements_:
            self._branches += self._entered(statements_[0])
            self._look_at_names(statements_[0])
        for statement in statements_:
            if not self.alive:
                break
            self._at = self.frame.source, statement
            self._statements.append((statement, self.frame.conditional))
            statements.run_block(self, [statement])
            self._statements.pop()
            self._look_at_bound(statement)
        self._at, self._branches = before

    def _entered(self, first: ast.stmt) -> tuple[Branch, ...]:
        """The branch of the statement around that begins with `first`, if it is one that may not run."""
        if not self._statements:
            return ()
        around, conditional = self._statements[-1]
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            for item in getattr(around, name, ()):
                if item is first or (name in ("handlers", "cases") and item.body[0] is first):
                    loops = isinstance(around, ast.For | ast.AsyncFor | ast.While) and name == "body"
                    depends = self.frame.conditional > conditional and not (
                        isinstance(around, ast.Try) and name != "handlers"
                    )
                    return (Branch(around, name),) if loops or depends else ()
        return ()

    def _look_at_names(self, first: ast.stmt) -> None:
        """Note what parameters, and the targets of `for` and `with`, are when the block begins that sees them."""
        function = self.frame.function
        inside = function is not None and _begins(function.node, first)
        around = self._statements[-1][0] if self._statements else None
        for node in self._names:
            if isinstance(node, ast.arg):
                if inside and function is not None and node in parameters(function):
                    self._note_name(node, node.arg)
            elif isinstance(around, ast.For | ast.AsyncFor | ast.With | ast.AsyncWith) and _begins(
                around, first
            ):
                self._note_if_in(node, around)

    def _look_at_bound(self, statement: ast.stmt) -> None:
        """Note what the names are that an assignment has bound."""
        if self._names and isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr):
            for node in self._names:
                self._note_if_in(node, statement)

    def _note_if_in(self, node: ast.AST, statement: ast.stmt) -> None:
        if not isinstance(node, ast.Name) or not statement.lineno <= node.lineno <= (
            statement.end_lineno or 0
        ):
            return
        if any(part is node for part in walk(statement)):
            self._note_name(node, node.id)

    def _note_name(self, node: ast.AST, name: str) -> None:
        value = self.frame.scope.home(name).names.get(name)
        if value is not None:
            self.note(Seen(self.place(node), value))

    def _walk_alone(self, node: Definition, scope: Scope, owner: ClassValue | None) -> Value | None:
        self._section, self._at = node, None
        value = super()._walk_alone(node, scope, owner)
        if value is not None:
            self.note(Returned(self.place(node), value))
        self._section = None
        return value


def _is_birth(record: Record, target: ObjectId) -> bool:
    return isinstance(record, Born) and record.target == target


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _begins(around: Any, first: ast.stmt) -> bool:
    body = getattr(around, "body", None)
    return isinstance(body, list) and body[0] is first


__all__ = [
    "Born",
    "Branch",
    "Called",
    "Flagged",
    "Kind",
    "Lost",
    "Met",
    "Narration",
    "Place",
    "Record",
    "Returned",
    "Seen",
    "Told",
    "narrate",
]
