"""What a `get_config` method returns: its keys, whether the base's config is among them, what is unsure."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from kerasast.flow.methods import MethodFacts, is_super_call
from kerasast.walking import walk


@dataclass(frozen=True, slots=True)
class Config:
    """A dict that is being put together.

    `keys` are the constant keys with the expressions of their values. `inherits` is true when it holds what
    `super().get_config()` returned. `complete` is false when it may hold keys that are not known. `removed`
    are keys taken out of it. `unsure` are keys of a loop, which may leave some out.
    """

    keys: dict[str, ast.expr] = field(default_factory=dict)
    inherits: bool = False
    complete: bool = True
    removed: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()

    def merged(self, other: Config) -> Config:
        """This dict updated by another."""
        return Config(
            {**self.keys, **other.keys},
            self.inherits or other.inherits,
            self.complete and other.complete,
            (self.removed | other.removed) - other.keys.keys(),
            self.unsure | other.unsure,
        )

    def with_key(self, key: str, value: ast.expr) -> Config:
        keys = {**self.keys, key: value}
        return Config(keys, self.inherits, self.complete, self.removed - {key}, self.unsure)

    def without(self, key: str) -> Config:
        keys = {name: value for name, value in self.keys.items() if name != key}
        return Config(keys, self.inherits, self.complete, self.removed | {key}, self.unsure)


_OPAQUE = Config(complete=False)
_COPIES = frozenset({"copy", "deepcopy", "dict", "OrderedDict", "list"})


def read_config(method: MethodFacts) -> Config | None:
    """The config that a `get_config` method returns; `None` if it returns nothing or is abstract.

    Several returns are joined: a key that any of them has counts as there.
    """
    if method.is_abstract:
        return None
    reader = _Reader(method)
    reader.block(method.node.body)
    return reader.result


class _Reader:
    """Follows the statements of a method in order; what is under a condition counts as done."""

    def __init__(self, method: MethodFacts) -> None:
        self.method = method
        self.names: dict[str, Config] = {}
        self.lists: dict[str, ast.expr] = {}
        self.strings: dict[str, str] = {}
        self.result: Config | None = None

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.For) and self.unrolled(statement):
                continue
            self.statement(statement)
            for part in ("body", "orelse", "finalbody"):
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.block(getattr(statement, part, []))

    def unrolled(self, node: ast.For) -> bool:
        """Follow a loop over strings that are written there: `for key in ("units", "rate"):`."""
        items = node.iter
        if isinstance(items, ast.Name):
            items = self.lists.get(items.id, items)
        if not isinstance(node.target, ast.Name) or not isinstance(items, ast.List | ast.Tuple | ast.Set):
            return False
        strings = [item.value for item in items.elts if isinstance(item, ast.Constant)]
        if len(strings) < len(items.elts):
            return False
        before = {name: config.keys.keys() for name, config in self.names.items()}
        for string in strings:
            self.strings[node.target.id] = str(string)
            self.block(node.body)
        for name, config in self.names.items():
            added = config.keys.keys() - before.get(name, set())
            self.names[name] = replace(config, unsure=config.unsure | added)
        self.strings.pop(node.target.id, None)
        self.block(node.orelse)
        return True

    def key_of(self, node: ast.expr | None) -> str | None:
        """The string that a key is, if that is known."""
        if isinstance(node, ast.Name):
            return self.strings.get(node.id)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List() | ast.Tuple() as value):
                self.lists[name] = value
                self.names[name] = self.dict_of(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.names[name] = self.dict_of(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                self.names[name] = self.dict_of(value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self.update(name, self.dict_of(value))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
                self.set_key(name, key, value)
            case ast.Delete(
                targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)))]
            ):
                if name in self.names:
                    self.names[name] = self.names[name].without(key)
            case ast.Expr(value=ast.Call() as call):
                self.call(call)
            case ast.Return(value=value):
                found = Config() if value is None else self.dict_of(value)
                self.result = found if self.result is None else self.result.merged(found)
            case ast.For(body=body):
                self.taint(*body)
            case ast.Assign():
                self.taint(node)
            case _:
                pass

    def taint(self, *nodes: ast.AST) -> None:
        """Code that is not followed may add any key to the dicts that it mentions."""
        for node in nodes:
            for inner in walk(node):
                if isinstance(inner, ast.Name) and inner.id in self.names:
                    self.update(inner.id, _OPAQUE)

    def update(self, name: str, other: Config) -> None:
        if name in self.names:
            self.names[name] = self.names[name].merged(other)

    def set_key(self, name: str, key: ast.expr, value: ast.expr) -> None:
        if name not in self.names:
            return
        known = self.key_of(key)
        if known is None:
            self.update(name, _OPAQUE)
        else:
            self.names[name] = self.names[name].with_key(known, value)

    def call(self, node: ast.Call) -> None:
        """A call whose value is not used: `config.update(…)`, or something that may change a dict."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update")) if name in self.names:
                self.update(name, self.constructed(node))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="pop"),
                args=[ast.Constant(value=str(key)), *_],
            ) if name in self.names:
                self.names[name] = self.names[name].without(key)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="setdefault"),
                args=[ast.Constant(value=str(key)), value],
            ) if name in self.names:
                self.names[name] = self.names[name].with_key(key, value)
            case _:
                self.taint(node)

    def dict_of(self, node: ast.expr) -> Config:
        """What is known of an expression that should be a dict, or a list of its items."""
        match node:
            case ast.Dict():
                return self.literal(node)
            case ast.Name(id=name):
                return self.names.get(name, _OPAQUE)
            case ast.BinOp(left=left, op=ast.BitOr() | ast.Add(), right=right):
                return self.dict_of(left).merged(self.dict_of(right))
            case ast.IfExp(body=body, orelse=orelse):
                return self.dict_of(body).merged(self.dict_of(orelse))
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return self.items(elements)
            case ast.Call():
                return self.called(node)
        return _OPAQUE

    def literal(self, node: ast.Dict) -> Config:
        found = Config()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found = found.merged(self.dict_of(value))
                continue
            known = self.key_of(key)
            found = found.merged(_OPAQUE) if known is None else found.with_key(known, value)
        return found

    def items(self, elements: list[ast.expr]) -> Config:
        """A list of pairs, `[("units", self.units)]`, or of unpacked items, `[*config.items()]`."""
        found = Config()
        for element in elements:
            match element:
                case ast.Tuple(elts=[ast.Constant(value=str(key)), value]):
                    found = found.with_key(key, value)
                case ast.Starred(value=value):
                    found = found.merged(self.dict_of(value))
                case _:
                    found = found.merged(_OPAQUE)
        return found

    def called(self, node: ast.Call) -> Config:
        if is_super_call(node, "get_config", self.method):
            return Config(inherits=True)
        match node.func:
            case ast.Attribute(value=value, attr="copy" | "items") if not node.args:
                return self.dict_of(value)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _COPIES:
                return self.constructed(node)
        return _OPAQUE

    def constructed(self, node: ast.Call) -> Config:
        """`dict(other, key=value)`, and the same arguments given to `update`."""
        found = Config()
        for argument in node.args:
            found = found.merged(self.dict_of(argument))
        for keyword in node.keywords:
            if keyword.arg is None:
                found = found.merged(self.dict_of(keyword.value))
            else:
                found = found.with_key(keyword.arg, keyword.value)
        return found
