"""A `get_config` for a class that has none, and a `from_config` that makes the objects in a config again."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from kerasast.checks._config_fixes import forward_kwargs
from kerasast.checks._registration import saving_api
from kerasast.context import Context
from kerasast.diagnostics import Edit
from kerasast.fixes import (
    Edits,
    add_method,
    insert_after,
    insert_first,
    join,
    name_keras,
    statement_of,
)
from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import ClassFacts, Constructor, Parameter
from kerasast.flow.methods import SelfStore
from kerasast.flow.plain import is_surely_plain, object_reason
from kerasast.flow.roles import BASE_KEYS, Role, is_functional
from kerasast.flow.scopes import static_value
from kerasast.flow.values import ApiValue, ClassValue, FunctionValue
from kerasast.keras_api.attributes import instance_attributes
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_NEW_FORMAT = KerasVersion(2, 13)
"""From this release on, `serialize_keras_object` writes where an object's class is found."""

_BASE_OF = {
    Role.LAYER: "keras.layers.Layer",
    Role.MODEL: "keras.Model",
    Role.METRIC: "keras.metrics.Metric",
    Role.LOSS: "keras.losses.Loss",
}
_GETTERS = frozenset(
    f"keras.{kind}.get" for kind in ("activations", "constraints", "initializers", "regularizers")
)
_CONVERSIONS = frozenset({"bool", "float", "int", "str"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a config has for one argument; `added` is what has to be done to have it."""

    key: str
    value: str
    is_object: bool = False
    added: tuple[Edit, ...] = ()


def write_config(ctx: Context, facts: ClassFacts, role: Role, constructor: Constructor | None) -> Edits:
    """Add a `get_config` that has every argument of the constructor, and what it takes to make use of it."""
    parameters = [] if constructor is None else _own_parameters(facts, role, constructor)
    if parameters is None or (constructor is not None and constructor.varargs is not None):
        return None
    entries: list[_Entry] = []
    for item in parameters:
        assert constructor is not None
        entry = _entry(ctx, facts, role, constructor, item)
        if entry is None:
            return None
        entries.append(entry)
    objects = [entry.key for entry in entries if entry.is_object]
    restored = read_objects(ctx, facts, objects) if objects else ""
    given = _take_base_keys(ctx, facts, role, constructor)
    if restored is None or given is None:
        return None
    code = _get_config(facts, role, entries) + (f"\n\n{restored}" if restored else "")
    added = tuple(edit for entry in entries for edit in entry.added)
    return join(added, given, add_method(ctx.source, facts.cls.node, code))


def _get_config(facts: ClassFacts, role: Role, entries: Sequence[_Entry]) -> str:
    texts = [f'"{entry.key}": {entry.value}' for entry in entries]
    if role is Role.MODEL and is_functional(facts):
        texts.insert(0, '"name": self.name')
    elif role in BASE_KEYS:
        texts.insert(0, "**super().get_config()")
    line = f"return {{{', '.join(texts)}}}"
    if len(line) > 80:
        line = "return {\n" + "".join(f"        {text},\n" for text in texts) + "    }"
    return f"def get_config(self):\n    {line}"


def read_objects(ctx: Context, facts: ClassFacts, keys: Sequence[str]) -> str | None:
    """The code of a `from_config` that makes the objects in a config again."""
    function = _saving(ctx, facts, "deserialize_keras_object")
    if function is None or facts.defines("from_config"):
        return None
    lines = ["@classmethod", "def from_config(cls, config):", "    config = dict(config)"]
    if len(keys) > 2:
        lines += [
            f"    for key in ({', '.join(map(_quoted, keys))}):",
            f"        config[key] = {function}(config[key])",
        ]
    else:
        lines += [f'    config["{key}"] = {function}(config["{key}"])' for key in keys]
    return "\n".join([*lines, "    return cls(**config)"])


def _quoted(text: str) -> str:
    return f'"{text}"'


def serialized(ctx: Context, facts: ClassFacts, value: str) -> str | None:
    """The code that makes of an object what a config can have."""
    function = _saving(ctx, facts, "serialize_keras_object")
    return None if function is None else f"{function}({value})"


def _saving(ctx: Context, facts: ClassFacts, name: str) -> str | None:
    """How the class can call a function of `keras.saving`, without an import that it does not have yet."""
    if not ctx.release_known or ctx.keras < _NEW_FORMAT:
        return None
    named = name_keras(ctx.source, saving_api(ctx, name), at=facts.cls.node)
    return named.text if named is not None and not named.edits else None


def _own_parameters(facts: ClassFacts, role: Role, constructor: Constructor) -> list[Parameter] | None:
    """The arguments that the base class does not record; `None` where it is not clear what it is given."""
    if any(
        parent.constructor is not None and parent.constructor.parameters for parent in facts.parents
    ) or any(item.positional_only for item in constructor.parameters):
        return None
    passed: set[str] = set()
    for call in constructor.super_calls:
        for keyword in call.node.keywords:
            name = keyword.arg
            if name is None:
                continue
            if isinstance(keyword.value, ast.Name) and keyword.value.id == name:
                passed.add(name)
            elif constructor.kwargs is not None and name in BASE_KEYS.get(role, ()):
                return None  # Loading would give it twice.
        if any(not _is_self(arg, constructor) for arg in call.node.args) and not is_functional(facts):
            return None
    base = BASE_KEYS.get(role, frozenset())
    return [
        item
        for item in constructor.parameters
        if item.name not in passed & _kept_by(role) and item.name not in base
    ]


def _kept_by(role: Role) -> frozenset[str]:
    extra = {"activity_regularizer"} if role in (Role.LAYER, Role.MODEL) else set()
    return BASE_KEYS.get(role, frozenset()) | extra


def _is_self(node: ast.expr, constructor: Constructor) -> bool:
    return isinstance(node, ast.Name) and node.id == constructor.method.self_name


def _take_base_keys(ctx: Context, facts: ClassFacts, role: Role, constructor: Constructor | None) -> Edits:
    """Let the constructor take what the config of the base class has."""
    keys = BASE_KEYS.get(role, frozenset())
    if role is Role.MODEL and is_functional(facts):
        keys = frozenset({"name"})
    if constructor is None or all(constructor.accepts(key) for key in keys):
        return ()
    return forward_kwargs(ctx.source, facts)


def _entry(
    ctx: Context, facts: ClassFacts, role: Role, constructor: Constructor, item: Parameter
) -> _Entry | None:
    """How the config gets an argument from the attribute that keeps it; perhaps from one that is to keep it."""
    if _is_rebound(item.name, constructor):
        return None
    kept = [store for store in constructor.method.stores if _is_kept(store, facts)]
    if object_reason(item, constructor, facts) is None:
        values = (_plain_value(store, item.name, constructor) for store in kept)
        value = next((value for value in values if value is not None), None)
        written = value is not None and not value.startswith("self.")
        if not written and not is_surely_plain(item, constructor, facts):
            return None
        return _kept_anew(ctx, facts, role, constructor, item) if value is None else _Entry(item.name, value)
    same = [store for store in kept if _is_name(store.value, item.name)]
    if not same or not _can_be_serialized(item, constructor, facts):
        return None
    value = serialized(ctx, facts, f"self.{same[0].attr}")
    return None if value is None else _Entry(item.name, value, is_object=True)


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_rebound(name: str, constructor: Constructor) -> bool:
    return any(
        _is_name(node, name) and not isinstance(node.ctx, ast.Load)  # type: ignore[attr-defined]
        for node in walk(constructor.method.node)
    )


def _is_kept(store: SelfStore, facts: ClassFacts) -> bool:
    """Whether an attribute has what the constructor gives it, whatever happens."""
    guards = store.guards
    always = not (guards.conditional or guards.looped or store.augmented)
    return always and len(facts.stores.get(store.attr, ())) == 1


def _plain_value(store: SelfStore, name: str, constructor: Constructor) -> str | None:
    """The expression that gives what the constructor would take for the same again."""
    match store.value:
        case ast.Name(id=found) if found == name:
            return f"self.{store.attr}"
        case (
            ast.IfExp(body=ast.Name(id=found)) | ast.BoolOp(op=ast.Or(), values=[ast.Name(id=found), *_])
        ) if found == name:
            return f"self.{store.attr}"
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=found)], keywords=[]) if (
            found == name and function in _CONVERSIONS
        ):
            return f"self.{store.attr}"
        case ast.Call(
            func=ast.Attribute(value=module) as function, args=[ast.Name(id=found)], keywords=[]
        ) if found == name:
            value = constructor.method.resolve(function)
            if isinstance(value, ApiValue) and value.api.name in _GETTERS:
                return f"{ast.unparse(module)}.serialize(self.{store.attr})"
    return None


def _kept_anew(
    ctx: Context, facts: ClassFacts, role: Role, constructor: Constructor, item: Parameter
) -> _Entry | None:
    """An attribute for an argument that no attribute keeps, if none of that name means something else."""
    name = item.name
    taken = {read.attr for method in facts.methods() for read in method.reads} | facts.stores.keys()
    if name in taken or facts.defines(name) or facts.dynamic:
        return None
    if name in instance_attributes(_BASE_OF.get(role, "keras.layers.Layer"), facts.version):
        return None
    code = f"{constructor.method.self_name}.{name} = {name}"
    calls = constructor.super_calls
    if not calls and role not in _BASE_OF:
        edits = insert_first(ctx.source, constructor.method.node, code)
    elif len(calls) == 1 and not calls[0].guards.conditional and not calls[0].guards.looped:
        statement = statement_of(ctx.source, calls[0].node)
        edits = None if statement is None else insert_after(ctx.source, statement, code)
    else:
        return None
    return None if edits is None else _Entry(name, f"self.{name}", added=edits)


def _can_be_serialized(item: Parameter, constructor: Constructor, facts: ClassFacts) -> bool:
    """Whether Keras can write such an object, and make it again."""
    found = object_reason(item, constructor, facts)
    if found is None or isinstance(item.default, ast.Lambda):
        return False
    node, reason = found
    match reason.split("`"):
        case [_, name, _] if node is item.node:
            value = static_value(ast.Name(name, ast.Load()), facts.cls.scope)
            return not isinstance(value, ClassValue) or bool(ancestry(value, facts.version).apis)
        case [_, attribute, _]:
            return attribute in instance_attributes("keras.Model", facts.version)
    if node is item.default:
        made = node.func if isinstance(node, ast.Call) else node
        if not isinstance(made, ast.Name | ast.Attribute):
            return False
        value = static_value(made, facts.cls.scope)
        return reason != "a class" and isinstance(value, ApiValue | FunctionValue)
    return not reason.startswith("a TensorFlow")
