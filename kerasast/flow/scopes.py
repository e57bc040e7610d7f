"""Scopes: what names mean, in the file under analysis and in the project's other modules."""

from __future__ import annotations

import ast
import builtins
import re
from functools import cached_property
from typing import TYPE_CHECKING

from kerasast.flow.constants import computed_constant
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    ClassValue,
    Const,
    External,
    FunctionValue,
    ModuleValue,
    TupleValue,
    Value,
)
from kerasast.index.project import (
    ApiSymbol,
    ClassSymbol,
    ComputedSymbol,
    ExternalSymbol,
    FunctionSymbol,
    LiteralSymbol,
    ModuleSymbol,
    ProjectIndex,
    Symbol,
)
from kerasast.walking import children

if TYPE_CHECKING:
    from kerasast.source import SourceFile

_BUILTINS = frozenset(dir(builtins))

_ASSIGNED = re.compile(r"\.(?=(\w+))\1\s*(?::[^=\n]+)?(?:[-+*/%|&^@]|//|\*\*|<<|>>)?=(?!=)")


class Scope:
    """The names of one function, lambda, class body or module. `names` changes while the interpreter walks."""

    def __init__(self, module: ModuleScope | None, parent: Scope | None) -> None:
        self._module = module
        self.parent = parent
        self.names: dict[str, Value] = {}
        self.globals: frozenset[str] = frozenset()
        self.nonlocals: frozenset[str] = frozenset()
        self.is_comprehension = False

    @property
    def module(self) -> ModuleScope:
        assert self._module is not None
        return self._module

    def lookup(self, name: str) -> Value | None:
        """The value of a name seen from here; `None` if no scope binds it."""
        if name in self.globals:
            return self.module.lookup(name)
        value = self.names.get(name)
        if value is not None:
            return value
        return self.parent.lookup(name) if self.parent is not None else None

    def home(self, name: str) -> Scope:
        """The scope in which an assignment to `name` here binds it."""
        if name in self.globals:
            return self.module
        if name in self.nonlocals:
            scope = self.parent
            while scope is not None and scope is not self.module:
                if name in scope.names:
                    return scope
                scope = scope.parent
        return self


class ModuleScope(Scope):
    """The top level of a module. Names that the walk did not bind are taken from the project's index."""

    def __init__(self, name: str, source: SourceFile, project: ProjectIndex) -> None:
        super().__init__(None, None)
        self.name = name
        self.source = source
        self.project = project
        self._classes: dict[ast.ClassDef, Value] = {}
        self.sources: set[str] = set()
        """Modules that its names and classes come from."""

    @property
    def module(self) -> ModuleScope:
        return self

    def lookup(self, name: str) -> Value | None:
        value = self.names.get(name)
        if value is None:
            symbol = self.project.resolve(self.name, name)
            if isinstance(symbol, ComputedSymbol) and symbol.module == self.name:
                value = computed_constant(self, name)
                return None if value == UNKNOWN else value
            if symbol is not None:
                value = self.names[name] = symbol_value(symbol, self.project)
                if isinstance(symbol, ClassSymbol | FunctionSymbol | ComputedSymbol):
                    self.sources.add(symbol.module)
            elif name in _BUILTINS and not self.project.binds(self.name, name):
                return External(f"builtins.{name}")
        return value

    def class_of(self, node: ast.ClassDef) -> Value:
        """The class that a statement at the top level defines; unknown while its own bases are looked up."""
        if node not in self._classes:
            self._classes[node] = UNKNOWN
            self._classes[node] = make_class(node, self)
        return self._classes[node]

    @cached_property
    def shares_names(self) -> bool:
        """Whether functions here may bind names of the scopes around them."""
        return "global " in self.source.code or "nonlocal " in self.source.code

    @cached_property
    def assigned_attributes(self) -> frozenset[str]:
        """The names of attributes that code of the module assigns, of whatever object."""
        return frozenset(_ASSIGNED.findall(self.source.code))

    @cached_property
    def has_generators(self) -> bool:
        """Whether a function here may be a generator."""
        return "yield" in self.source.code

    @cached_property
    def definitions(self) -> dict[tuple[str, int], ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
        """The module's top-level classes and functions by name and 1-based line, also under `if` and `try`."""
        tree = self.project.tree(self.name)
        found = {}
        stack: list[ast.AST] = [tree] if tree is not None else []
        while stack:
            node = stack.pop()
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name, node.lineno] = node
            elif isinstance(node, ast.stmt | ast.Module | ast.ExceptHandler):
                stack.extend(children(node))
        return found


def _leads_to(key: str, scope: ModuleScope | None, module: str) -> bool:
    """Whether the scope of a module knows code of another."""
    if key == module or scope is None or module in scope.sources:
        return True
    return any(_derives_from(value, module) for value in scope.names.values())


def _derives_from(value: Value, module: str) -> bool:
    match value:
        case ClassValue(scope=scope, bases=bases):
            return scope.module.name == module or any(_derives_from(base, module) for base in bases)
    return False


def module_scope(project: ProjectIndex, module: str) -> ModuleScope | None:
    """The scope of another module of the project (one for each, kept with the project)."""
    scopes: dict[str, ModuleScope | None] = project.memo("module scopes", _leads_to)
    if module not in scopes:
        source = project.source(module)
        scopes[module] = None if source is None else ModuleScope(module, source, project)
    return scopes[module]


def symbol_value(symbol: Symbol, project: ProjectIndex) -> Value:
    """The value of a name that the index resolved."""
    match symbol:
        case ApiSymbol(api):
            return ApiValue(api)
        case ExternalSymbol(name):
            return External(name)
        case ModuleSymbol(module):
            return ModuleValue(module)
        case LiteralSymbol(value):
            return literal_value(value)
        case ComputedSymbol(module, name):
            scope = module_scope(project, module)
            return UNKNOWN if scope is None else computed_constant(scope, name)
        case ClassSymbol(module, info) | FunctionSymbol(module, info):
            scope = module_scope(project, module)
            node = None if scope is None else scope.definitions.get((info.name, info.line))
            if scope is None or node is None:
                return UNKNOWN
            if isinstance(node, ast.ClassDef):
                return scope.class_of(node)
            return UNKNOWN if _is_wrapped(symbol, project) else FunctionValue(node, scope)
    return UNKNOWN


def _is_wrapped(symbol: Symbol, project: ProjectIndex) -> bool:
    """Whether a decorator of the project, which may do anything around the function, is applied to it."""
    return isinstance(symbol, FunctionSymbol) and any(
        isinstance(project.resolve(symbol.module, name), FunctionSymbol | ClassSymbol)
        for name in symbol.info.decorators
    )


def literal_value(value: object) -> Value:
    """The value of a module-level literal; containers other than tuples are not followed."""
    if isinstance(value, tuple):
        return TupleValue(tuple(literal_value(item) for item in value))
    if isinstance(value, list | dict | set):
        return UNKNOWN
    return Const(value)


def make_class(node: ast.ClassDef, scope: Scope) -> ClassValue:
    """A class with its bases and decorators evaluated as dotted names in `scope`."""
    bases = tuple(static_value(base, scope) for base in node.bases)
    decorators = tuple(static_value(item, scope) for item in node.decorator_list)
    return ClassValue(node, scope, bases, decorators)


def static_value(node: ast.expr, scope: Scope) -> Value:
    """The value of a dotted name, without following the program. A call stands for its function, unless unknown.

    `@keras.saving.register_keras_serializable(package="p")` gives the function's `ApiValue`.
    """
    match node:
        case ast.Name(id=name):
            return scope.lookup(name) or UNKNOWN
        case ast.Attribute(value=value, attr=attr):
            owner = static_value(value, scope)
            if isinstance(owner, ModuleValue):
                scope.module.sources.add(owner.name)
            return attribute_of(owner, attr, scope.module.project)
        case ast.Call(func=func):
            return static_value(func, scope)
        case ast.Subscript(value=value):  # Generic[T]
            return static_value(value, scope)
        case ast.Constant(value=value):
            return Const(value)
    return UNKNOWN


def attribute_of(value: Value, attr: str, project: ProjectIndex) -> Value:
    """The attribute of a module or class known by name; `UNKNOWN` for anything else."""
    match value:
        case ApiValue(api):
            symbol = project.resolve_absolute(f"{api.dotted}.{attr}")
        case External(name):
            symbol = project.resolve_absolute(f"{name}.{attr}")
        case ModuleValue(name):
            symbol = project.resolve(name, attr) or project.resolve_absolute(f"{name}.{attr}")
        case _:
            return UNKNOWN
    return UNKNOWN if symbol is None else symbol_value(symbol, project)
