"""The pass over a module's statements that finds what it binds and imports.

Expressions are looked into only where a name is bound to one, and the bodies of functions only for the
imports, `global` names and `self.x = …` in them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kerasast.index.bindings import OPAQUE, Binding, ClassInfo, FunctionInfo, ImportBinding
from kerasast.index.delta import Bound, Delta, bind, join, weaken
from kerasast.index.expressions import bindings_of, dotted_name, import_target, string_items
from kerasast.walking import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Collector:
    """Walks statements in order and keeps what they do to the names of one scope, a module or a class body."""

    def __init__(self, package: str, module: Collector | None = None) -> None:
        """`module` is the collector of the module around a class body."""
        self.package = package
        self._module = module or self
        self.names: Delta = {}
        self.star_imports: list[ImportBinding] = []
        self.imports: set[str] = set()
        self.relative_imports: set[str] = set()
        self.exports: tuple[str, ...] | None = None
        self._exports_known = True
        if module is not None:
            self.imports, self.relative_imports = module.imports, module.relative_imports

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Let statements happen, one after the other."""
        for statement in statements:
            handler = _HANDLERS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def _arm(self, statements: Sequence[ast.stmt]) -> Delta:
        """What statements would do, without letting it happen."""
        kept, self.names = self.names, {}
        try:
            self.block(statements)
            return self.names
        finally:
            self.names = kept

    def _happen(self, delta: Delta) -> None:
        for name, bound in delta.items():
            bind(self.names, name, bound)

    def _bind(self, name: str, *bindings: Binding) -> None:
        bind(self.names, name, Bound(bindings))

    # imports

    def _note_import(self, target: str, relative: bool) -> None:
        self.imports.add(target)
        if relative:
            self.relative_imports.add(target)

    def _import(self, node: ast.Import) -> None:
        for name, binding in self._imported(node):
            self._bind(name, binding)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for name, binding in self._imported_from(node):
            if name != "*":
                self._bind(name, binding)
            elif isinstance(binding, ImportBinding):
                self.star_imports.append(binding)

    def _imported(self, node: ast.Import) -> Iterator[tuple[str, Binding]]:
        for alias in node.names:
            self._note_import(alias.name, False)
            if alias.asname is not None:
                yield alias.asname, ImportBinding(alias.name)
            else:
                head = alias.name.partition(".")[0]
                yield head, ImportBinding(head)

    def _imported_from(self, node: ast.ImportFrom) -> Iterator[tuple[str, Binding]]:
        base = import_target(node.module or "", node.level, self.package)
        if base is not None and base.target:
            self._note_import(base.target, base.relative)
        for alias in node.names:
            name = alias.asname or alias.name
            if base is None:
                yield name, OPAQUE
            elif name == "*":
                yield name, base
            else:
                target = f"{base.target}.{alias.name}" if base.target else alias.name
                self._note_import(target, base.relative)
                yield name, ImportBinding(target, base.relative)

    # assignments

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._bind_target(target, node.value)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind_target(node.target, node.value)

    def _aug_assign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            if node.target.id == "__all__":
                self._export_more(node.value)
            self._bind(node.target.id, OPAQUE)

    def _bind_target(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            if target.id == "__all__":
                self.exports = string_items(value)
                self._exports_known = self.exports is not None
            self._bind(target.id, *((OPAQUE,) if value is None else bindings_of(value, self.package)))
        elif isinstance(target, ast.Tuple | ast.List):
            for item, part in zip(target.elts, _parts(target, value), strict=True):
                self._bind_target(item, part)
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, None)

    def _export_more(self, value: ast.expr | None) -> None:
        more = string_items(value)
        if more is None or not self._exports_known:
            self.exports, self._exports_known = None, False
        else:
            self.exports = (self.exports or ()) + more

    def _expression(self, node: ast.Expr) -> None:
        """`__all__.append("x")` and `__all__.extend([…])` are the only expressions that matter."""
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr=attr), args=[arg]):
                if attr == "append":
                    self._export_more(ast.List(elts=[arg], ctx=ast.Load()))
                elif attr == "extend":
                    self._export_more(arg)
                else:
                    self.exports, self._exports_known = None, False

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id)

    # compound statements

    def _if(self, node: ast.If) -> None:
        test, first, second = node.test, node.body, node.orelse
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, first, second = test.operand, second, first
        if isinstance(test, ast.Constant):
            self.block(first if test.value else second)
            return
        if (dotted_name(test) or "").rpartition(".")[2] == "TYPE_CHECKING":
            # what the author tells the type checker is what the names mean; at run time they may be lazy
            body, orelse = self._arm(first), self._arm(second)
            self._happen({name: bound for name, bound in orelse.items() if name not in body})
            self._happen(body)
            return
        blocks = [first]
        while len(second) == 1 and isinstance(second[0], ast.If):  # `elif`, without a frame for each
            blocks.append(second[0].body)
            second = second[0].orelse
        blocks.append(second)
        arms = [self._arm(block) for block in blocks]
        staying = [arm for arm, block in zip(arms, blocks, strict=True) if not _leaves(block)]
        self._happen(join(staying or arms))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        kept, self.names = self.names, {}
        if not isinstance(node, ast.While):
            self._bind_target(node.target, None)
        self.block(node.body)
        delta, self.names = self.names, kept
        self._happen(weaken(delta))
        self.block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, None)
        self.block(node.body)

    def _try(self, node: ast.Try) -> None:
        body = self._arm(node.body)
        orelse = self._arm(node.orelse)
        success = dict(body)
        for name, bound in orelse.items():
            bind(success, name, bound)
        arms = [success]
        for handler in node.handlers:
            if _leaves(handler.body):
                continue
            failure = weaken(body)
            for name, bound in self._arm(handler.body).items():
                bind(failure, name, bound)
            arms.append(failure)
        self._happen(join(arms))
        self.block(node.finalbody)

    def _type_alias(self, node: Any) -> None:
        self._bind_target(node.name, None)

    def _match(self, node: ast.Match) -> None:
        arms: list[Delta] = [{}]
        for case in node.cases:
            kept, self.names = self.names, {}
            for pattern in walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self._bind(name, OPAQUE)
            self.block(case.body)
            arms.append(self.names)
            self.names = kept
        self._happen(join(arms))

    # definitions

    def _function(self, node: _Function) -> None:
        self._bind(node.name, FunctionInfo(node.name, node.lineno, _decorators(node)))
        self._scan(node.body)

    def _class(self, node: ast.ClassDef) -> None:
        inner = Collector(self.package, self._module)
        inner.block(node.body)
        methods: list[FunctionInfo] = []
        attributes = set(inner.names)
        for statement in _statements(node.body):
            if isinstance(statement, _Function):
                methods.append(FunctionInfo(statement.name, statement.lineno, _decorators(statement)))
                attributes.update(_self_attributes(statement))
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                attributes.add(statement.target.id)  # a field of a dataclass may have no value
        info = ClassInfo(
            name=node.name,
            line=node.lineno,
            bases=tuple(_base(base) for base in node.bases),
            decorators=_decorators(node),
            methods=tuple(methods),
            attributes=frozenset(attributes),
        )
        self._bind(node.name, info)

    def _scan(self, body: Sequence[ast.stmt]) -> None:
        """Note the imports in a function, and the module's names that it binds through `global`."""
        shared: set[str] = set()
        bound: list[tuple[str, Binding]] = []
        for statement in _statements(body, enter_definitions=True):
            kind = type(statement)
            if kind is ast.Import:
                bound.extend(self._imported(statement))
            elif kind is ast.ImportFrom:
                bound.extend(self._imported_from(statement))
            elif kind is ast.Global:
                shared.update(statement.names)
        if shared:
            self._bind_globals(body, shared, dict(bound))

    def _bind_globals(self, body: Sequence[ast.stmt], shared: set[str], imported: dict[str, Binding]) -> None:
        assigned = Collector(self.package)
        assigned.block(body)
        for name in sorted(shared & (assigned.names.keys() | imported.keys())):
            bind(self._module.names, name, Bound((imported.get(name, OPAQUE),), definite=False))


def _parts(target: ast.Tuple | ast.List, value: ast.expr | None) -> Sequence[ast.expr | None]:
    """The values of the items of an unpacking target, where they can be told."""
    if (
        isinstance(value, ast.Tuple | ast.List)
        and len(value.elts) == len(target.elts)
        and not any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
    ):
        return value.elts
    return [None] * len(target.elts)


def _decorators(node: _Function | ast.ClassDef) -> tuple[str, ...]:
    names = []
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.append(dotted_name(function) or "")
    return tuple(names)


def _base(node: ast.expr) -> str | None:
    return dotted_name(node.value if isinstance(node, ast.Subscript) else node)


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a block ends in `raise` or ends the program, so that nothing after it sees its names."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return dotted_name(last.value.func) in ("sys.exit", "exit", "quit", "os._exit")
    return isinstance(last, ast.Raise)


_BLOCKS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
    ast.Match: ("cases",),
    ast.match_case: ("body",),
}
_DEFINITIONS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("body",),
    ast.AsyncFunctionDef: ("body",),
    ast.ClassDef: ("body",),
}
if hasattr(ast, "TryStar"):  # Python 3.11
    _BLOCKS[ast.TryStar] = _BLOCKS[ast.Try]


def _statements(body: Iterable[ast.AST], *, enter_definitions: bool = False) -> Iterator[Any]:
    """All statements of a block in source order, also those under other statements."""
    stack = list(body)
    stack.reverse()
    while stack:
        node = stack.pop()
        yield node
        kind = type(node)
        fields = _BLOCKS.get(kind)
        if fields is None and enter_definitions:
            fields = _DEFINITIONS.get(kind)
        if fields is not None:
            for name in reversed(fields):
                stack.extend(reversed(getattr(node, name)))


def _self_attributes(method: _Function) -> Iterator[str]:
    """The names that a method assigns on its first parameter."""
    arguments = method.args.posonlyargs or method.args.args
    if not arguments:
        return
    first = arguments[0].arg
    for statement in _statements(method.body, enter_definitions=True):
        for target in _targets(statement):
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == first
            ):
                yield target.attr


def _targets(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions that a statement assigns to."""
    pending: list[ast.expr]
    if isinstance(statement, ast.Assign):
        pending = list(statement.targets)
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        pending = [statement.target]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        pending = [item.optional_vars for item in statement.items if item.optional_vars is not None]
    elif isinstance(statement, ast.Expr):
        pending = _set_attribute(statement.value)
    else:
        return
    while pending:
        target = pending.pop()
        if isinstance(target, ast.Tuple | ast.List):
            pending.extend(target.elts)
        elif isinstance(target, ast.Starred):
            pending.append(target.value)
        else:
            yield target


def _set_attribute(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="setattr"), args=[value, ast.Constant(value=str() as name), _]):
            return [ast.Attribute(value=value, attr=name, ctx=ast.Store())]
    return []


_HANDLERS: dict[type[ast.stmt], Callable[[Collector, Any], None]] = {
    ast.Import: Collector._import,
    ast.ImportFrom: Collector._import_from,
    ast.Assign: Collector._assign,
    ast.AnnAssign: Collector._ann_assign,
    ast.AugAssign: Collector._aug_assign,
    ast.Expr: Collector._expression,
    ast.Delete: Collector._delete,
    ast.If: Collector._if,
    ast.For: Collector._loop,
    ast.AsyncFor: Collector._loop,
    ast.While: Collector._loop,
    ast.With: Collector._with,
    ast.AsyncWith: Collector._with,
    ast.Try: Collector._try,
    ast.Match: Collector._match,
    ast.FunctionDef: Collector._function,
    ast.AsyncFunctionDef: Collector._function,
    ast.ClassDef: Collector._class,
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = Collector._try
if hasattr(ast, "TypeAlias"):  # Python 3.12
    _HANDLERS[ast.TypeAlias] = Collector._type_alias
