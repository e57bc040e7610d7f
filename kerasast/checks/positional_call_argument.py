"""`layer(x, True)`: Keras 3 takes nothing but tensors by position."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import name_arguments, safe
from kerasast.flow.ancestry import ancestry
from kerasast.flow.arguments import is_part_of
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ApiValue, ClassValue, Const, Value
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_FLAG_SECOND = frozenset(
    {
        "keras.Model",
        "keras.Sequential",
        *(
            f"keras.layers.{name}"
            for name in (
                "AlphaDropout",
                "BatchNormalization",
                "Dropout",
                "GaussianDropout",
                "GaussianNoise",
                "RandomBrightness",
                "RandomContrast",
                "RandomCrop",
                "RandomFlip",
                "RandomRotation",
                "RandomTranslation",
                "RandomZoom",
                "SpatialDropout1D",
                "SpatialDropout2D",
                "SpatialDropout3D",
                "SpectralNormalization",
                "TimeDistributed",
            )
        ),
    }
)
"""What is called with `training` as its second argument, in Keras 2.15 as in Keras 3.15: the signatures of `call`."""


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall),
    names=("__call__",),
    calls=("Input",),
    text=r"\(\s*[a-z_]\w*\s*,\s*(?:True|False|None)\s*[,)]",
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
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
                names = _names(event.before.api, cls, ctx.keras)
                yield _report(ctx, argument.node, argument.value, event.node, names)
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
            yield _report(ctx, argument, value, call.node, _names_of_attribute(facts, call.path[0]))
            return


def _is_parameter(method: MethodFacts) -> bool:
    """Whether `training` is what Keras gives to `call`: it is not assigned in the method."""
    arguments = method.node.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stored = any(
        isinstance(node, ast.Name) and node.id == "training" and isinstance(node.ctx, ast.Store)
        for node in walk(method.node)
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


def _names(api: str | None, cls: ClassValue | None, version: KerasVersion) -> tuple[str, ...]:
    """What the arguments after the first are called, as far as is known."""
    if cls is None:
        return ("training",) if api in _FLAG_SECOND else ()
    method = class_facts(cls, version).method("call")
    if method is None or method.node.args.vararg is not None:
        return ()
    given = [*method.node.args.posonlyargs, *method.node.args.args]
    return tuple(item.arg for item in given[2:])


def _names_of_attribute(facts: ClassFacts, attribute: str) -> tuple[str, ...]:
    """The same for a layer that an attribute holds, if each of its assignments says the same."""
    found = set()
    for store in facts.stores.get(attribute, []):
        method = facts.method(store.method)
        target = method.resolve(store.value.func) if method and isinstance(store.value, ast.Call) else None
        api = target.api.name if isinstance(target, ApiValue) else None
        found.add(_names(api, target if isinstance(target, ClassValue) else None, facts.version))
    return found.pop() if len(found) == 1 else ()


def _report(
    ctx: Context, node: ast.AST, value: Value | None, call: ast.AST, names: tuple[str, ...]
) -> Diagnostic:
    shown = ast.unparse(node)
    is_flag = shown == "training" or (isinstance(value, Const) and isinstance(value.value, bool))
    advice = f"pass it by keyword: `training={shown}`" if is_flag else "pass it by keyword"
    return ctx.report(
        node,
        f"`{shown}` is no tensor, and is passed to a layer by position, where Keras 3 takes only tensors: it raises",
        help=advice,
        fix=partial(_fix, ctx.source, call, node, names),
    )


def _fix(source: SourceFile, call: ast.AST, node: ast.AST, names: tuple[str, ...]) -> Fix | None:
    """Name this argument and those after it; the tensors before it may stay as they are."""
    if not isinstance(call, ast.Call) or not any(node is argument for argument in call.args):
        return None
    first = next(number for number, argument in enumerate(call.args) if argument is node)
    return safe("Pass it by keyword", name_arguments(source, call, names[first - 1 :], first))
