"""The layers that an instance of a custom class holds in its attributes."""

from __future__ import annotations

import ast

from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import CallSite, MethodFacts, made_calls
from kerasast.flow.roles import is_functional, is_sequential, is_unbuilt_layer
from kerasast.walking import walk

_RESTORES = ("build_from_config", "get_build_config", "load_own_variables", "save_own_variables")


def is_rebuilt_by_keras(facts: ClassFacts) -> bool:
    """Whether Keras itself has to build the layers of a model of this class when it loads one from a file."""
    return (
        facts.ancestry.complete
        and not facts.dynamic
        and not is_functional(facts)
        and not is_sequential(facts)
        and not any(facts.defines(name) for name in _RESTORES)
        and facts.method("call") is not None
    )


def holds_unbuilt_layers(attribute: str, facts: ClassFacts) -> bool:
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
        for inner in walk(method.node)
        if isinstance(inner, ast.Assign)
        and inner.lineno <= node.lineno
        and any(isinstance(target, ast.Name) and target.id == node.id for target in inner.targets)
    ]
    return max(values, key=lambda found: found[0])[1] if values else node


def looped_attribute(call: CallSite, method: MethodFacts) -> str | None:
    """The attribute that a loop goes through: `for layer in self.layers_: layer.build(shape)`."""
    function = call.node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return None
    for node in walk(method.node):
        match node:
            case ast.For(
                target=ast.Name(id=name), iter=ast.Attribute(value=ast.Name(id=owner), attr=attribute)
            ) if name == function.value.id and owner == method.self_name:
                return attribute
    return None
