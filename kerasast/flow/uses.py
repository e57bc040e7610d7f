"""How the project uses a class, outside its own body."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.flow.values import ClassValue
from kerasast.index.module_index import ClassInfo
from kerasast.index.project import ProjectIndex, never
from kerasast.walking import walk


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
        calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
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


def is_only_a_base(cls: ClassValue) -> bool:
    """Whether the project derives other classes from a class, and never makes an instance of itself."""
    project, name = cls.scope.module.project, cls.name
    # What is looked for comes first, and what must not stand before it after that: only so is the search fast.
    return name in _derived(project) and not project.mentions(
        rf"{name}(?<!\w{name})(?<!\bclass\s{name})\s*\("
    )


def subclasses(project: ProjectIndex, name: str) -> Iterator[ClassInfo]:
    """The top-level classes of a project that derive from a class of this name, however far."""
    derived = _derived(project)
    seen, pending = {name}, [name]
    while pending:
        for info in derived.get(pending.pop(), ()):
            if info.name not in seen:
                seen.add(info.name)
                pending.append(info.name)
                yield info


def _derived(project: ProjectIndex) -> dict[str, list[ClassInfo]]:
    """The classes of a project by the last part of each base's name."""
    return project.once("derived classes", lambda: _make_derived(project), never)


def _make_derived(project: ProjectIndex) -> dict[str, list[ClassInfo]]:
    table: dict[str, list[ClassInfo]] = {}
    for module in project.modules.values():
        for info in (item for bindings in module.bindings.values() for item in bindings):
            for base in info.bases if isinstance(info, ClassInfo) else ():
                if base is not None and isinstance(info, ClassInfo):
                    table.setdefault(base.rpartition(".")[2], []).append(info)
    return table
