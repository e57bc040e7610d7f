"""A `build` that builds the layers of a model one after the other, as `call` runs them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kerasast.diagnostics import Edit, Span
from kerasast.fixes import Edits, insert_after, insert_before, remove_statement
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import MethodFacts, is_super_call, made_calls, self_path
from kerasast.flow.values import ApiValue
from kerasast.source import SourceFile
from kerasast.walking import walk

_SWITCHES = frozenset({"mask", "training"})


def does_nothing_else(method: MethodFacts) -> bool:
    """Whether a `build` only runs that of the base class and says that the model is built."""
    return all(_is_idle(item, method) for item in method.node.body)


def _is_idle(node: ast.stmt, method: MethodFacts) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call() as call):
            return is_super_call(call, "build", method)
        case ast.Assign(targets=[ast.Attribute() as target], value=ast.Constant()):
            return self_path(target, method.self_name) == ("built",)
    return False


def remove_method(source: SourceFile, method: MethodFacts) -> Edits:
    """Remove a method, with the empty lines after it."""
    edits = remove_statement(source, method.node)
    if not edits or len(edits) != 1 or edits[0].text:
        return None
    end = edits[0].span.end
    empty = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*").match(source.text, end)
    return (Edit(Span(edits[0].span.start, empty.end() if empty else end), ""),)


@dataclass(frozen=True, slots=True)
class _Step:
    """A layer that `call` runs, or each layer of a list; `built` if it is to be built here."""

    attribute: str
    is_list: bool


def build_in_order(
    source: SourceFile, facts: ClassFacts, build: MethodFacts, children: Collection[str]
) -> Edits:
    """Let `build` build the children, if `call` is a chain of layers up to the last of them."""
    shape = [item.arg for item in build.node.args.args[1:]]
    call = facts.own.get("call")
    if call is None or len(shape) != 1 or build.self_name != "self" or call.self_name != "self":
        return None
    if {"shape", "layer"} & build.locals - {*shape}:
        return None
    steps = _steps(call, children)
    if steps is None or {step.attribute for step in steps} < {*children}:
        return None
    if not all(_is_of_keras(step, facts) for step in steps):
        return None
    code = "\n".join(_code(steps, shape[0], children))
    for statement in reversed(build.node.body):
        if not _is_idle(statement, build) or isinstance(statement, ast.Pass):
            return insert_after(source, statement, code)
        last = statement
    return insert_before(source, last, code)


def _code(steps: Sequence[_Step], given: str, children: Collection[str]) -> list[str]:
    lines: list[str] = []
    current = given
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        name = "layer" if step.is_list else f"self.{step.attribute}"
        if step.is_list:
            if current != "shape":
                lines.append(f"shape = {current}")
            lines.append(f"for layer in self.{step.attribute}:")
            current = "shape"
        indent = "    " if step.is_list else ""
        if step.attribute in children:
            lines.append(f"{indent}{name}.build({current})")
        if step.is_list or not is_last:
            lines.append(f"{indent}shape = {name}.compute_output_shape({current})")
            current = "shape"
    return lines


def _steps(call: MethodFacts, children: Collection[str]) -> list[_Step] | None:
    """The layers that `call` runs one after the other on its inputs, up to the last of the children."""
    parameters = [item.arg for item in call.node.args.args[1:]]
    if not parameters:
        return None
    current, found = parameters[0], []
    for statement in call.node.body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                chain = _chain(value, current)
                current = name
            case ast.For(
                target=ast.Name(id=item),
                iter=ast.Attribute() as layers,
                body=[ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value)],
                orelse=[],
            ) if name == current and isinstance(value.func, ast.Name) and value.func.id == item:
                path = self_path(layers, "self")
                simple = _takes_only(value, current) and len(path) == 1
                chain = [_Step(path[0], True)] if simple else None
            case ast.Return(value=ast.expr() as value):
                chain = _outermost(value, current, children)
            case _:
                return None
        if chain is None:
            return None
        found += chain
        if {step.attribute for step in found} >= {*children}:
            return found
    return None


def _takes_only(call: ast.Call, name: str) -> bool:
    """Whether a call is given a variable alone, and switches."""
    switches = all(item.arg in _SWITCHES for item in call.keywords)
    return switches and len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id == name


def _chain(node: ast.expr, current: str) -> list[_Step] | None:
    match node:
        case ast.Name(id=name) if name == current:
            return []
        case ast.Call(func=ast.Attribute() as function, args=[inner], keywords=keywords):
            path = self_path(function, "self")
            before = _chain(inner, current)
            if before is not None and len(path) == 1 and all(item.arg in _SWITCHES for item in keywords):
                return [*before, _Step(path[0], False)]
    return None


def _outermost(node: ast.expr, current: str, children: Collection[str]) -> list[_Step] | None:
    """The chain that ends in the outermost call of a child, whatever is done with its result."""
    for inner in walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            path = self_path(inner.func, "self")
            if len(path) == 1 and path[0] in children:
                return _chain(inner, current)
    return None


def _is_of_keras(step: _Step, facts: ClassFacts) -> bool:
    """Whether an attribute certainly holds layers of Keras itself, each of them once."""
    stores = facts.stores.get(step.attribute, [])
    if len(stores) != 1 or stores[0].guards.conditional:
        return False
    method = facts.own.get(stores[0].method)
    made = list(made_calls(stores[0].value))
    if method is None or not made or (not step.is_list and stores[0].value is not made[0]):
        return False
    targets = [method.resolve(node.func) for node in made]
    return all(isinstance(item, ApiValue) and item.api.name.startswith("keras.layers.") for item in targets)
