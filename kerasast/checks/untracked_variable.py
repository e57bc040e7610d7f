"""State that Keras does not find, so that it is neither trained nor saved."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._hoisting import add_to_init, one_line
from kerasast.checks._own_weights import write_add_weight
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import Edits, remove_statement, replace, unsafe
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts, SelfStore, made_calls
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, creates_state, role_of
from kerasast.flow.scopes import static_value
from kerasast.flow.values import ApiValue, ClassValue, External
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_CONTAINERS = {
    "collections.deque": "`deque`",
    "types.SimpleNamespace": "`SimpleNamespace`",
    "builtins.map": "`map`",
    "builtins.filter": "`filter`",
    "builtins.zip": "`zip`",
}
"""Containers that neither generation looks into."""


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def untracked_variable(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    role = role_of(facts)
    if role not in (Role.LAYER, Role.MODEL, Role.METRIC) or facts.is_decorated:
        return
    in_call = {id(method.node) for method in reached_methods(facts, ["call"])}
    for method in facts.own.values():
        for store in method.stores:
            if store.value is None or id(method.node) in in_call:
                continue
            if facts.version.major >= 3:
                yield from _variable(ctx, facts, role, store, method)
            if role is not Role.METRIC:
                yield from _hidden(ctx, facts, store, method)
    if role is not Role.METRIC:
        yield from _shared(ctx, facts)


def _variable(
    ctx: Context, facts: ClassFacts, role: Role, store: SelfStore, method: MethodFacts
) -> Iterator[Diagnostic]:
    """Keras 3 finds its own variables, not TensorFlow's."""
    made = next((node for node in made_calls(store.value) if _is_tf_variable(node, method)), None)
    if made is None or _mentions_tracking(facts):
        return
    name = facts.cls.name
    if role is Role.METRIC:
        if facts.defines("reset_state") or facts.defines("reset_states"):
            return
        effect = (
            f"`self.{store.attr}` of `{name}` is a `tf.Variable`, which Keras 3 never resets between epochs"
        )
    elif _is_constant(made):
        effect = f"`self.{store.attr}` of `{name}` is a `tf.Variable`, which Keras 3 does not save"
    else:
        effect = f"`self.{store.attr}` of `{name}` is a `tf.Variable`, which Keras 3 neither trains nor saves"
    yield ctx.report(
        store.node,
        effect,
        help=f"create it with `self.{store.attr} = self.add_weight(…)`",
        fix=partial(_write_weight, ctx, facts, role, store, method),
        severity=Severity.WARNING if _is_constant(made) else None,
    )


def _write_weight(
    ctx: Context, facts: ClassFacts, role: Role, store: SelfStore, method: MethodFacts
) -> Fix | None:
    return unsafe("Create it with `add_weight`", write_add_weight(ctx, facts, role, store, method))


def _is_tf_variable(node: ast.Call, method: MethodFacts) -> bool:
    target = method.resolve(node.func)
    return isinstance(target, External) and target.name == "tensorflow.Variable"


def _is_constant(node: ast.Call) -> bool:
    """Whether a variable is made with `trainable=False`."""
    return any(
        keyword.arg == "trainable"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
        for keyword in node.keywords
    )


def _mentions_tracking(facts: ClassFacts) -> bool:
    """Whether the class tells Keras of variables by itself."""
    names = {"_track_variable", "_trainable_variables", "_non_trainable_variables", "_tracker"}
    return any(read.attr in names for method in facts.methods() for read in method.reads) or any(
        facts.defines(name) for name in ("trainable_variables", "variables", "weights", "save_own_variables")
    )


def _hidden(ctx: Context, facts: ClassFacts, store: SelfStore, method: MethodFacts) -> Iterator[Diagnostic]:
    """Keras looks into lists, tuples and dicts, and not into other objects."""
    for node in made_calls(store.value):
        target = method.resolve(node.func)
        if isinstance(target, ClassValue):
            inner = _layer_inside(class_facts(target, facts.version))
            holder = f"`{target.name}`"
            advice = f"derive `{target.name}` from `keras.layers.Layer`, or keep its layers on `self`"
        elif isinstance(target, External) and target.name in _CONTAINERS:
            inner = _layer_argument(node, method, facts)
            holder = f"a {_CONTAINERS[target.name]}"
            advice = "keep the layers in a list or a dict"
        else:
            continue
        if inner is None or _is_also_tracked(store, facts) or _is_given_self(node, method):
            continue
        yield ctx.report(
            store.node,
            f"the `{inner}` inside `self.{store.attr}` of `{facts.cls.name}` is neither trained nor saved:"
            f" Keras does not look into {holder}",
            help=advice,
            fix=partial(_write_list, ctx, facts, store, node, method),
        )


def _write_list(
    ctx: Context, facts: ClassFacts, store: SelfStore, node: ast.Call, method: MethodFacts
) -> Fix | None:
    """A list in place of what goes through layers once, or is a list with two ends, if nothing uses that."""
    target = method.resolve(node.func)
    if store.value is not node or not isinstance(target, External):
        return None
    text = one_line(ctx.source, node)
    if target.name in ("builtins.map", "builtins.filter", "builtins.zip") and text is not None:
        return unsafe("Keep a list", replace(ctx.source, node, f"list({text})"))
    if target.name != "collections.deque" or len(node.args) != 1 or node.keywords:
        return None
    calls = (call.path for part in facts.methods() for call in part.calls)
    used = {path[1] for path in calls if path[:1] == (store.attr,) and path[1:]}
    items = one_line(ctx.source, node.args[0])
    is_list = isinstance(node.args[0], ast.List | ast.ListComp)
    if used - {"append", "extend", "pop"} or items is None or not is_list:
        return None
    return unsafe("Keep a list", replace(ctx.source, node, items))


def _is_given_self(node: ast.Call, method: MethodFacts) -> bool:
    """Whether a helper is given the model, where it may keep its layers: `Head(self)`."""
    return any(
        isinstance(inner, ast.Name) and inner.id == method.self_name
        for argument in (*node.args, *(keyword.value for keyword in node.keywords))
        for inner in walk(argument)
    )


def _layer_inside(facts: ClassFacts) -> str | None:
    """The first layer that a class which is none of Keras's certainly makes for itself."""
    if facts.ancestry.apis or not facts.ancestry.complete or facts.is_decorated or facts.dynamic:
        return None
    if any(External("tensorflow.Module") in cls.bases for cls in facts.ancestry.classes):
        return None
    method = facts.method("__init__")
    for store in method.stores if method is not None else ():
        for node in made_calls(store.value):
            if method is not None and _is_layer(node, method, facts) and not store.guards.conditional:
                return ast.unparse(node.func)
    return None


def _layer_argument(node: ast.Call, method: MethodFacts, facts: ClassFacts) -> str | None:
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        for inner in made_calls(argument):
            if _is_layer(inner, method, facts):
                return ast.unparse(inner.func)
        if isinstance(argument, ast.Lambda):
            for inner in made_calls(argument.body):
                if _is_layer(inner, method, facts):
                    return ast.unparse(inner.func)
    return None


def _is_layer(node: ast.Call, method: MethodFacts, facts: ClassFacts) -> bool:
    target = method.resolve(node.func)
    if isinstance(target, External):
        return False
    return creates_state(target, node, facts.version)


def _is_also_tracked(store: SelfStore, facts: ClassFacts) -> bool:
    """Whether another assignment may hold what is inside too: `self.layers_of_box = self.box.all_layers`."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == store.attr and other.value is not store.value
        for method in facts.methods()
        for other in method.stores
        if other.value is not None
        for node in walk(other.value)
    )


def _shared(ctx: Context, facts: ClassFacts) -> Iterator[Diagnostic]:
    """A layer in the class body belongs to no instance."""
    used = {read.attr for method in reached_methods(facts, ["call"]) for read in method.reads}
    for statement in facts.cls.node.body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
            continue
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        target = static_value(statement.value.func, facts.cls.scope)
        if not isinstance(target, ApiValue | ClassValue) or not set(names) & used:
            continue
        if set(names) & facts.stores.keys() or not creates_state(target, statement.value, facts.version):
            continue
        yield ctx.report(
            statement.targets[0],
            f"the layer `{names[0]}` in the body of `{facts.cls.name}` is neither trained nor saved:"
            " Keras looks only at attributes of the instance",
            help=f"create it in `__init__`: `self.{names[0]} = …`",
            fix=partial(_to_init, ctx, facts, used),
        )


def _to_init(ctx: Context, facts: ClassFacts, used: set[str]) -> Fix | None:
    """Create all layers of the class body in `__init__`."""
    lines: list[str] = []
    parts: list[Edits] = []
    for statement in facts.cls.node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                target = static_value(call.func, facts.cls.scope)
                if name not in used or not isinstance(target, ApiValue | ClassValue):
                    continue
                if not creates_state(target, call, facts.version):
                    continue
                text = one_line(ctx.source, call)
                if text is None or _names_class_body(call, facts):
                    return None
                lines.append(f"self.{name} = {text}")
                parts.append(_without(ctx.source, facts, statement))
    if not lines or ctx.project.mentions(rf"\b(?:cls|{facts.cls.name})\.\w"):
        return None
    return unsafe("Create it in `__init__`", *parts, add_to_init(ctx.source, facts, lines))


def _without(source: SourceFile, facts: ClassFacts, statement: ast.Assign) -> Edits:
    """Remove a statement of the class body, at its start with the empty line after it."""
    edits = remove_statement(source, statement)
    if not edits or len(edits) != 1 or statement.lineno != facts.cls.node.body[0].lineno:
        return edits
    end = edits[0].span.end
    empty = re.compile(r"[ \t]*(?:\r\n|\n|\r)").match(source.text, end)
    return (Edit(Span(edits[0].span.start, empty.end() if empty else end), edits[0].text),)


def _names_class_body(node: ast.Call, facts: ClassFacts) -> bool:
    """Whether an expression mentions what else the class body defines."""
    return any(isinstance(inner, ast.Name) and facts.defines(inner.id) for inner in walk(node))
