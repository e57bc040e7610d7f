"""An attribute that a method reads and that nothing creates."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.ancestry import class_bindings
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import SelfRead
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, role_of
from kerasast.flow.uses import subclasses
from kerasast.keras_api.attributes import instance_attributes
from kerasast.registry import rule
from kerasast.versions import KERAS_2, KERAS_3
from kerasast.walking import walk

_ENTRIES = {
    Role.LAYER: ("build", "call", "get_config", "compute_output_shape"),
    Role.MODEL: ("build", "call", "get_config", "compute_output_shape", "train_step", "test_step"),
    Role.METRIC: ("update_state", "result", "reset_state", "reset_states", "get_config"),
    Role.LOSS: ("call", "get_config"),
}
"""What Keras calls by itself."""

_IMPORTS_TORCH = re.compile(r"^\s*(?:import|from)\s+torch\b", re.MULTILINE)

_TORCH_METHODS = frozenset(
    {
        "children",
        "cpu",
        "cuda",
        "double",
        "eval",
        "extra_repr",
        "float",
        "half",
        "load_state_dict",
        "modules",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_buffer",
        "register_forward_hook",
        "register_parameter",
        "requires_grad_",
        "state_dict",
        "to",
        "train",
        "training",
        "zero_grad",
    }
)
"""What a layer or model of Keras 3 has on its PyTorch backend, where it is a `torch.nn.Module`, too."""

_SET_BY_CALLBACKS = frozenset({"history"})


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def undefined_weight(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    entries = _ENTRIES.get(role_of(facts) or Role.SCHEDULE)
    if entries is None or not facts.ancestry.complete or facts.dynamic or facts.is_abstract:
        return
    if any(method.passes_self for method in facts.methods()):
        return
    known = _TORCH_METHODS if _IMPORTS_TORCH.search(ctx.source.code) else frozenset()
    keras: frozenset[str] | None = None
    reported: set[str] = set()
    for method in reached_methods(facts, entries):
        for read in method.reads if method.owner == facts.cls else ():
            if read.attr in facts.stores or read.attr in reported or read.attr in known:
                continue
            keras = keras or _known(facts)
            if (
                read.attr in keras
                or _is_protected(read, facts)
                or _comes_from_elsewhere(ctx, facts, read.attr)
            ):
                continue
            reported.add(read.attr)
            yield _report(ctx, facts, read, method.name)


def _report(ctx: Context, facts: ClassFacts, read: SelfRead, method: str) -> Diagnostic:
    close = difflib.get_close_matches(read.attr, facts.stores, n=1)
    name = facts.cls.name
    if _is_argument(facts, read.attr):
        story: tuple[Step, ...] = ()
        advice = f"keep the argument in `__init__`: `self.{read.attr} = {read.attr}`"
    elif not close:
        story = ()
        advice = f"create `self.{read.attr}` in `__init__` or `build`"
    else:
        store = facts.stores[close[0]][0]
        own = store.method in facts.own and store in facts.own[store.method].stores
        story = (ctx.step(store.node, f"`{store.method}` creates `self.{close[0]}`"),) if own else ()
        advice = f"did you mean `self.{close[0]}`?"
    return ctx.report(
        read.node,
        f"`{method}` reads `self.{read.attr}`, which nothing in `{name}` or its bases creates",
        story=story,
        help=advice,
    )


def _is_argument(facts: ClassFacts, name: str) -> bool:
    """Whether `__init__` is given something of this name."""
    init = facts.own.get("__init__")
    if init is None:
        return False
    arguments = init.node.args
    return name in {item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def _is_protected(read: SelfRead, facts: ClassFacts) -> bool:
    """Whether the attribute may be absent there: it is asked for first, or its absence is caught."""
    return (
        read.attr.startswith("__")
        or read.guards.tried
        or any(read.attr in method.probed for method in facts.methods())
    )


def _known(facts: ClassFacts) -> frozenset[str]:
    """The attributes that the lineage has: bound in a class body, declared there, or Keras's own."""
    found = set(_SET_BY_CALLBACKS)
    for cls in facts.ancestry.classes:
        found.update(class_bindings(cls.node))
        found.update(
            node.target.id
            for node in walk(cls.node)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        )
        found.update(
            node.target.attr
            for node in walk(cls.node)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute)
        )
    for api in facts.ancestry.apis:
        # What only the other generation has is for the rules about migration.
        found |= instance_attributes(api, KERAS_2) | instance_attributes(api, KERAS_3)
    return frozenset(found)


def _comes_from_elsewhere(ctx: Context, facts: ClassFacts, attribute: str) -> bool:
    """Whether code outside the class may set the attribute: other code of the project, or a subclass."""
    for name in ctx.project.modules:
        source = ctx.project.source(name)
        if source is not None and attribute in source.code:
            tree = ctx.project.tree(name)
            if tree is None or attribute in _set_on_others(tree):
                return True
    return any(attribute in info.attributes for info in subclasses(ctx.project, facts.cls.name))


def _set_on_others(tree: ast.Module) -> set[str]:
    """The attributes that a file assigns to anything but the `self` of a method, or may set by name."""
    own = {
        id(node)
        for cls in walk(tree)
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, ast.FunctionDef) and method.args.args
        for node in walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == method.args.args[0].arg
    }
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and id(node) not in own:
            found.add(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            names = [arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
            found.update(name for name in names if isinstance(name, str))
    return found
