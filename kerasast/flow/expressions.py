"""Expressions: what each is worth, and what evaluating it does."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kerasast.flow import calls, operators
from kerasast.flow.arguments import Arguments
from kerasast.flow.attributes import get_attribute
from kerasast.flow.containers import (
    MAX_UNROLL,
    element_of,
    is_bounded,
    iterated,
    new_container,
    sliced,
    truth_of,
)
from kerasast.flow.externals import call_external
from kerasast.flow.layers_of import some_layers
from kerasast.flow.logs import read_history, use_names
from kerasast.flow.machine import Machine
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.scopes import Scope
from kerasast.flow.summaries import containers_of_constants
from kerasast.flow.text import ancestor, concatenate, source_path
from kerasast.flow.values import (
    UNKNOWN,
    BoundMethod,
    Const,
    External,
    FunctionValue,
    Kind,
    LayersOf,
    LogNames,
    Ref,
    Tensor,
    Text,
    TupleValue,
    Value,
    WeightsOf,
)
from kerasast.walking import walk


def _constant(machine: Machine, node: ast.Constant) -> Value:
    return Const(node.value)


def _name(machine: Machine, node: ast.Name) -> Value:
    scope = machine.frame.scope
    value = scope.names.get(node.id)
    if value is not None and not scope.globals:
        return value
    while value is None and scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
        value = scope.names.get(node.id)
    if value is None or node.id in scope.globals:
        value = scope.lookup(node.id)
        if isinstance(value, Ref | Const | Text | TupleValue):
            _note_read(machine, scope, node.id, value)
        elif value is None and node.id == "__file__":
            return source_path(machine.frame.source.path)
        elif value is None:
            machine.frame.unbound.add(node.id)
    return value or UNKNOWN


def _note_read(machine: Machine, scope: Scope, name: str, value: Value) -> None:
    """Remember what a function reads from around it, for the sake of its summary."""
    if isinstance(value, Ref):
        containers = containers_of_constants(machine, value)
        if containers is None:
            machine.reads_objects = True
            return
        machine.containers_read.update(containers)
    if scope.module.names.get(name) is value:
        machine.constants_read[scope.module, name] = value


def _attribute(machine: Machine, node: ast.Attribute) -> Value:
    return get_attribute(machine, machine.evaluate(node.value), node.attr, node)


def _call(machine: Machine, node: ast.Call) -> Value:
    return calls.evaluate_call(machine, node)


def _tuple(machine: Machine, node: ast.Tuple) -> Value:
    items, complete = evaluate_items(machine, node.elts)
    if complete and is_bounded(items):
        return TupleValue(items)
    return new_container(machine, node, Kind.LIST, items, complete=complete)


def _list(machine: Machine, node: ast.List | ast.Set) -> Value:
    items, complete = evaluate_items(machine, node.elts)
    kind = Kind.LIST if isinstance(node, ast.List) else Kind.SET
    return new_container(machine, node, kind, items, complete=complete)


def _dict(machine: Machine, node: ast.Dict) -> Value:
    keys: list[Any] = []
    values: list[Value] = []
    complete = True
    for key, item in zip(node.keys, node.values, strict=True):
        value = machine.evaluate(item)
        if key is not None:
            known = machine.evaluate(key)
            complete = complete and isinstance(known, Const)
            keys.append(known.value if isinstance(known, Const) else None)
            values.append(value)
            continue
        state = machine.world.state_of(value)
        if isinstance(value, Ref) and state is not None and state.kind is Kind.DICT and state.complete:
            keys.extend(state.keys)
            values.extend(state.items)
        else:
            complete = False
    return new_container(machine, node, Kind.DICT, tuple(values), complete=complete, keys=tuple(keys))


def evaluate_items(machine: Machine, nodes: Sequence[ast.expr]) -> tuple[tuple[Value, ...], bool]:
    """The values of the items of a display, and whether these are all."""
    items: list[Value] = []
    complete = True
    for node in nodes:
        if not isinstance(node, ast.Starred):
            items.append(machine.evaluate(node))
            continue
        value = machine.evaluate(node.value)
        spread = iterated(machine, value)
        if spread is None:
            complete = False
            items.append(element_of(machine, value))
        else:
            items.extend(spread)
    return tuple(items), complete


def _bool(machine: Machine, node: ast.BoolOp) -> Value:
    """`and` and `or`: the later operands may not be evaluated."""
    value = machine.evaluate(node.values[0])
    for operand in node.values[1:]:
        truth = truth_of(value)
        if truth is not None and truth == isinstance(node.op, ast.Or):
            return value
        if truth is not None:
            value = machine.evaluate(operand)
            continue
        if not has_effects(operand):
            value = machine.either(value, machine.evaluate(operand))
            continue
        before = machine.snapshot()
        other = machine.evaluate(operand)
        value = machine.merge_values([(value, before), (other, machine.snapshot())])
    return value


@kept_on_node
def has_effects(node: ast.expr) -> bool:
    """Whether evaluating an expression may do more than give a value."""
    effects = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Attribute, ast.ListComp)
    return any(isinstance(inner, effects) for inner in walk(node))


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    truth = truth_of(machine.evaluate(node.test))
    if truth is not None:
        return machine.evaluate(node.body if truth else node.orelse)
    if not has_effects(node.body) and not has_effects(node.orelse):
        return machine.either(machine.evaluate(node.body), machine.evaluate(node.orelse))
    before = machine.snapshot()
    first = machine.evaluate(node.body)
    after = machine.snapshot()
    machine.restore(before)
    second = machine.evaluate(node.orelse)
    return machine.merge_values([(first, after), (second, machine.snapshot())])


def _subscript(machine: Machine, node: ast.Subscript) -> Value:
    value = machine.evaluate(node.value)
    index = machine.evaluate(node.slice)
    match value:
        case Tensor():
            return value
        case WeightsOf():
            return value if isinstance(node.slice, ast.Slice) else replace(value, element=True)
        case BoundMethod(receiver=Const() | Text() as path, name="parents"):
            found = ancestor(path, index)
            return machine.unknown(node) if found == UNKNOWN else found
        case LayersOf(owner):
            some = LayersOf(owner, element=not isinstance(node.slice, ast.Slice), sliced=True)
            return some_layers(machine, value, node.slice, index) or some
        case External(name):
            if name == "sys.modules":
                return call_external(machine, "builtins.globals", Arguments(), node)
            return External(f"{name}[]")
        case TupleValue() | Ref():
            return _item(machine, node, value, index)
        case LogNames():
            if isinstance(index, Const):
                use_names(machine, value, "[]", index.value, node)
        case BoundMethod(receiver=Ref() as owner, name="history") if isinstance(index, Const):
            read_history(machine, owner, index.value, node)
    return machine.unknown(node)


def _item(machine: Machine, node: ast.Subscript, value: Value, index: Value) -> Value:
    state = machine.world.state_of(value)
    if state is not None and not state.kind.is_container:
        machine.world.escape(value)
        return machine.unknown(node)
    items = machine.world.items(value)
    if isinstance(node.slice, ast.Slice):
        part = None if items is None else sliced(items, node.slice)
        if part is None:
            element_of(machine, value)
            return machine.unknown(node)
        return TupleValue(part) if state is None else new_container(machine, node, Kind.LIST, part)
    if items is not None and isinstance(index, Const):
        if state is not None and state.kind is Kind.DICT:
            matches = [item for key, item in zip(state.keys, items, strict=False) if key == index.value]
            return matches[-1] if matches else machine.unknown(node)
        if isinstance(index.value, int) and -len(items) <= index.value < len(items):
            return items[index.value]
    element_of(machine, value)
    return machine.unknown(node)


def _slice_parts(machine: Machine, node: ast.Slice) -> Value:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            machine.evaluate(part)
    return UNKNOWN


def _formatted(machine: Machine, node: ast.JoinedStr) -> Value:
    pieces: list[Any] = []
    for part in node.values:
        match part:
            case ast.Constant(value=str(text)):
                pieces.append(text)
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                value = machine.evaluate(inner)
                pieces.append(value)
            case ast.FormattedValue(value=inner):
                machine.evaluate(inner)
                pieces.append(machine.unknown(part))
    return concatenate(pieces)


def _named(machine: Machine, node: ast.NamedExpr) -> Value:
    value = machine.evaluate(node.value)
    scope, name = machine.frame.scope, node.target.id
    if not scope.is_comprehension:
        scope.home(name).names[name] = value
        return value
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    names = scope.home(name).names
    before = names.get(name)
    names[name] = value if before is None else machine.either(before, value)
    return value


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return FunctionValue(node, machine.frame.scope)


def _inner(machine: Machine, node: ast.Await | ast.Starred) -> Value:
    return machine.evaluate(node.value)


def _yield(machine: Machine, node: ast.Yield | ast.YieldFrom) -> Value:
    machine.frame.yields = True
    if node.value is not None:
        machine.world.escape(machine.evaluate(node.value))
    return UNKNOWN


def _comprehension(
    machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> Value:
    """Walk the element once for each item of a short known iterable, else once for any item."""
    outer = machine.frame.scope
    machine.frame.scope = inner = Scope(outer.module, outer)
    inner.is_comprehension = True
    machine.frame.conditional += 1
    try:
        results: list[Value] = []
        keys: list[Any] = []
        complete = _generate(machine, node, 0, inner, results, keys)
    finally:
        machine.frame.conditional -= 1
        machine.frame.scope = outer
    weights = next((value for value in results if isinstance(value, WeightsOf)), None)
    if weights is not None:
        return replace(weights, element=False)
    kind = (
        Kind.DICT
        if isinstance(node, ast.DictComp)
        else Kind.SET
        if isinstance(node, ast.SetComp)
        else Kind.LIST
    )
    complete = complete and len(keys) == len(results) if kind is Kind.DICT else complete
    return new_container(machine, node, kind, tuple(results), complete=complete, keys=tuple(keys))


def _generate(
    machine: Machine,
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    depth: int,
    scope: Scope,
    results: list[Value],
    keys: list[Any],
) -> bool:
    if depth == len(node.generators):
        machine.budget -= 1
        if isinstance(node, ast.DictComp):
            key = machine.evaluate(node.key)
            if isinstance(key, Const):
                keys.append(key.value)
            results.append(machine.evaluate(node.value))
        else:
            results.append(machine.evaluate(node.elt))
        return True
    generator = node.generators[depth]
    iterable = machine.evaluate(generator.iter)
    items = iterated(machine, iterable)
    complete = items is not None and len(items) <= MAX_UNROLL and len(results) <= MAX_UNROLL
    complete = complete and machine.budget > 0
    chosen = items if complete and items is not None else (element_of(machine, iterable),)
    for item in chosen:
        calls.assign(machine, generator.target, item)
        for test in generator.ifs:
            machine.evaluate(test)
        complete = _generate(machine, node, depth + 1, scope, results, keys) and complete
    return complete and not generator.ifs


def _other(machine: Machine, node: ast.AST) -> Value:
    return UNKNOWN


HANDLERS: defaultdict[type[ast.AST], Callable[[Machine, Any], Value]] = defaultdict(lambda: _other)
HANDLERS |= {
    ast.Attribute: _attribute,
    ast.Await: _inner,
    ast.BinOp: operators.evaluate_binary,
    ast.BoolOp: _bool,
    ast.Call: _call,
    ast.Compare: operators.evaluate_compare,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.IfExp: _conditional,
    ast.JoinedStr: _formatted,
    ast.Lambda: _lambda,
    ast.List: _list,
    ast.ListComp: _comprehension,
    ast.Name: _name,
    ast.NamedExpr: _named,
    ast.Set: _list,
    ast.SetComp: _comprehension,
    ast.Slice: _slice_parts,
    ast.Starred: _inner,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: operators.evaluate_unary,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
}
