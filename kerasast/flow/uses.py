"""How the project uses a class, outside its own body."""

from __future__ import annotations

import ast

from kerasast.flow.values import ClassValue


def may_be_a_layer(cls: ClassValue) -> bool:
    """Whether an instance of a model class may be a layer of a functional model, which builds it by calling it.

    That is so in a module that makes an instance and a functional model: `keras.Model(inputs, Net()(x))`.
    """
    project = cls.scope.module.project
    for name in project.modules:
        source = project.source(name)
        if source is None or cls.name not in source.code:
            continue
        tree = project.tree(name)
        if tree is None:
            continue
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if any(_called_name(call) == cls.name for call in calls) and any(map(_is_functional, calls)):
            return True
    return False


def _called_name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_functional(node: ast.Call) -> bool:
    keywords = {keyword.arg for keyword in node.keywords}
    return _called_name(node) == "Model" and (len(node.args) >= 2 or bool(keywords & {"inputs", "outputs"}))
