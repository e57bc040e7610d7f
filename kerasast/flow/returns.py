"""Whether anything may be known of what a function returns: a string, a number, a container, an object.

Told from its statements alone, for a function that leads nowhere (see `flow/leads.py`) and that is given nothing but
plain values: what is known then comes of what is written in it, of its arguments, or of Python's own functions.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from kerasast.flow.externals import may_give_known
from kerasast.flow.leads import meaning, names_in
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.parameters import parameters
from kerasast.flow.values import ApiValue, External, FunctionValue, Unknown, Value
from kerasast.index.expressions import dotted_name
from kerasast.walking import own_nodes

MAX_DEPTH = 4
"""Functions that return what others return, one in another."""


def may_return_known(function: FunctionValue, depth: int = 0) -> bool:
    """Whether anything may be known of what a call gives. `depth` counts the functions that return what it does."""
    if depth > MAX_DEPTH or isinstance(function.node, ast.Lambda):
        return True
    own = _own_names(function.node)
    given = {parameter.arg for parameter in parameters(function)}
    returned = _Returned(function, own.bindings, given, depth)
    return any(map(returned.may_be_known, own.returned))


@dataclass(slots=True)
class _Returned:
    """The expressions of one function. `active` are the names that are looked into."""

    function: FunctionValue
    bindings: dict[str, list[ast.expr | None]]
    given: set[str]
    depth: int
    active: set[str] = field(default_factory=set)

    def may_be_known(self, node: ast.expr | None) -> bool:
        """Whether anything may be known of the value of an expression; `None` is one that is not looked into."""
        match node:
            case ast.Constant(value=value):
                return value is not None
            case ast.Name(id=name) if self._is_own(node):
                return name in self.given or self._is_bound_to_known(name)
            case ast.Name() | ast.Attribute() if not self._is_own(node):
                return not isinstance(self._meaning(node), Unknown | External | ApiValue)
            case ast.Call(func=func):
                return self._may_give_known(func)
            case ast.Attribute(value=part) | ast.Subscript(value=part) | ast.Starred(value=part):
                return self.may_be_known(part)
            case ast.NamedExpr(value=part) | ast.UnaryOp(operand=part) | ast.Await(value=part):
                return self.may_be_known(part)
            case ast.BinOp(left=left, op=ast.Add() | ast.Div() | ast.Mod(), right=right):
                # A string or path may be known in part.
                return self.may_be_known(left) or self.may_be_known(right)
            case ast.BinOp(left=left, right=right):
                return self.may_be_known(left) and self.may_be_known(right)
            case ast.Compare(left=left, comparators=others):
                return all(map(self.may_be_known, [left, *others]))
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts):
                return any(map(self.may_be_known, parts))
            case ast.IfExp(body=body, orelse=orelse):
                return self.may_be_known(body) or self.may_be_known(orelse)
        return True

    def _is_own(self, node: ast.expr) -> bool:
        """Whether an expression is no dotted name, or one that begins with a name that the function binds."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return not isinstance(node, ast.Name) or node.id in self.bindings or node.id in self.given

    def _is_bound_to_known(self, name: str) -> bool:
        if name in self.active:
            return False  # `x = f(x)`: what else it is bound to counts.
        self.active.add(name)
        found = any(map(self.may_be_known, self.bindings[name]))
        self.active.discard(name)
        return found

    def _may_give_known(self, func: ast.expr) -> bool:
        if self._is_own(func):
            return isinstance(func, ast.Name) or self.may_be_known(func)
        match self._meaning(func):
            case Unknown() | ApiValue():
                return False
            case External(name):
                return may_give_known(name)
            case FunctionValue() as function:
                return may_return_known(function, self.depth + 1)
        return True

    def _meaning(self, node: ast.expr) -> Value:
        return meaning(self.function.scope, dotted_name(node) or "", names_in(self.function.node))


@dataclass(slots=True)
class _Own:
    """What a function returns, and what it binds its names to: `None` is for what is not looked into.

    Names that it imports are not among these.
    """

    returned: list[ast.expr] = field(default_factory=list)
    bindings: dict[str, list[ast.expr | None]] = field(default_factory=dict)

    def bind(self, target: ast.expr | str, value: ast.expr | None) -> None:
        """Note that an assignment of a value binds the names of a target."""
        match target:
            case str(name) | ast.Name(id=name):
                self.bindings.setdefault(name, []).append(value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for part in targets:
                    self.bind(part, value)
            case ast.Starred(value=inner):
                self.bind(inner, value)


@kept_on_node
def _own_names(node: ast.AST) -> _Own:
    found = _Own()
    for item in own_nodes(node):
        match item:
            case ast.Return(value=ast.expr() as value):
                found.returned.append(value)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    found.bind(target, value)
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
                found.bind(target, value)
            case ast.NamedExpr(target=target, value=value):
                found.bind(target, value)
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                found.bind(target, value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                found.bind(target, value)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.bind(name, None)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.bind(name, None)
    return found
