"""The parameters of the project's functions: what is given to each, and what it is if nothing is given."""

from __future__ import annotations

import ast

from kerasast.flow.arguments import Arguments
from kerasast.flow.machine import Machine
from kerasast.flow.scopes import Scope, static_value
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    Const,
    External,
    FunctionValue,
    Kind,
    ObjectState,
    TupleValue,
    Value,
)

TRANSPARENT = frozenset(
    {
        "builtins.staticmethod",
        "functools.cache",
        "functools.lru_cache",
        "functools.wraps",
        "tensorflow.function",
        "tensorflow.autograph.experimental.do_not_convert",
        "typing.no_type_check",
        "typing.overload",
    }
)
"""Decorators that leave what a function does, and its parameters, as they are."""


def parameters(function: FunctionValue) -> list[ast.arg]:
    """All parameters of a function."""
    given = function.node.args
    extra = [part for part in (given.vararg, given.kwarg) if part is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *extra]


def bind_parameters(
    machine: Machine,
    function: FunctionValue,
    arguments: Arguments,
    scope: Scope,
    receiver: Value | None,
    node: ast.AST,
) -> None:
    """Bind the names of a function's parameters in its `scope` to what is given to them."""
    spec = function.node.args
    names = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
    given = [argument.value for argument in arguments.positional]
    if receiver is not None:
        given.insert(0, receiver)
    keywords = {name: argument.value for name, argument in arguments.bound.items() if argument.keyword}
    for name, value in zip(names, given, strict=False):
        scope.names[name] = value
    rest = tuple(given[len(names) :])
    for name in [*names[len(given) :], *(parameter.arg for parameter in spec.kwonlyargs)]:
        scope.names[name] = keywords.pop(name) if name in keywords else _default(function, name, arguments)
    if spec.vararg is not None:
        scope.names[spec.vararg.arg] = (
            TupleValue(rest) if arguments.complete else machine.unknown(spec.vararg)
        )
    else:
        machine.escape(rest)
    if spec.kwarg is not None:
        state = ObjectState(
            Kind.DICT,
            created=node,
            items=tuple(keywords.values()),
            keys=tuple(keywords),
            complete=arguments.complete,
        )
        scope.names[spec.kwarg.arg] = machine.world.create(state)
    else:
        machine.escape(keywords.values())


def _default(function: FunctionValue, name: str, arguments: Arguments) -> Value:
    """The default of a parameter that was not given, if it is certain that it was not."""
    if not arguments.complete or not keeps_parameters(function):
        return UNKNOWN
    spec = function.node.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = [
        *zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        if parameter.arg == name and default is not None:
            return _default_value(default, function.scope)
    return UNKNOWN


def _default_value(node: ast.expr, scope: Scope) -> Value:
    match node:
        case ast.Tuple(elts=items):
            return TupleValue(tuple(_default_value(item, scope) for item in items))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return Const(-number)
        case ast.Constant() | ast.Name() | ast.Attribute():
            return static_value(node, scope)
    return UNKNOWN


def keeps_parameters(function: FunctionValue) -> bool:
    """Whether no decorator may fill in parameters by itself, as gin and hydra do."""
    node = function.node
    if isinstance(node, ast.Lambda):
        return True
    for item in node.decorator_list:
        value = static_value(item, function.scope)
        known = isinstance(value, ApiValue) or (isinstance(value, External) and value.name in TRANSPARENT)
        if not known and value not in (External("builtins.property"), External("builtins.classmethod")):
            return False
    return True
