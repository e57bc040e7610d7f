"""`reset_states` of a metric or model, which Keras 3 neither has nor calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_for_one_version, is_guarded
from kerasast.checks._training_steps import is_metric_call
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity
from kerasast.fixes import Edits, rename_attribute, safe, unsafe
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined, ModelCall, ObjectCall
from kerasast.flow.methods import CallSite, MethodFacts, is_super_call, made_calls
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ClassValue, External, Kind
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_NAME = "reset_states"
_HELP = "call it `reset_state`, which Keras 2.5 and later know too"


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined, ModelCall, ObjectCall),
    names=(_NAME,),
    calls=(_NAME,),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def legacy_reset_states(ctx: Context, event: ClassDefined | ModelCall | ObjectCall) -> Iterator[Diagnostic]:
    if not isinstance(event, ClassDefined):
        yield from _called(ctx, event)
        return
    facts = event.facts
    if _NAME not in ctx.source.code or not facts.ancestry.complete or facts.dynamic:
        return
    for method in facts.own.values():
        for call in method.calls:
            if _is_gone(call, method, facts) and not is_for_one_version(call.guards):
                yield _metric_call(ctx, call.node)
    yield from _overridden(ctx, facts)


def _called(ctx: Context, event: ModelCall | ObjectCall) -> Iterator[Diagnostic]:
    state = event.before if isinstance(event, ModelCall) else event.state
    if event.method != _NAME or is_guarded(ctx, event.node):
        return
    if state.cls is not None:
        lineage = ancestry(state.cls, ctx.keras)
        if not lineage.complete or lineage.defines(_NAME):
            return
    if state.kind is Kind.METRIC:
        yield _metric_call(ctx, event.node)
    elif state.kind.is_model:
        yield ctx.report(
            event.node,
            "a model of Keras 3 has no `reset_states()`: the call raises",
            help="reset each layer that keeps a state: `for layer in model.layers: …`",
        )


def _metric_call(ctx: Context, node: ast.AST) -> Diagnostic:
    return ctx.report(
        node,
        "a metric of Keras 3 has no `reset_states()`: the call raises",
        help=_HELP,
        fix=partial(_rename_call, ctx.source, node),
    )


def _rename_call(source: SourceFile, node: ast.AST) -> Fix | None:
    return safe("Call `reset_state`", rename_attribute(source, node, "reset_state"))


def _is_gone(call: CallSite, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether a method calls `reset_states()` of a metric: of a base class, or of one in an attribute."""
    if role_of(facts) is Role.METRIC and is_super_call(call.node, _NAME, method):
        return method.name != _NAME and not any(_NAME in parent.own for parent in facts.parents)
    if len(call.path) != 2 or call.path[1] != _NAME:
        return False
    stores = facts.stores.get(call.path[0], [])
    return bool(stores) and all(_is_keras_metric(store.value, facts, store.method) for store in stores)


def _is_keras_metric(value: ast.expr | None, facts: ClassFacts, name: str) -> bool:
    method = facts.method(name)
    if method is None or not isinstance(value, ast.Call) or not is_metric_call(value, method, facts):
        return False
    target = method.resolve(value.func)
    return not isinstance(target, ClassValue) or not ancestry(target, facts.version).defines(_NAME)


def _overridden(ctx: Context, facts: ClassFacts) -> Iterator[Diagnostic]:
    """A metric that resets itself in `reset_states` alone, and not to zeros, as Keras does without being told."""
    method = facts.own.get(_NAME)
    if role_of(facts) is not Role.METRIC or method is None or facts.defines("reset_state"):
        return
    what = _own_reset(method, facts)
    if what is not None:
        yield ctx.report(
            method.node,
            f"Keras 3 never calls `reset_states`: {what} of `{facts.cls.name}` is carried over"
            " from one epoch to the next",
            help=_HELP,
            fix=partial(_rename_method, ctx.source, method),
        )


def _rename_method(source: SourceFile, method: MethodFacts) -> Fix | None:
    """Rename the method, and the calls of the base class's; other code of the file must not use the old name."""
    span = source.header_span(method.node)
    edits: list[Edits] = [(Edit(span, "reset_state"),)]
    edits += [rename_attribute(source, call.node, "reset_state") for call in method.super_calls(_NAME)]
    if source.code.count(_NAME) != len(edits):
        return None
    return unsafe("Call the method `reset_state`", *edits)


def _own_reset(method: MethodFacts, facts: ClassFacts) -> str | None:
    for store in method.stores:
        return f"`self.{store.attr}`"
    for call in method.calls:
        if len(call.path) != 2 or call.path[1] != "assign" or not call.node.args:
            continue
        if _is_tf_variable(call.path[0], facts):
            return f"`self.{call.path[0]}`"
    return None


def _is_tf_variable(attribute: str, facts: ClassFacts) -> bool:
    for store in facts.stores.get(attribute, []):
        method = facts.method(store.method)
        for node in made_calls(store.value) if method is not None else ():
            target = method.resolve(node.func) if method is not None else None
            if isinstance(target, External) and target.name == "tensorflow.Variable":
                return True
    return False
