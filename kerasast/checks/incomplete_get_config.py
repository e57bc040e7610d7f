"""`get_config` that does not return what `__init__` needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._config_fixes import record
from kerasast.checks._wording import listed, saved
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import add_method, safe
from kerasast.flow.class_facts import ClassFacts, Constructor, Parameter, class_facts
from kerasast.flow.configs import Config
from kerasast.flow.events import ClassDefined
from kerasast.flow.plain import why_not_plain
from kerasast.flow.roles import (
    LAYER_KEYWORDS,
    base_parameters,
    is_functional,
    is_sequential,
    keras_base,
    role_of,
)
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_USUAL = LAYER_KEYWORDS | {"reduction"}
_UNRECORDED = {"batch_size", "implementation", "input_dim", "input_shape", "weights"}


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def incomplete_get_config(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    constructor = facts.constructor
    if constructor is None or role_of(facts) is None or _is_special(facts):
        return
    config = _config(facts)
    if config is None or not config.complete:
        return
    recorded = _USUAL | config.keys.keys() | (base_parameters(facts) if config.inherits else frozenset())
    recorded -= config.removed - _USUAL
    recorded -= _required_unrecorded(facts, constructor) - config.keys.keys()
    if config.inherits:
        recorded |= _handed_on(constructor)
    declared = _declared_by_base(facts) | _saved_with_weights(facts)
    lost = [
        item
        for item in constructor.parameters
        if item.name not in recorded and item.name not in declared and _matters(constructor, item)
    ]
    sure = [key for key in config.keys if key not in config.unsure] if "get_config" in facts.own else []
    surplus = [key for key in sure if not _takes(facts, key)]
    if (lost or surplus) and is_only_a_base(facts.cls):
        return
    if lost:
        yield _lost(ctx, facts, constructor, lost, config, surplus)
    elif surplus:
        yield _surplus(ctx, facts, constructor, surplus)


def _is_special(facts: ClassFacts) -> bool:
    """Whether how the object is made again cannot be told, or another class is to blame."""
    return (
        not facts.ancestry.complete
        or facts.is_decorated
        or facts.is_abstract
        or facts.restores_itself
        or bool(facts.cls.node.keywords)
        or is_sequential(facts)
        or is_functional(facts)
        or not ("get_config" in facts.own or "__init__" in facts.own)
    )


def _config(facts: ClassFacts) -> Config | None:
    if facts.defines("get_config"):
        return facts.full_config
    # A layer that derives from `Dense` has the config of `Dense`.
    return Config(inherits=True) if keras_base(facts) is not None else None


def _declared_by_base(facts: ClassFacts) -> set[str]:
    """The parameters of the class whose `get_config` is inherited: what it lacks is reported there."""
    if "get_config" in facts.own:
        return set()
    method = facts.method("get_config")
    if method is None:
        return set()
    owner = class_facts(method.owner, facts.version).constructor
    return set() if owner is None else {item.name for item in owner.parameters}


def _saved_with_weights(facts: ClassFacts) -> set[str]:
    """What the class writes into the file of a model by itself: a vocabulary that becomes an asset."""
    methods = [facts.method(name) for name in ("save_assets", "save_own_variables")]
    return {read.attr for method in methods if method is not None for read in method.reads}


def _required_unrecorded(facts: ClassFacts, constructor: Constructor) -> set[str]:
    """The parameters without a default that `Layer.__init__` knows too, but does not put into the config."""
    if keras_base(facts) is not None:
        return set()
    return {item.name for item in constructor.parameters if item.required} & _UNRECORDED


def _handed_on(constructor: Constructor) -> set[str]:
    """The arguments that the base class is given by name; what wraps a function records all that it is given."""
    return {
        keyword.arg
        for call in constructor.super_calls
        for keyword in call.node.keywords
        if keyword.arg is not None and isinstance(keyword.value, ast.Name) and keyword.value.id == keyword.arg
    }


def _matters(constructor: Constructor, parameter: Parameter) -> bool:
    """Whether an argument is more than another way to give something, or the first values of the weights.

    `shape=None` from which `batch_shape` is made, or `embeddings=None` that fills a weight, need no record: the
    attributes that they end in are recorded, or saved with the weights.
    """
    default = parameter.default
    if isinstance(default, ast.Constant) and default.value is None:
        return _attribute_of(parameter, constructor) is not None
    return any(
        isinstance(node, ast.Name) and node.id == parameter.name
        for statement in constructor.method.node.body
        for node in walk(statement)
    )


def _takes(facts: ClassFacts, key: str) -> bool:
    """Whether the constructor may take a keyword argument, itself or by passing `**kwargs` on."""
    for parent in facts.lineage:
        if "__init__" not in parent.own:
            continue
        constructor = parent.constructor
        if constructor is None or constructor.parameter(key) is not None:
            return True
        if constructor.kwargs is None:
            return False
        if not _only_forwards(constructor):
            return True
    return key in _USUAL or key in base_parameters(facts)


def _only_forwards(constructor: Constructor) -> bool:
    """Whether `**kwargs` are used for nothing but the base class's `__init__`."""
    assert constructor.kwargs is not None
    name = constructor.kwargs.arg
    uses = [
        node
        for statement in constructor.method.node.body
        for node in walk(statement)
        if isinstance(node, ast.Name) and node.id == name
    ]
    return constructor.forwards_kwargs and len(uses) == 1


def _lost(
    ctx: Context,
    facts: ClassFacts,
    constructor: Constructor,
    lost: list[Parameter],
    config: Config,
    surplus: list[str],
) -> Diagnostic:
    name = facts.cls.name
    required = [item for item in lost if item.required]
    names = listed([item.name for item in required or lost])
    if "get_config" in facts.own:
        where: ast.AST = facts.own["get_config"].node
        subject = f"`get_config` of `{name}` lacks {names}"
    else:
        method = facts.method("get_config")
        base = method.owner.name if method is not None else str(keras_base(facts)).rpartition(".")[2]
        where = facts.cls.node
        subject = f"`{name}` inherits `get_config` from `{base}`, which lacks {names}"
    if surplus and not required:
        subject += f" and returns {listed(surplus)} instead"
    if required or surplus:
        effect = f"{saved(name, facts.version)} cannot be loaded"
    else:
        effect = f"a loaded `{name}` silently goes back to the default of {names}"
    story = [ctx.step(item.node, "an argument of `__init__`") for item in (required or lost)[:4]]
    if "__init__" not in facts.own:
        story = []  # The constructor may be in another file.
    return ctx.report(
        where,
        f"{subject}: {effect}",
        story=tuple(story),
        help=_help(required or lost, constructor, config, surplus),
        severity=None if (required or surplus) and facts.version.major >= 3 else Severity.WARNING,
        fix=None if surplus else partial(_complete, ctx.source, facts, constructor, lost, list(config.keys)),
    )


def _complete(
    source: SourceFile, facts: ClassFacts, constructor: Constructor, lost: list[Parameter], keys: list[str]
) -> Fix | None:
    """Record what `__init__` keeps on `self`, where that is a plain value and nothing else changes it."""
    entries = {}
    for item in lost:
        entry = _entry(item, constructor)
        if entry is None or why_not_plain(item, constructor, facts) is not None:
            return None
        key, value = entry.split(": ", 1)
        attribute = _attribute_of(item, constructor)
        if attribute is None or len(facts.stores.get(attribute, [])) != 1:
            return None
        entries[key.strip('"')] = value
    title = f"Add {listed(list(entries))} to the config"
    own = facts.own.get("get_config")
    if own is not None:
        return safe(title, record(source, own.node, keys, entries))
    texts = [f'"{key}": {value}' for key, value in entries.items()]
    lines = ["def get_config(self):", f"    return {{{', '.join(['**super().get_config()', *texts])}}}"]
    if len(lines[1]) > 90:
        entry_lines = [f"        {text}," for text in ("**super().get_config()", *texts)]
        lines[1:] = ["    return {", *entry_lines, "    }"]
    code = "\n".join(lines)
    return safe(title, add_method(source, facts.cls.node, code))


def _help(lost: list[Parameter], constructor: Constructor, config: Config, surplus: list[str]) -> str:
    first = lost[0].name
    renamed = _renamed(_attribute_of(lost[0], constructor), config, surplus)
    if renamed is not None:
        return f'call the key `"{first}"` instead of `"{renamed}"`'
    entries = [entry for item in lost for entry in [_entry(item, constructor)] if entry is not None]
    if len(entries) < len(lost):
        return f"keep `{first}` on `self` as it was given, and add it to the config"
    if len(entries) > 3:
        return "add each of them to the config"
    return "add " + " and ".join(f"`{entry}`" for entry in entries) + " to the config"


def _surplus(ctx: Context, facts: ClassFacts, constructor: Constructor, surplus: list[str]) -> Diagnostic:
    name = facts.cls.name
    return ctx.report(
        facts.own["get_config"].node,
        f"`get_config` of `{name}` returns {listed(surplus)}, which `__init__` does not take:"
        f" {saved(name, facts.version)} cannot be loaded",
        help="return exactly the arguments of `__init__`, under their names",
    )


def _attribute_of(parameter: Parameter, constructor: Constructor) -> str | None:
    """The attribute that keeps a parameter, as it is or converted: `self.rate = float(rate)`."""
    for store in constructor.method.stores:
        if store.value is not None and any(
            isinstance(node, ast.Name) and node.id == parameter.name for node in walk(store.value)
        ):
            return store.attr
    return None


_CONVERSIONS = {"bool", "dict", "float", "int", "list", "str", "tuple"}


def _entry(parameter: Parameter, constructor: Constructor) -> str | None:
    """What records a parameter, if an attribute keeps it as it was given: `"rate": self.rate`."""
    for store in constructor.method.stores:
        match store.value:
            case ast.Name(id=name) if name == parameter.name:
                return f'"{name}": self.{store.attr}'
            case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)], keywords=[]) if (
                name == parameter.name and function in _CONVERSIONS
            ):
                return f'"{name}": self.{store.attr}'
            case ast.Call(func=ast.Attribute(value=module, attr="get"), args=[ast.Name(id=name)]) if (
                name == parameter.name
            ):
                return f'"{name}": {ast.unparse(module)}.serialize(self.{store.attr})'
    return None


def _renamed(attribute: str | None, config: Config, surplus: list[str]) -> str | None:
    """The key under which the config has that attribute."""
    for key in surplus:
        value = config.keys[key]
        if isinstance(value, ast.Attribute) and value.attr == attribute:
            return key
    return None
