"""What a model's own `train_step` or `test_step` returns, and which metrics the model has."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ClassDefined, ModelCall
from kerasast.flow.methods import CallSite, MethodFacts, SelfStore, made_calls
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ApiValue, ClassValue, ObjectId, Ref
from kerasast.walking import walk

STEPS = ("train_step", "test_step")

_LOOPS = ("fit", "evaluate", "make_train_function", "make_test_function", "get_metrics_result")
"""Methods that decide what becomes of a step; a class that has its own is left alone."""


def stepping_class(ctx: Context, event: ClassDefined | ModelCall) -> ClassFacts | None:
    """The class whose steps an event is about: that is defined, or whose instance `fit()` trains, in this file."""
    if isinstance(event, ClassDefined):
        return event.facts
    state = event.before
    if event.method != "fit" or state.cls is None or state.escaped:
        return None
    is_here = state.cls.scope.module.source.path == ctx.source.path
    return class_facts(state.cls, ctx.keras) if is_here else None


def own_steps(facts: ClassFacts) -> Iterator[MethodFacts]:
    """The steps that a class defines and that `fit()` and `evaluate()` of Keras run for certain."""
    if not any(name in facts.own for name in STEPS) or role_of(facts) is not Role.MODEL:
        return
    if not facts.ancestry.complete or facts.is_decorated:
        return
    if any(facts.defines(name) for name in _LOOPS) or _runs_itself(facts):
        return
    for name in STEPS:
        method = facts.own.get(name)
        if method is not None and _takes_data(method) and not method.is_abstract:
            yield method


def training_step(facts: ClassFacts) -> MethodFacts | None:
    """The `train_step` of a class, if Keras runs it for certain and it updates weights."""
    return next(
        (method for method in own_steps(facts) if method.name == "train_step" and updates_weights(method)),
        None,
    )


def layers_kept(facts: ClassFacts, attribute: str) -> Iterator[tuple[str, ast.Call]]:
    """The layers made for an attribute that certainly holds them: the name of each class, and the call."""
    stores = facts.stores.get(attribute, [])
    if len(stores) == 1 and not stores[0].guards.conditional:
        yield from layers_made(stores[0], facts)


def called_object(call: CallSite, event: ModelCall) -> ObjectId | None:
    """The object that a call in a step runs: the model that is trained, or what an attribute of it holds."""
    if not call.path:
        return event.target
    value = event.before.attributes.get(call.path[0])
    return value.id if len(call.path) == 1 and isinstance(value, Ref) else None


def _takes_data(method: MethodFacts) -> bool:
    """Whether the signature is the one that Keras calls, of a trainer that keeps its state on the model."""
    spec = method.node.args
    given = [*spec.posonlyargs, *spec.args]
    return len(given) - len(spec.defaults) == 2 and not isinstance(method.node, ast.AsyncFunctionDef)


def _runs_itself(facts: ClassFacts) -> bool:
    """Whether a method calls a step by itself, in a loop of its own."""
    return any(
        call.path[0] in STEPS for method in facts.methods() for call in method.calls if len(call.path) == 1
    )


def local_value(method: MethodFacts, node: ast.expr | None) -> ast.expr | None:
    """What an expression is: for a local name that is assigned once, the value assigned."""
    if not isinstance(node, ast.Name):
        return node
    found = [
        part.value
        for part in walk(method.node)
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name) and target.id == node.id
    ]
    return found[0] if len(found) == 1 else node


def returned_keys(method: MethodFacts) -> dict[str, list[ast.expr]] | None:
    """The keys of the dict that a step returns, each with its values; `None` where that cannot be told."""
    found: dict[str, list[ast.expr]] = {}
    for item in method.returns:
        pairs = dict_items(local_value(method, item.value))
        if pairs is None or (isinstance(item.value, ast.Name) and is_changed(method, item.value.id)):
            return None
        for key, value in pairs:
            found.setdefault(key, []).append(value)
    return found or None


def dict_items(node: ast.expr | None) -> list[tuple[str, ast.expr]] | None:
    """The items of `{"a": x}` or `dict(a=x)`; `None` for anything else."""
    match node:
        case ast.Dict(keys=keys, values=values):
            names = [
                key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
            return list(zip(names, values, strict=True)) if len(names) == len(keys) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            pairs = [(item.arg, item.value) for item in keywords if item.arg is not None]
            return pairs if len(pairs) == len(keywords) else None
    return None


def is_changed(method: MethodFacts, name: str) -> bool:
    """Whether a method adds to a local dict: `logs["a"] = x`, `logs.update(…)`."""
    for node in walk(method.node):
        match node:
            case ast.Subscript(value=ast.Name(id=owner), ctx=ast.Store()) if owner == name:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) if owner == name:
                return True
    return False


def is_result(method: MethodFacts, node: ast.expr) -> bool:
    """Whether a value may come from a metric: `self.tracker.result()`."""
    value = local_value(method, node)
    return value is None or any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "result"
        for part in walk(value)
    )


def has_metrics(facts: ClassFacts) -> bool:
    """Whether the class, or a layer class that it makes, keeps metrics of its own, or may do so."""
    if facts.dynamic or facts.defines("metrics"):
        return True
    return any(_may_be_metric(store, facts) for stores in facts.stores.values() for store in stores)


def _may_be_metric(store: SelfStore, facts: ClassFacts) -> bool:
    if any(word in store.attr.lower() for word in ("metric", "track", "acc")):
        return True
    method = next((item for item in facts.methods() if store in item.stores), None)
    return method is not None and any(
        is_metric_call(call, method, facts) or _holds_metrics(call, method, facts)
        for call in made_calls(store.value)
    )


def is_metric_call(node: ast.Call, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether a call makes a metric."""
    match method.resolve(node.func):
        case ApiValue(api):
            return api.name.startswith("keras.metrics.")
        case ClassValue() as cls:
            return role_of(class_facts(cls, facts.version)) is Role.METRIC
    return False


def _holds_metrics(node: ast.Call, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether a call makes a layer of the project that makes metrics."""
    target = method.resolve(node.func)
    if not isinstance(target, ClassValue) or target == facts.cls:
        return False
    inner = class_facts(target, facts.version)
    return any(is_metric_call(call.node, item, inner) for item in inner.methods() for call in item.calls)


def gives_self(method: MethodFacts) -> bool:
    """Whether a step gives the model to other code, which may do anything with it; a call of the model is no such."""
    return any(
        isinstance(argument, ast.Name) and argument.id == method.self_name
        for call in method.calls
        for argument in (*call.node.args, *(keyword.value for keyword in call.node.keywords))
    )


def taped_calls(method: MethodFacts) -> Iterator[CallSite]:
    """The calls of the model, or of one of its attributes, under a tape that gives the gradients of their weights."""
    tapes = list(_tapes(method))
    for call in method.calls:
        function = call.node.func
        is_self = isinstance(function, ast.Name) and function.id == method.self_name
        if not is_self and not call.path:
            continue
        if any(_is_under(call.node, block) and _trains(call, sources, method) for block, sources in tapes):
            yield call


def _tapes(method: MethodFacts) -> Iterator[tuple[ast.With, list[ast.expr]]]:
    """Each `with tf.GradientTape() as tape:`, and what `tape.gradient()` is asked for the gradients of."""
    blocks = [
        (block, item.optional_vars.id)
        for block in walk(method.node)
        if isinstance(block, ast.With)
        for item in block.items
        if isinstance(item.optional_vars, ast.Name) and "GradientTape" in ast.unparse(item.context_expr)
    ]
    for block, name in blocks:
        rivals = [other.lineno for other, its in blocks if its == name and other.lineno > block.lineno]
        until = min(rivals, default=10**9)
        sources = [
            call.node.args[1]
            for call in method.calls
            if _is_gradient(call.node, name) and block.lineno <= call.node.lineno < until
        ]
        yield block, sources


def _is_gradient(node: ast.Call, tape: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="gradient"), args=[_, _]):
            return name == tape
    return False


def _trains(call: CallSite, sources: list[ast.expr], method: MethodFacts) -> bool:
    """Whether gradients of the weights of what is called are among `sources`."""
    whole = f"{method.self_name}.trainable_"
    part = f"{method.self_name}.{call.path[0]}.trainable_" if call.path else whole
    return any(
        text.startswith((whole, part)) or f"({part}" in text or f" {part}" in text
        for source in sources
        for text in (ast.unparse(local_value(method, source) or source),)
    )


def _is_under(node: ast.expr, block: ast.With) -> bool:
    return block.lineno <= node.lineno and (node.end_lineno or 0) <= (block.end_lineno or 0)


def updates_weights(method: MethodFacts) -> bool:
    """Whether a step gives gradients to an optimizer."""
    return any(
        isinstance(call.node.func, ast.Attribute)
        and call.node.func.attr in ("apply", "apply_gradients", "minimize")
        for call in method.calls
    )


def layers_made(store: SelfStore, facts: ClassFacts) -> Iterator[tuple[str, ast.Call]]:
    """The layers of Keras made by an assignment, also inside of a list or `Sequential`: names, and calls."""
    method = next((item for item in facts.methods() if store in item.stores), None)
    if store.value is None or method is None:
        return
    for node in walk(store.value):
        if isinstance(node, ast.Call) and isinstance(target := method.resolve(node.func), ApiValue):
            yield target.api.name, node
