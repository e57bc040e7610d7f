"""`build` of a model that leaves the layers inside it without weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts, made_calls
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, is_functional, is_sequential, is_unbuilt_layer, role_of
from kerasast.flow.uses import may_be_a_layer
from kerasast.registry import rule

_ALL_LAYERS = frozenset({"layers", "_layers", "submodules", "_flatten_layers", "call", "__call__"})
"""By reading one of these, `build` may reach every layer."""

_RESTORES = ("build_from_config", "get_build_config", "load_own_variables", "save_own_variables")


@rule(category="saving", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def unbuilt_children(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method = facts.own.get("build")
    if role_of(facts) is not Role.MODEL or method is None or not _is_plain(facts):
        return
    reached = reached_methods(facts, ["build"])
    if _builds_everything(facts, reached):
        return
    built = {read.attr for part in reached for read in part.reads}
    used = {read.attr for part in reached_methods(facts, ["call"]) for read in part.reads}
    children = {
        attribute: stores[0]
        for attribute, stores in facts.stores.items()
        if attribute in used - built and _has_weights(attribute, facts)
    }
    if not children or may_be_a_layer(facts.cls):
        return
    names = listed([f"self.{name}" for name in children])
    effect = (
        "a loaded model has random weights there, silently"
        if facts.version.major >= 3
        else "a model saved as `.keras` cannot be loaded"
    )
    yield ctx.report(
        method.node,
        f"`build` of `{facts.cls.name}` does not build {names}: {effect}",
        story=tuple(
            ctx.step(store.node, "created without weights")
            for store in children.values()
            if any(store in own.stores for own in facts.own.values())
        ),
        help="build each of them in `build`, e.g. "
        + f"`self.{next(iter(children))}.build(…)`, or remove `build` if it does nothing else",
        severity=None if facts.version.major >= 3 else Severity.WARNING,
        confidence=kept_confidence(event, weights=True),
    )


def _is_plain(facts: ClassFacts) -> bool:
    return (
        facts.ancestry.complete
        and not facts.dynamic
        and not is_functional(facts)
        and not is_sequential(facts)
        and not any(facts.defines(name) for name in _RESTORES)
        and facts.method("call") is not None
    )


def _builds_everything(facts: ClassFacts, reached: list[MethodFacts]) -> bool:
    """Whether `build` may build every layer: it runs the model, or hands it to other code."""
    for method in reached:
        if method.passes_self or any(read.attr in _ALL_LAYERS for read in method.reads):
            return True
        # In Keras 2 the `build` of `keras.Model` runs `call`; in Keras 3 it builds nothing.
        if facts.version.major < 3 and any(method.super_calls("build")):
            return True
        if any(
            isinstance(call.node.func, ast.Name) and call.node.func.id == method.self_name
            for call in method.calls
        ):
            return True
    return False


def _has_weights(attribute: str, facts: ClassFacts) -> bool:
    """Whether an attribute holds layers, or lists of layers, that have no weights until they are built."""
    found = False
    for method in facts.methods():
        for store in method.stores:
            if store.attr != attribute:
                continue
            if store.value is None or store.augmented:
                return False
            made = list(made_calls(store.value))
            if not made and not _is_empty_list(store.value):
                return False
            if not all(is_unbuilt_layer(node, method, facts) for node in made):
                return False
            found |= bool(made)
        for call in method.calls:
            if call.path != (attribute, "append") or len(call.node.args) != 1:
                continue
            if not is_unbuilt_layer(_assigned(call.node.args[0], method), method, facts):
                return False
            found = True
    return found


def _is_empty_list(node: ast.expr) -> bool:
    return isinstance(node, ast.List) and not node.elts


def _assigned(node: ast.expr, method: MethodFacts) -> ast.expr:
    """What a local name was assigned last before: `layer = Dense(3); self.blocks.append(layer)`."""
    if not isinstance(node, ast.Name):
        return node
    values = [
        (inner.lineno, inner.value)
        for inner in ast.walk(method.node)
        if isinstance(inner, ast.Assign)
        and inner.lineno <= node.lineno
        and any(isinstance(target, ast.Name) and target.id == node.id for target in inner.targets)
    ]
    return max(values, key=lambda found: found[0])[1] if values else node
