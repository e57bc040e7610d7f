"""State that `call` creates when it first runs, which Keras 3 does not take from a layer that it holds for built."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._children import is_rebuilt_by_keras
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import CallSite, MethodFacts, SelfStore, self_path
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import is_functional, is_sequential, keras_base


def comes_too_late(call: CallSite, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether `if self.x is None: self.x = Dense(3)` in `call` certainly raises, as it does from Keras 3 on.

    It does not if the layer says itself that it is built, or if it holds layers that are not built: then Keras runs
    `call` once in order to build them.
    """
    if (
        facts.version.major < 3
        or facts.dynamic
        or not facts.ancestry.complete
        or keras_base(facts) is not None
    ):
        return False
    if is_functional(facts) or is_sequential(facts) or "_tracker" in facts.cls.scope.module.source.code:
        return False
    store = next((item for item in method.stores if item.value is call.node), None)
    if store is None or not _is_first_run(call, store.attr, method) or "built" in facts.stores:
        return False
    if _is_set_elsewhere(store, facts) or _is_run_early(facts):
        return False
    return facts.method("build") is not None or not any(_may_hold_layers(facts))


def is_hidden_from_loading(call: CallSite, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether `call` of a model creates a layer when it first runs, and the model says that it is built before.

    `load_model()` builds a model by running `call`, unless it is built: then the layer does not exist when the
    weights are read, and gets random ones later (observed on Keras 2.15 and 3.15).
    """
    if facts.dynamic or not facts.ancestry.complete or is_functional(facts) or is_sequential(facts):
        return False
    if facts.method("build") is not None or not is_rebuilt_by_keras(facts):
        return False
    store = next((item for item in method.stores if item.value is call.node), None)
    if store is None or not _is_first_run(call, store.attr, method) or not _says_built(facts):
        return False
    return not _is_set_elsewhere(store, facts) and not _is_run_early(facts)


def _says_built(facts: ClassFacts) -> bool:
    """Whether `__init__` sets `self.built = True`, and nothing else sets it."""
    match facts.stores.get("built", []):
        case [SelfStore(value=ast.Constant(value=True), method="__init__") as store]:
            return not store.guards.conditional
    return False


def _is_first_run(call: CallSite, attr: str, method: MethodFacts) -> bool:
    """Whether the only test around it is whether the attribute is there: `self.x is None`, `not hasattr(self, "x")`."""
    if len(call.guards.tests) != 1 or call.guards.looped:
        return False
    match call.guards.tests[0]:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return self_path(left, method.self_name) == (attr,)
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Name(id="hasattr"), args=[_, ast.Constant(value=name)])
        ):
            return name == attr
    return False


def _is_set_elsewhere(store: SelfStore, facts: ClassFacts) -> bool:
    """Whether the attribute may have got its value in another way by then."""
    others = [item for item in facts.stores.get(store.attr, []) if item is not store]
    if any(item.method != "__init__" or not _is_none(item.value) for item in others):
        return True
    return facts.cls.scope.module.project.mentions(rf"(?<!self)\.{store.attr}\s*=[^=]")


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_run_early(facts: ClassFacts) -> bool:
    """Whether `__init__` or `build` runs `call`, which then may create state."""
    reached = reached_methods(facts, ["__init__", "build"])
    return any(item.name in ("call", "__call__") or item.passes_self for item in reached)


def _may_hold_layers(facts: ClassFacts) -> Iterator[bool]:
    """For each attribute that `__init__` sets, whether it may be, or hold, a layer."""
    for attr, stores in facts.stores.items():
        for store in stores:
            if store.method == "__init__":
                yield not isinstance(store.value, ast.Constant) and _may_be_layer(attr, store, facts)


def _may_be_layer(attr: str, store: SelfStore, facts: ClassFacts) -> bool:
    """Whether it is anything but an argument of `__init__` that methods only hand on: `Dense(self.units)`."""
    if not isinstance(store.value, ast.Name):
        return True
    for method in facts.methods():
        handed_on = {
            id(item)
            for call in method.calls
            for item in (*call.node.args, *(keyword.value for keyword in call.node.keywords))
        }
        if any(read.attr == attr and id(read.node) not in handed_on for read in method.reads):
            return True
    return False
