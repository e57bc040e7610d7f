"""Where a class comes from: its project ancestors, its Keras ancestors, and whether these are all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.values import ApiValue, ClassValue, External, FunctionValue, Value
from kerasast.index.bindings import ClassInfo
from kerasast.index.project import never
from kerasast.keras_api import ancestors, is_other_keras, lookup
from kerasast.walking import walk

if TYPE_CHECKING:
    from kerasast.index.project import ProjectIndex
    from kerasast.versions import KerasVersion

_HARMLESS = frozenset(
    {
        "abc.ABC",
        "abc.ABCMeta",
        "builtins.object",
        "collections.abc.Callable",
        "collections.abc.Hashable",
        "enum.Enum",
        "tensorflow.Module",
        "typing.Generic",
        "typing.Protocol",
        "typing_extensions.Generic",
        "typing_extensions.Protocol",
    }
)
"""Classes outside the project that add nothing which a rule asks about."""

_T = TypeVar("_T")

_MAX_DEPTH = 32
"""Longer chains of base classes than this are cut off; real ones have fewer than ten."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The ancestors of one class.

    `classes` are the class itself and its project ancestors in approximate method resolution order. `apis`
    are the canonical names of all its Keras ancestors, nearest first. `complete` is false when there may be
    more: a base is unknown, or comes from a package that cannot be looked into.
    """

    classes: tuple[ClassValue, ...]
    apis: tuple[str, ...]
    complete: bool

    def derives(self, *names: str) -> bool:
        """Whether one of these canonical Keras names is an ancestor."""
        return any(name in self.apis for name in names)

    def method(self, name: str) -> FunctionValue | None:
        """The nearest definition of a method in the project, also one under `if` in the class body."""
        for cls in self.classes:
            found = class_bindings(cls.node).get(name)
            if found is not None:
                if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
                    return FunctionValue(found, cls.scope, cls)
                return None
        return None

    def defines(self, name: str) -> bool:
        """Whether a project class of the ancestry binds `name` in its body, in whatever way."""
        return any(name in class_bindings(cls.node) for cls in self.classes)


@kept_on_node
def class_bindings(node: ast.ClassDef) -> dict[str, ast.stmt]:
    """What a class body binds, each name with the last statement that binds it, also under `if` and `try`."""
    found: dict[str, ast.stmt] = {}
    for statement in _statements(node.body):
        for name in _bound_names(statement):
            if not _wraps(statement, name):
                found[name] = statement
    return found


def _wraps(statement: ast.stmt, name: str) -> bool:
    """Whether it is `name = wrapper(name)`, after which `name` still does what it did, and is called as it was."""
    match statement:
        case ast.Assign(value=ast.Call(func=func, args=arguments)):
            is_other_kind = isinstance(func, ast.Name) and func.id in (
                "classmethod",
                "staticmethod",
                "property",
            )
            return not is_other_kind and any(
                isinstance(item, ast.Name) and item.id == name for item in arguments
            )
    return False


def accessor(lineage: Ancestry, name: str, decorators: frozenset[str]) -> FunctionValue | None:
    """The nearest method called `name` under one of `decorators`: by their last part, or dotted as written.

    It is looked for in the nearest class that binds the name, where a property has several methods of that name.
    """
    for cls in lineage.classes:
        if name in class_bindings(cls.node):
            for written, method in _decorated_methods(cls.node).get(name, ()):
                if written & decorators:
                    return FunctionValue(method, cls.scope, cls)
            return None
    return None


@kept_on_node
def _decorated_methods(node: ast.ClassDef) -> dict[str, list[tuple[frozenset[str], ast.FunctionDef]]]:
    """The methods of a class that have decorators, with these: dotted as written, and their last parts."""
    found: dict[str, list[tuple[frozenset[str], ast.FunctionDef]]] = {}
    for statement in _statements(node.body):
        if isinstance(statement, ast.FunctionDef) and statement.decorator_list:
            written = [ast.unparse(item) for item in statement.decorator_list]
            names = frozenset([*written, *(text.rpartition(".")[2] for text in written)])
            found.setdefault(statement.name, []).append((names, statement))
    return found


def is_overridden(cls: ClassValue | None, name: str, project: ProjectIndex) -> bool:
    """Whether some class of the project that derives from `cls` has its own `name`. Classes are told by name."""
    if cls is None:
        return False
    children = project.once("children", lambda: _children(project), never)
    pending, seen = [cls.name], {cls.name}
    while pending:
        for child in children.get(pending.pop(), ()):
            if name in child.attributes or any(method.name == name for method in child.methods):
                return True
            if child.name not in seen:
                seen.add(child.name)
                pending.append(child.name)
    return False


def _children(project: ProjectIndex) -> dict[str, list[ClassInfo]]:
    """The classes of a project by the names of their bases."""
    found: dict[str, list[ClassInfo]] = {}
    for index in project.modules.values():
        for bindings in index.bindings.values():
            for binding in bindings:
                if isinstance(binding, ClassInfo):
                    for base in binding.bases:
                        found.setdefault((base or "").rpartition(".")[2], []).append(binding)
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                for node in walk(target):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        yield node.id
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name.partition(".")[0]


def ancestry(cls: ClassValue, version: KerasVersion) -> Ancestry:
    """The ancestry of a project class under a Keras version. Computed once for each class."""
    cache: dict[tuple[ast.ClassDef, KerasVersion], Ancestry]
    cache = cls.scope.module.__dict__.setdefault("_ancestries", {})
    key = (cls.node, version)
    if key not in cache:
        walk = _Walk(version)
        walk.visit(cls, 0)
        cache[key] = Ancestry(_unique(walk.classes), _unique(walk.apis), walk.complete)
    return cache[key]


class _Walk:
    """A depth-first walk over bases, which for all but diamond hierarchies is the method resolution order."""

    def __init__(self, version: KerasVersion) -> None:
        self.version = version
        self.classes: list[ClassValue] = []
        self.apis: list[str] = []
        self.complete = True
        self._path: list[ClassValue] = []

    def visit(self, cls: ClassValue, depth: int) -> None:
        if depth > _MAX_DEPTH or cls in self._path:
            self.complete = False
            return
        self.classes.append(cls)
        self._path.append(cls)
        for base in cls.bases:
            self._visit_base(base, depth)
        self._path.pop()

    def _visit_base(self, base: Value, depth: int) -> None:
        match base:
            case ClassValue():
                self.visit(base, depth + 1)
            case ApiValue(api) if is_other_keras(api, self.version):
                self.complete = False
            case ApiValue(api):
                self._add_api(api.name)
            case External(name):
                self._visit_external(name)
            case _:
                self.complete = False

    def _visit_external(self, name: str) -> None:
        if name in _HARMLESS:
            return
        from kerasast.index.third_party import ancestry as third_party_ancestry

        # Its methods cannot be seen, even where its Keras ancestors are known.
        self.complete = False
        for ancestor in third_party_ancestry(name) or ():
            if ancestor.startswith("keras."):
                self._add_api(ancestor)

    def _add_api(self, name: str) -> None:
        self.apis.append(name)
        self.apis.extend(ancestors(name, self.version))
        if lookup(name, self.version) is None:
            self.complete = False  # A private class, or one that this release does not have.


def _unique(items: list[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
