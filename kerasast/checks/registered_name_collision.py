"""Two classes that are registered under the same name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import class_facts
from kerasast.flow.events import ClassDefined
from kerasast.flow.scopes import module_scope
from kerasast.flow.values import ClassValue
from kerasast.index.bindings import ClassInfo
from kerasast.index.project import ProjectIndex
from kerasast.registry import rule
from kerasast.versions import KerasVersion


@rule(category="custom-objects", severity=Severity.WARNING, on=(ClassDefined,), since="0.1")
def registered_name_collision(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    name = _registered(event.cls, ctx.keras)
    if name is None:
        return
    for other in _table(ctx.project, ctx.keras).get(name, ()):
        if _is_second(event.cls, other) and _run_together(event.cls, other, ctx.project):
            source = other.scope.module.source
            yield ctx.report(
                event.cls.node,
                f"{_both(event.cls, other)} are both registered as `{name}`: a saved model is loaded with"
                " whichever was registered last",
                story=(Step(source.path, source.header_span(other.node), "registered under the same name"),),
                help='give each its own name: `@keras.saving.register_keras_serializable(package="…")`',
            )
            return


def _both(cls: ClassValue, other: ClassValue) -> str:
    if cls.name != other.name:
        return f"`{cls.name}` and `{other.name}`"
    return f"this `{cls.name}` and that of `{other.scope.module.name}`"


def _registered(cls: ClassValue, version: KerasVersion) -> str | None:
    """The name that a class is registered under, if the decorator says so by literals alone."""
    for node in cls.node.decorator_list:
        given = [*node.args, *(item.value for item in node.keywords)] if isinstance(node, ast.Call) else []
        if not all(isinstance(item, ast.Constant) for item in given):
            return None
    return class_facts(cls, version).registered


def _is_second(cls: ClassValue, other: ClassValue) -> bool:
    """Whether the pair is to be reported at `cls`: only once, and not where a class replaces another on purpose."""
    own, its = cls.scope.module.name, other.scope.module.name
    if own == its:
        return cls.name != other.name and other.node.lineno < cls.node.lineno
    return its < own


def _run_together(cls: ClassValue, other: ClassValue, project: ProjectIndex) -> bool:
    """Whether some module of the project imports both, itself or through others."""
    both = {cls.scope.module.name, other.scope.module.name}
    return any(both <= project.import_closure(name) for name in project.modules)


def _table(project: ProjectIndex, version: KerasVersion) -> dict[str, list[ClassValue]]:
    """The top-level classes of the project by registered name (made once for each project and version)."""
    tables: dict[KerasVersion, dict[str, list[ClassValue]]]
    tables = project.once("registered classes", dict)
    if version not in tables:
        found: dict[str, list[ClassValue]] = {}
        for cls in _registered_classes(project):
            name = _registered(cls, version)
            if name is not None:
                found.setdefault(name, []).append(cls)
        tables[version] = found
    return tables[version]


def _registered_classes(project: ProjectIndex) -> Iterator[ClassValue]:
    for name, module in sorted(project.modules.items()):
        for bindings in module.bindings.values():
            for info in bindings:
                if isinstance(info, ClassInfo) and any("register" in item for item in info.decorators):
                    scope = module_scope(project, name)
                    value = None if scope is None else scope.lookup(info.name)
                    if isinstance(value, ClassValue) and value.scope.module.name == name:
                        yield value
