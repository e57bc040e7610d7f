"""What one method does with `self`: the attributes that it sets and reads, and every call that it makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from kerasast.flow.scopes import static_value
from kerasast.flow.values import UNKNOWN, ClassValue, Value
from kerasast.walking import children, walk

MethodNode = ast.FunctionDef | ast.AsyncFunctionDef

_OBSERVERS = frozenset(
    {"dir", "getattr", "hasattr", "id", "isinstance", "issubclass", "print", "repr", "str", "super", "type"}
)
"""Built-in functions that look at `self` without changing it."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Why code may not run: the tests around it, and whether a `try`, loop or nested function is around."""

    tests: tuple[ast.expr, ...] = ()
    tried: bool = False
    looped: bool = False
    nested: bool = False

    @property
    def conditional(self) -> bool:
        return bool(self.tests) or self.tried or self.nested


@dataclass(frozen=True, slots=True)
class SelfStore:
    """`self.attr = value`. `value` is `None` where it is not a plain expression (unpacking, `for`, `with`).

    `node` is the target, `augmented` is true for `self.attr += value`.
    """

    attr: str
    value: ast.expr | None
    node: ast.expr
    method: str
    guards: Guards
    augmented: bool = False


@dataclass(frozen=True, slots=True)
class SelfRead:
    """`self.attr` that is read."""

    attr: str
    node: ast.Attribute
    method: str
    guards: Guards


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in a method. `target` is what its function is by name.

    `path` is `("d", "build")` for `self.d.build(…)`; empty unless attributes alone lead there from `self`.
    """

    node: ast.Call
    target: Value
    path: tuple[str, ...]
    method: str
    guards: Guards

    @property
    def builds_another(self) -> bool:
        """Whether it is `layer.build(…)` of another object than `self`."""
        func = self.node.func
        if not isinstance(func, ast.Attribute) or func.attr != "build" or self.path == ("build",):
            return False
        return not is_super(func.value)


@dataclass(slots=True)
class MethodFacts:
    """One method of a class.

    `dynamic` is true where attributes are set in a way that is not followed: `setattr` with a computed name,
    `self.__dict__`, `vars(self)`. `passes_self` is true where `self` as a whole is given to other code.
    `probed` are the attributes that `hasattr` or `getattr` with a default asks for.
    """

    node: MethodNode
    owner: ClassValue
    self_name: str | None
    stores: list[SelfStore] = field(default_factory=list)
    reads: list[SelfRead] = field(default_factory=list)
    calls: list[CallSite] = field(default_factory=list)
    returns: list[ast.Return] = field(default_factory=list)
    probed: set[str] = field(default_factory=set)
    locals: frozenset[str] = frozenset()
    dynamic: bool = False
    passes_self: bool = False

    @property
    def name(self) -> str:
        return self.node.name

    def resolve(self, node: ast.expr) -> Value:
        """What a dotted name in this method means, unless a local name hides it."""
        root = node
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        if isinstance(root, ast.Name) and root.id in self.locals:
            return UNKNOWN
        return static_value(node, self.owner.scope)

    def self_calls(self, name: str) -> Iterator[CallSite]:
        """The calls `self.name(…)`."""
        return (call for call in self.calls if call.path == (name,))

    def super_calls(self, name: str) -> Iterator[CallSite]:
        """The calls of method `name` of a base class: `super().name(…)`, `Base.name(self, …)`."""
        return (call for call in self.calls if is_super_call(call.node, name, self))

    @property
    def is_abstract(self) -> bool:
        """Whether the body does nothing but raise, or the method is declared abstract."""
        body = [item for item in self.node.body if not _is_docstring(item)]
        if body and isinstance(body[0], ast.Raise):
            return True
        return any("abstract" in ast.unparse(item) for item in self.node.decorator_list)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_super(node: ast.expr) -> bool:
    """Whether an expression is `super()` or `super(A, self)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def is_super_call(node: ast.Call, name: str, method: MethodFacts) -> bool:
    """Whether a call is `super().name(…)` or `Base.name(self, …)`."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == name):
        return False
    if is_super(node.func.value):
        return True
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Name) and first.id == method.self_name


def method_facts(node: MethodNode, owner: ClassValue) -> MethodFacts:
    """Collect what a method of the class `owner` does."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list)
    facts = MethodFacts(node, owner, None if static or not arguments else arguments[0].arg)
    facts.locals = frozenset(_local_names(node))
    _Collector(facts).block(node.body, Guards())
    return facts


def _local_names(node: MethodNode) -> Iterator[str]:
    for inner in walk(node):
        match inner:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if inner is not node:
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield alias.asname or alias.name.partition(".")[0]


class _Collector:
    """One walk over a method's body that remembers under which conditions code runs."""

    def __init__(self, facts: MethodFacts) -> None:
        self.facts = facts

    def block(self, body: list[ast.stmt], guards: Guards) -> None:
        for statement in body:
            self.statement(statement, guards)
            if isinstance(statement, ast.If) and _leaves(statement.body):
                guards = _tested(guards, statement.test)

    def statement(self, node: ast.stmt, guards: Guards) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=orelse) | ast.While(test=test, body=body, orelse=orelse):
                self.expression(test, guards)
                self.block(body, _tested(guards, test))
                self.block(orelse, _tested(guards, test))
            case (
                ast.For(target=target, iter=source, body=body)
                | ast.AsyncFor(target=target, iter=source, body=body)
            ):
                self.expression(source, guards)
                self.target(target, None, guards)
                self.block(body, Guards(guards.tests, guards.tried, True, guards.nested))
                self.block(node.orelse, guards)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                tried = Guards(guards.tests, bool(handlers) or guards.tried, guards.looped, guards.nested)
                self.block(body, tried)
                for handler in handlers:
                    self.block(handler.body, tried)
                self.block(orelse, tried)
                self.block(final, guards)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self.expression(item.context_expr, guards)
                    if item.optional_vars is not None:
                        self.target(item.optional_vars, None, guards)
                self.block(body, guards)
            case ast.Match(subject=subject, cases=cases):
                self.expression(subject, guards)
                for case in cases:
                    self.block(case.body, _tested(guards, subject))
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                self.block(body, Guards(guards.tests, guards.tried, guards.looped, True))
            case ast.ClassDef():
                self.mentions_self(node)
            case _:
                self.simple(node, guards)

    def simple(self, node: ast.stmt, guards: Guards) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self.expression(value, guards)
                for target in targets:
                    self.target(target, value, guards)
            case ast.AnnAssign(target=target, value=annotated):
                if annotated is not None:
                    self.expression(annotated, guards)
                    self.target(target, annotated, guards)
            case ast.AugAssign(target=target, value=value):
                self.expression(value, guards)
                self.target(target, value, guards, augmented=True)
            case ast.Delete():
                pass
            case _:
                if isinstance(node, ast.Return) and not guards.nested:
                    self.facts.returns.append(node)
                for child in children(node):
                    if isinstance(child, ast.expr):
                        self.expression(child, guards)

    def target(
        self, target: ast.expr, value: ast.expr | None, guards: Guards, *, augmented: bool = False
    ) -> None:
        match target:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == self.facts.self_name:
                store = SelfStore(attr, value, target, self.facts.name, guards, augmented)
                self.facts.stores.append(store)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                if len(values) != len(elements):
                    values = []
                for index, element in enumerate(elements):
                    self.target(element, values[index] if values else None, guards)
            case ast.Starred(value=inner):
                self.target(inner, None, guards)
            case ast.Name():
                pass
            case _:
                self.expression(target, guards)

    def expression(self, node: ast.expr, guards: Guards) -> None:
        match node:
            case ast.Lambda(body=body):
                nested = Guards(guards.tests, guards.tried, guards.looped, True)
                self.expression(body, nested)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.expression(test, guards)
                self.expression(body, _tested(guards, test))
                self.expression(orelse, _tested(guards, test))
            case ast.BoolOp(values=[first, *rest]):
                self.expression(first, guards)
                for value in rest:
                    self.expression(value, _tested(guards, first))
            case ast.Call():
                self.call(node, guards)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == self.facts.self_name:
                self.facts.reads.append(SelfRead(attr, node, self.facts.name, guards))
                self.facts.dynamic |= attr == "__dict__"
            case ast.Name(id=name) if name == self.facts.self_name:
                self.facts.passes_self = True
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self.children(node, Guards(guards.tests, guards.tried, True, guards.nested))
            case _:
                self.children(node, guards)

    def children(self, node: ast.AST, guards: Guards) -> None:
        for child in children(node):
            if isinstance(child, ast.expr):
                self.expression(child, guards)
            elif isinstance(child, ast.comprehension):
                self.expression(child.iter, guards)
                for test in child.ifs:
                    self.expression(test, guards)
            elif isinstance(child, ast.keyword):
                self.expression(child.value, guards)

    def call(self, node: ast.Call, guards: Guards) -> None:
        facts = self.facts
        target = facts.resolve(node.func) if _is_dotted(node.func) else UNKNOWN
        facts.calls.append(CallSite(node, target, self_path(node.func, facts.self_name), facts.name, guards))
        arguments = node.args
        if self.is_about_self(node):
            self.builtin(node, guards)
            arguments = node.args[1:]
        elif isinstance(node.func, ast.Attribute) and is_super_call(node, node.func.attr, facts):
            arguments = node.args if is_super(node.func.value) else node.args[1:]
            if not is_super(node.func.value):
                self.children(node.func, guards)
        else:
            self.expression(node.func, guards)
        if isinstance(node.func, ast.Attribute) and is_super(node.func.value):
            self.dunder(node, node.func.attr)
        for argument in arguments:
            self.expression(argument, guards)
        for keyword in node.keywords:
            self.expression(keyword.value, guards)

    def is_about_self(self, node: ast.Call) -> bool:
        """Whether this is a built-in function of `self`: `hasattr(self, …)`, `super(A, self)`."""
        names = (*_OBSERVERS, "setattr", "delattr", "vars")
        if not (isinstance(node.func, ast.Name) and node.func.id in names):
            return False
        return any(isinstance(arg, ast.Name) and arg.id == self.facts.self_name for arg in node.args[:2])

    def builtin(self, node: ast.Call, guards: Guards) -> None:
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        name = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else None
        if function == "vars":
            self.facts.dynamic = True
        elif function in ("hasattr", "getattr"):
            if isinstance(name, str):
                self.facts.probed.add(name)
        elif function == "setattr":
            if isinstance(name, str) and len(node.args) > 2:
                store = SelfStore(name, node.args[2], node, self.facts.name, guards)
                self.facts.stores.append(store)
            else:
                self.facts.dynamic = True

    def dunder(self, node: ast.Call, name: str) -> None:
        """`super().__setattr__("x", value)` sets an attribute too."""
        if name == "__setattr__":
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and len(node.args) > 1:
                store = SelfStore(first.value, node.args[1], node, self.facts.name, Guards())
                self.facts.stores.append(store)
            else:
                self.facts.dynamic = True

    def mentions_self(self, node: ast.AST) -> None:
        for inner in walk(node):
            if isinstance(inner, ast.Name) and inner.id == self.facts.self_name:
                self.facts.passes_self = True


def _tested(guards: Guards, test: ast.expr) -> Guards:
    return Guards((*guards.tests, test), guards.tried, guards.looped, guards.nested)


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def self_path(node: ast.expr, self_name: str | None) -> tuple[str, ...]:
    """`("a", "b")` for `self.a.b`; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return tuple(reversed(parts)) if isinstance(node, ast.Name) and node.id == self_name else ()


def made_calls(value: ast.expr | None) -> Iterator[ast.Call]:
    """The calls whose results an expression is, or holds in a list, tuple, dict or comprehension."""
    match value:
        case ast.Call():
            yield value
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Dict(values=elements):
            for element in elements:
                yield from made_calls(element)
        case ast.ListComp(elt=element) | ast.DictComp(value=element):
            yield from made_calls(element)
