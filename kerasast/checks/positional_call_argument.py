"""`layer(x, True)`: Keras 3 takes nothing but tensors by position."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import is_part_of
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ApiValue, ClassValue, Const, Value
from kerasast.registry import rule


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall),
    calls=("Input",),
    text=r"\(\s*[a-z_]\w*\s*,\s*(?:True|False|None)\s*[,)]",
    keras=">=3",
    since="0.1",
)
def positional_call_argument(ctx: Context, event: ClassDefined | ModelCall) -> Iterator[Diagnostic]:
    if isinstance(event, ModelCall):
        yield from _followed(ctx, event)
    elif role_of(event.facts) in (Role.LAYER, Role.MODEL):
        for method in event.facts.own.values():
            for call in method.calls:
                yield from _in_method(ctx, event.facts, method, call)


def _followed(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    """A call of an object that is followed, outside of the methods of layers."""
    if event.method != "__call__" or event.enclosing.cls is not None or not isinstance(event.node, ast.Call):
        return
    cls = event.before.cls
    if cls is not None:
        lineage = ancestry(cls, ctx.keras)
        if not lineage.complete or lineage.defines("__call__"):
            return
    for argument in event.arguments.positional[1:]:
        if _is_no_tensor(argument.value) and is_part_of(argument.node, event.node):
            if not is_guarded(ctx, event.node):
                yield _report(ctx, argument.node, argument.value)
            return


def _in_method(ctx: Context, facts: ClassFacts, method: MethodFacts, call: CallSite) -> Iterator[Diagnostic]:
    """`self.layer(x, training)` in a method of a layer or model."""
    if len(call.node.args) < 2 or len(call.path) != 1 or is_for_one_version(call.guards):
        return
    if not _is_layer(facts, call.path[0]):
        return
    for argument in call.node.args[1:]:
        if isinstance(argument, ast.Starred):
            return
        value = Const(argument.value) if isinstance(argument, ast.Constant) else None
        is_flag = isinstance(argument, ast.Name) and argument.id == "training" and _is_parameter(method)
        if is_flag or (value is not None and _is_no_tensor(value)):
            yield _report(ctx, argument, value)
            return


def _is_parameter(method: MethodFacts) -> bool:
    """Whether `training` is what Keras gives to `call`: it is not assigned in the method."""
    arguments = method.node.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stored = any(
        isinstance(node, ast.Name) and node.id == "training" and isinstance(node.ctx, ast.Store)
        for node in ast.walk(method.node)
    )
    return method.name == "call" and any(item.arg == "training" for item in given) and not stored


def _is_layer(facts: ClassFacts, attribute: str) -> bool:
    """Whether an attribute certainly holds a layer or model that Keras calls: each of its assignments makes one."""
    stores = facts.stores.get(attribute, [])
    if not stores or facts.method(attribute) is not None:
        return False
    for store in stores:
        method = facts.method(store.method)
        if method is None or store not in method.stores or not isinstance(store.value, ast.Call):
            return False
        if not _makes_layer(method.resolve(store.value.func), facts):
            return False
    return True


def _makes_layer(target: Value, facts: ClassFacts) -> bool:
    match target:
        case ApiValue(api):
            return api.name in ("keras.Sequential", "keras.Model") or (
                api.name.startswith("keras.layers.") and api.name.rpartition(".")[2][:1].isupper()
            )
        case ClassValue():
            inner = class_facts(target, facts.version)
            is_called = role_of(inner) in (Role.LAYER, Role.MODEL) and not inner.is_decorated
            return is_called and inner.ancestry.complete and not inner.defines("__call__")
    return False


def _is_no_tensor(value: Value) -> bool:
    """Whether a value is a constant that is no tensor; `None` may stand for one that is not given."""
    return isinstance(value, Const) and isinstance(value.value, bool | int | float | str)


def _report(ctx: Context, node: ast.AST, value: Value | None) -> Diagnostic:
    shown = ast.unparse(node)
    is_flag = shown == "training" or (isinstance(value, Const) and isinstance(value.value, bool))
    advice = f"pass it by keyword: `training={shown}`" if is_flag else "pass it by keyword"
    return ctx.report(
        node,
        f"`{shown}` is no tensor, and is passed to a layer by position, where Keras 3 takes only tensors: it raises",
        help=advice,
    )
