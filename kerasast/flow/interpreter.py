"""Walk one file and emit events: the module first, then every function and method on its own."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager

from kerasast.flow import calls as call_code
from kerasast.flow import expressions, statements
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import Arguments
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ClassDefined, Event, Listener
from kerasast.flow.facts import FileFacts
from kerasast.flow.interest import SIMPLE, Interest, blocks, interesting_functions
from kerasast.flow.leads import leads_anywhere
from kerasast.flow.machine import Machine
from kerasast.flow.scopes import ModuleScope, Scope, make_class
from kerasast.flow.values import UNKNOWN, ClassValue, Const, FunctionValue, Value
from kerasast.index.project import ProjectIndex
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

KERAS_BASES = (
    "keras.layers.Layer",
    "keras.Model",
    "keras.metrics.Metric",
    "keras.losses.Loss",
    "keras.callbacks.Callback",
    "keras.optimizers.Optimizer",
    "keras.optimizers.schedules.LearningRateSchedule",
    "keras.regularizers.Regularizer",
    "keras.initializers.Initializer",
    "keras.constraints.Constraint",
)
"""Classes whose subclasses `ClassDefined` is emitted for."""


def interpret(
    source: SourceFile,
    tree: ast.Module,
    module: str,
    project: ProjectIndex,
    version: KerasVersion,
    listener: Listener,
    wanted: frozenset[type[Event]],
    interests: Iterable[Interest] | None = None,
    only: Container[int] | None = None,
) -> FileFacts:
    """Follow Keras objects through `tree`, the parsed `source`, which is the project module named `module`.

    `interests` are what whoever listens waits for; a function that does nothing of it is not walked on its own. With
    `only`, nothing is that is not in one of these statements of the module, by their indexes.

    `listener` is told of every event of a type in `wanted`, while the world is as the event says. Returns what the
    file tells about the project. Pure, but for the listener: the same arguments give the same events.
    """
    scope = ModuleScope(module, source, project)
    interpreter = Interpreter(source, scope, project, version, listener, wanted)
    with deep_recursion():
        interpreter.walk(tree, interesting_functions(source, tree, interests), only)
    return FileFacts(tuple(interpreter.saves), tuple(interpreter.loads), tuple(interpreter.others))


ALONE = 1_500
"""Statements that are followed, in it and in what it calls, for a function that is walked on its own."""

_GLOBAL = re.compile(r"\bglobal[ \t]+([\w, \t]+)")

_RECURSION = 10_000 if sys.version_info >= (3, 11) else 2_500
"""Python's limit while a file is interpreted, which takes up to three calls for a level of its tree.

Since Python 3.11 calls of Python functions do not use the stack of the process.
"""


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Interpret with the limit that this needs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


_HANDLERS = expressions.HANDLERS


class Interpreter(Machine):
    """A machine whose parts are put together."""

    def evaluate(self, node: ast.expr) -> Value:
        return _HANDLERS[node.__class__](self, node)

    def run_block(self, statements_: Sequence[ast.stmt]) -> None:
        statements.run_block(self, statements_)

    def call(self, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
        return call_code.call(self, callee, arguments, node)

    def call_function(
        self, function: FunctionValue, arguments: Arguments, node: ast.AST, receiver: Value | None
    ) -> Value:
        return call_code.call_function(self, function, arguments, node, receiver=receiver)

    def walk(
        self, tree: ast.Module, interesting: set[ast.AST] | None, only: Container[int] | None = None
    ) -> None:
        """Walk the module, then the interesting functions in it (in `only` these statements) that nothing called."""
        self.budget = 20_000 + 400 * len(tree.body)
        self.is_running = True
        self.run_block(tree.body)
        self.is_running = False
        self.leads.clear()
        self.alive = True
        self._forget_globals()
        for index, statement in enumerate(tree.body):
            if only is None or index in only:
                self._listener.enter(index)
                self._walk_definitions(statement, interesting)

    def _walk_definitions(self, statement: ast.stmt, interesting: set[ast.AST] | None) -> None:
        for definition, scope, owner in _bodies([statement], self.module, None):
            if isinstance(definition, ast.ClassDef):
                self._define_class(definition, scope)
            elif interesting is None or (
                definition in interesting and leads_anywhere(self, self._function(definition, scope, owner))
            ):
                self._walk_alone(definition, scope, owner)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, owner: ClassValue | None
    ) -> FunctionValue:
        """The function that a definition has made, if it was walked; one like it otherwise."""
        defined = self.defined.get(node)
        return defined if isinstance(defined, FunctionValue) else FunctionValue(node, scope, owner)

    def _forget_globals(self) -> None:
        """Forget the constants that functions assign with `global`: other functions may run before or after."""
        if self.module.shares_names:
            names = self.module.names
            for listed in _GLOBAL.findall(self.source.code):
                for name in map(str.strip, listed.split(",")):
                    if isinstance(names.get(name), Const):
                        names[name] = UNKNOWN

    def _walk_alone(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, owner: ClassValue | None
    ) -> Value | None:
        """Walk a function as if anybody might call it, unless it was walked before; what it returns."""
        if node in self.inlined:
            return None
        function = self._function(node, scope, owner)
        self.world.archive()
        rest = self.budget - ALONE
        self.budget = min(self.budget, ALONE)
        policy = self.policy
        if node.lineno < self.policy_line:
            self.policy = None  # It may have run before the policy was set: the cells of a notebook do.
        result = call_code.enter_function(self, function)
        self.policy = policy
        self.budget += max(rest, 0)
        return result

    def _define_class(self, node: ast.ClassDef, scope: Scope) -> None:
        defined = self.defined.get(node)
        cls = defined if isinstance(defined, ClassValue) else _class_value(node, scope)
        if self.wants(ClassDefined) and ancestry(cls, self.version).derives(*KERAS_BASES):
            facts = class_facts(cls, self.version)
            self.emit(ClassDefined(node, cls, facts, self.world, tuple(self.saves), tuple(self.loads)))


def _class_value(node: ast.ClassDef, scope: Scope) -> ClassValue:
    bound = scope.names.get(node.name)
    if isinstance(bound, ClassValue) and bound.node is node:
        return bound
    return make_class(node, scope)


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(body: Sequence[ast.stmt]) -> Iterator[Definition]:
    """The functions and classes of a body, also under `if` and the like, but not those inside one another."""
    for statement in body:
        if isinstance(statement, Definition):
            yield statement
        elif statement.__class__ not in SIMPLE:
            for part in blocks(statement):
                yield from _definitions(part)


def _bodies(
    body: Sequence[ast.stmt], scope: Scope, owner: ClassValue | None
) -> Iterator[tuple[Definition, Scope, ClassValue | None]]:
    """Every class and function of a body, outer ones first, with the scope that it is defined in."""
    for statement in _definitions(body):
        if isinstance(statement, ast.ClassDef):
            yield statement, scope, owner
            yield from _bodies(statement.body, scope, _class_value(statement, scope))
        else:
            yield statement, scope, owner
            inner = Scope(scope.module, scope)
            yield from _bodies(statement.body, inner, None)
