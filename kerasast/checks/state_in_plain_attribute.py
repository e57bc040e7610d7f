"""`self.total += tf.reduce_sum(x)`: a running value in an attribute of Python, in code that Keras traces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._eager import runs_eagerly
from kerasast.checks._loss_functions import full_name, statements
from kerasast.checks._models import MODELS_MADE, parts_of_model
from kerasast.checks._tensors import Tensors
from kerasast.checks._training_steps import STEPS, own_steps
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined, ModelCall, ObjectCreated
from kerasast.flow.interest import SIMPLE, blocks
from kerasast.flow.methods import MethodFacts, self_path
from kerasast.flow.roles import Role, role_of
from kerasast.flow.scopes import make_class, module_scope
from kerasast.flow.values import Const, Kind, ObjectState, Ref
from kerasast.index.project import ProjectIndex, of_module
from kerasast.registry import rule
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_ENTRIES = {Role.LAYER: "call", Role.METRIC: "update_state"}

_MAY_SET = {"__init__", "build", "reset_state", "reset_states", *_ENTRIES.values(), *STEPS}

_CALLED = r"\.t(?<!\)\.t)(?:rain|est)_step\("
"""A step that the project runs by itself: not the `super().train_step(` of a step."""

_RUNNING = re.compile(r"self\.(\w+) *(?:[-+*/]=|=.*\bself\.\1\b)")

_PLAIN = frozenset(
    f"{module}.{name}"
    for module in ("numpy", "tensorflow", "keras.ops")
    for name in ("array", "constant", "convert_to_tensor", "ones", "zeros")
)
"""Functions that make what is no variable."""


def _is_anywhere(project: ProjectIndex, version: KerasVersion) -> bool:
    """Whether any layer or metric of a project has a running value."""
    known: dict[tuple[str, KerasVersion], bool] = project.memo("running values", of_module)
    for name in project.modules:
        if (name, version) not in known:
            known[name, version] = _is_in(project, name, version)
        if known[name, version]:
            return True
    return False


def _is_in(project: ProjectIndex, module: str, version: KerasVersion) -> bool:
    source = project.source(module)
    if source is None or _RUNNING.search(source.code) is None:
        return False
    tree, scope = project.tree(module), module_scope(project, module)
    if tree is None or scope is None:
        return False
    for node in _classes(tree.body):
        facts = class_facts(make_class(node, scope), version)
        method = facts.method(_ENTRIES.get(role_of(facts) or Role.LOSS, ""))
        if method is not None and any(_running_values(method, facts)):
            return True
    return False


def _classes(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes of a module, wherever they are defined."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement
        if statement.__class__ not in SIMPLE:
            for part in blocks(statement):
                yield from _classes(part)


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ObjectCreated, ModelCall),
    names=MODELS_MADE,
    calls=MODELS_MADE,
    only_if=_is_anywhere,
    since="0.1",
)
def state_in_plain_attribute(
    ctx: Context, event: ClassDefined | ObjectCreated | ModelCall
) -> Iterator[Diagnostic]:
    for facts, method, where in _traced(ctx, event):
        if facts.is_decorated or facts.dynamic or not facts.ancestry.complete or method.node.decorator_list:
            continue
        if runs_eagerly(ctx):
            return
        here = method.owner.scope.module.source.path == ctx.source.path
        for node in _running_values(method, facts):
            yield ctx.report(
                node if here else where,
                f"`self.{node.attr}` of `{facts.cls.name}` is no weight: `{method.name}`, which Keras traces, leaves a "
                "tensor in it that has no value, and that the next trace cannot use",
                help="make it a weight, `self.add_weight(…, trainable=False)`, and `assign` to it",
            )


def _traced(
    ctx: Context, event: ClassDefined | ObjectCreated | ModelCall
) -> Iterator[tuple[ClassFacts, MethodFacts, ast.AST]]:
    """The methods that Keras certainly traces, by an event, with their class and a place of that event."""
    if isinstance(event, ClassDefined):
        steps = list(own_steps(event.facts))
        if steps and not ctx.project.mentions(_CALLED):
            for step in steps:
                yield event.facts, step, event.node
        return
    for part in parts_of_model(event):
        yield from _entry(ctx, event.view.state(part), event.node)
    if isinstance(event, ModelCall) and is_compile(event, ctx.keras):
        if event.arguments.value("run_eagerly") not in (None, Const(False)):
            return
        for name in ("metrics", "weighted_metrics"):
            for place, value in given(event, name):
                if isinstance(value, Ref):
                    yield from _entry(ctx, event.view.state(value.id), place)


def _entry(
    ctx: Context, state: ObjectState, where: ast.AST
) -> Iterator[tuple[ClassFacts, MethodFacts, ast.AST]]:
    """The method of a custom layer or metric that a traced step runs."""
    if state.cls is None or state.kind not in (Kind.LAYER, Kind.METRIC):
        return
    facts = class_facts(state.cls, ctx.keras)
    role = role_of(facts)
    method = facts.method(_ENTRIES[role]) if role in _ENTRIES else None
    if method is not None:
        yield facts, method, where


def _running_values(method: MethodFacts, facts: ClassFacts) -> Iterator[ast.Attribute]:
    """Where the method certainly makes an attribute of what that was, and of a tensor."""
    parameters = [item.arg for item in (*method.node.args.posonlyargs, *method.node.args.args)][1:]
    count = 2 if method.name == "update_state" else 1
    tensors = Tensors(lambda node: full_name(method.resolve(node)), parameters[:count])
    for statement, maybe in statements(method.node.body):
        tensors.assign(statement)
        node = None if maybe else _running(statement, method, tensors)
        if node is not None and _begins_plain(node.attr, facts):
            yield node


def _running(statement: ast.stmt, method: MethodFacts, tensors: Tensors) -> ast.Attribute | None:
    """`self.x` in `self.x += tensor`, or in `self.x = 0.9 * self.x + 0.1 * tensor`."""
    match statement:
        case ast.AugAssign(target=ast.Attribute() as target, value=value):
            again = True
        case ast.Assign(targets=[ast.Attribute() as target], value=value):
            again = any(
                self_path(node, method.self_name) == (target.attr,)
                for node in walk(value)
                if isinstance(node, ast.Attribute)
            )
        case _:
            return None
    is_own = self_path(target, method.self_name) == (target.attr,)
    return target if again and is_own and tensors.includes(value) else None


def _begins_plain(attr: str, facts: ClassFacts) -> bool:
    """Whether the attribute is a number or a constant tensor before any step."""
    stores = facts.stores.get(attr, [])
    first = [store for store in stores if store.method in ("__init__", "build")]
    elsewhere = {store.method for store in stores} - _MAY_SET
    if len(first) != 1 or elsewhere or facts.defines(attr):
        return False
    match first[0].value:
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case ast.Call(func=function):
            method = facts.method(first[0].method)
            return method is not None and full_name(method.resolve(function)) in _PLAIN
    return False
