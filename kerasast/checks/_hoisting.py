"""Moving what creates layers and weights to `__init__` and `build`, where it runs once."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kerasast.diagnostics import Edit
from kerasast.fixes import (
    Edits,
    add_first_method,
    enclosing,
    insert_last,
    is_here,
    join,
    remove_statement,
    replace,
    statement_of,
    text_of,
)
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import CallSite, MethodFacts, self_path
from kerasast.flow.roles import Role, role_of
from kerasast.flow.scopes import static_value
from kerasast.flow.values import UNKNOWN, External
from kerasast.keras_api.attributes import instance_attributes
from kerasast.source import SourceFile
from kerasast.walking import walk


def add_to_init(source: SourceFile, facts: ClassFacts, lines: Sequence[str]) -> Edits:
    """Add statements to the end of `__init__`, which is written if the class has none."""
    constructor = facts.constructor
    code = "\n".join(lines)
    if constructor is None:
        body = "\n".join(f"    {line}" for line in ["super().__init__(**kwargs)", *lines])
        return add_first_method(source, facts.cls.node, f"def __init__(self, **kwargs):\n{body}")
    method = constructor.method
    calls = constructor.super_calls
    if "__init__" not in facts.own or len(calls) != 1 or calls[0].guards.conditional:
        return None
    if method.self_name != "self" or isinstance(method.node.body[-1], ast.Return | ast.Raise):
        return None
    return insert_last(source, method.node, code)


def add_to_build(source: SourceFile, facts: ClassFacts, lines: Sequence[str]) -> Edits:
    """Add statements to a `build` that is written for them: there must be none yet."""
    if facts.defines("build") or "call" not in facts.own:
        return None
    body = "\n".join(f"    {line}" for line in lines)
    return add_first_method(
        source, facts.cls.node, f"def build(self, input_shape):\n{body}", before=facts.own["call"].node
    )


def one_line(source: SourceFile, node: ast.expr) -> str | None:
    """The text of an expression on a single line; `None` if a comment or a string of several lines is in it."""
    text = text_of(source, node)
    if "\n" not in text and "\r" not in text:
        return text
    if "#" in text or '"""' in text or "'''" in text or "\\" in text:
        return None
    text = re.sub(r"\s*[\r\n]\s*", " ", text)
    return re.sub(r",?\s+([)\]}])", r"\1", re.sub(r"([(\[{])\s+", r"\1", text))


def means_the_same_in_init(node: ast.AST, method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether code of a method can run at the end of `__init__`: names of the module, and what `__init__` has set."""
    for inner in walk(node):
        match inner:
            case ast.Name(id=name) if name != method.self_name:
                if name in method.locals or static_value(inner, facts.cls.scope) == UNKNOWN:
                    return False
            case ast.Attribute() if path := self_path(inner, method.self_name):
                if len(path) == 1 and path[0] != "add_weight" and not is_set_by_init(path[0], facts):
                    return False
            case ast.Lambda() | ast.ListComp() | ast.Await() | ast.Yield() | ast.NamedExpr():
                return False
    return True


def is_set_by_init(attribute: str, facts: ClassFacts) -> bool:
    """Whether `__init__` gives an attribute its only value, always."""
    stores = facts.stores.get(attribute, [])
    if len(stores) != 1 or stores[0].method != "__init__" or "__init__" not in facts.own:
        return False
    guards = stores[0].guards
    return not (guards.conditional or guards.looped)


def free_attribute(wanted: str, facts: ClassFacts, taken: Collection[str]) -> str:
    """A name for an attribute that means nothing yet: `dense`, `dense_2`, …"""
    used = {read.attr for method in facts.methods() for read in method.reads} | facts.stores.keys() | {*taken}
    for base in ("keras.Model", "keras.layers.Layer"):
        used |= instance_attributes(base, facts.version)
    number, name = 1, wanted
    while name in used or facts.defines(name):
        number += 1
        name = f"{wanted}_{number}"
    return name


def snake(name: str) -> str:
    """`BatchNormalization` as an attribute is called: `batch_normalization`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def hoisted(
    source: SourceFile, facts: ClassFacts, calls: Sequence[tuple[MethodFacts, CallSite]]
) -> tuple[list[CallSite], Edits]:
    """The calls that can be moved to `__init__` or `build`, and what moves all of them."""
    taken: set[str] = set()
    moved: list[CallSite] = []
    parts: list[Edits] = []
    lines: dict[bool, list[str]] = {False: [], True: []}
    for method, call in calls:
        found = _hoist(source, facts, method, call, taken)
        if found is None:
            continue
        taken.add(found.attribute)
        moved.append(call)
        parts.append(found.edits)
        if found.text is not None:
            lines[found.in_build].append(f"self.{found.attribute} = {found.text}")
    if lines[False]:
        parts.append(add_to_init(source, facts, lines[False]))
    if lines[True]:
        parts.append(add_to_build(source, facts, lines[True]))
    return moved, join(*parts)


@dataclass(frozen=True, slots=True)
class _Hoist:
    attribute: str
    text: str | None
    in_build: bool
    edits: tuple[Edit, ...]


def _hoist(
    source: SourceFile, facts: ClassFacts, method: MethodFacts, call: CallSite, taken: Collection[str]
) -> _Hoist | None:
    if (
        call.guards.looped
        or call.guards.nested
        or method.self_name != "self"
        or not is_here(source, call.node)
    ):
        return None
    if method.name != "call" and _times_called(method.name, facts) != 1:
        return None  # it may be meant to be another one each time
    if not call.path and isinstance(call.target, External):
        return None  # a `tf.Variable` would not be found in `__init__` either
    text, in_build = _moved_text(source, facts, method, call.node)
    statement = statement_of(source, call.node)
    if text is None or statement is None:
        return None
    match statement:
        case ast.Assign(targets=[ast.Attribute(attr=attribute) as target]) if (
            self_path(target, "self") == (attribute,) and statement.value == call.node
        ):
            return _stored(source, facts, call, statement, attribute, text, in_build)
        case ast.Assign(targets=[ast.Name(id=name)]) if statement.value == call.node:
            attribute = free_attribute(name, facts, taken)
            edits = _read_instead(source, method, statement, name, attribute)
        case _:
            attribute = free_attribute(_name_for(call), facts, taken)
            edits = replace(source, call.node, f"self.{attribute}")
    return None if edits is None else _Hoist(attribute, text, in_build, edits)


def _times_called(name: str, facts: ClassFacts) -> int:
    """How often the methods of a class run one of them; many times if that is not certain."""
    found = [call for method in facts.methods() for call in method.self_calls(name)]
    return len(found) if not any(call.guards.looped or call.guards.nested for call in found) else 2


def _name_for(call: CallSite) -> str:
    for keyword in call.node.keywords:
        match keyword:
            case ast.keyword(arg="name", value=ast.Constant(value=str(name))) if name.isidentifier():
                return name
    function = call.node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "layer")
    return "weight" if call.path else snake(name)


def _moved_text(
    source: SourceFile, facts: ClassFacts, method: MethodFacts, node: ast.Call
) -> tuple[str | None, bool]:
    """The code that creates the same in `__init__`, or in a `build` that knows the shape of the inputs."""
    if means_the_same_in_init(node, method, facts):
        return one_line(source, node), False
    text = one_line(source, node)
    if text is None or role_of(facts) is not Role.LAYER or method.name != "call":
        return None, False
    inputs = [item.arg for item in method.node.args.args[1:2]]
    if not inputs or any(_is_bound(inner, inputs[0]) for inner in walk(method.node)):
        return None, False
    written = re.sub(rf"\b{inputs[0]}\.shape\[", "input_shape[", text)
    try:
        tree = ast.parse(written, mode="eval").body
    except SyntaxError:
        return None, False
    for inner in walk(tree):
        if isinstance(inner, ast.Name) and inner.id == "input_shape":
            inner.id = facts.cls.name  # stands for a name that `build` knows
    same = means_the_same_in_init(tree, method, facts)
    return (written, True) if same else (None, False)


def _is_bound(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


def _stored(
    source: SourceFile,
    facts: ClassFacts,
    call: CallSite,
    statement: ast.Assign,
    attribute: str,
    text: str,
    in_build: bool,
) -> _Hoist | None:
    """`self.x = …` as it is, or in place of `self.x = None` in `__init__`; without a test that lets it happen once."""
    removed = _removed(source, call, statement)
    others = [store for store in facts.stores[attribute] if store.node is not statement.targets[0]]
    if removed is None or len(others) > 1:
        return None
    if not others:
        return _Hoist(attribute, text, in_build, removed)
    (first,) = others
    if first.method != "__init__" or "__init__" not in facts.own or in_build or first.value is None:
        return None
    if not (isinstance(first.value, ast.Constant) and first.value.value is None):
        return None
    for node in walk(call.node):
        path = self_path(node, "self") if isinstance(node, ast.Attribute) else ()
        if any(
            store.node.lineno > first.node.lineno for name in path for store in facts.stores.get(name, ())
        ):
            return None  # `__init__` sets it later
    edits = join(removed, replace(source, first.value, text))
    return None if edits is None else _Hoist(attribute, None, False, edits)


def _removed(source: SourceFile, call: CallSite, statement: ast.Assign) -> Edits:
    if not call.guards.tests:
        return remove_statement(source, statement)
    around = enclosing(source, statement)[-1]
    if (
        not isinstance(around, ast.If)
        or len(around.body) != 1
        or around.orelse
        or len(call.guards.tests) != 1
    ):
        return None
    return remove_statement(source, around)


def _read_instead(
    source: SourceFile, method: MethodFacts, statement: ast.Assign, name: str, attribute: str
) -> Edits:
    """Read an attribute in place of a local name, which has no other value."""
    parts: list[Edits] = [remove_statement(source, statement)]
    for node in walk(method.node):
        if isinstance(node, ast.arg | ast.Global | ast.Nonlocal) and getattr(node, "arg", name) == name:
            return None
        if not isinstance(node, ast.Name) or node.id != name or node is statement.targets[0]:
            continue
        if not isinstance(node.ctx, ast.Load):
            return None
        parts.append((Edit(source.span(node), f"self.{attribute}"),))
    return join(*parts)
