"""`__init__` that does not take the keyword arguments with which Keras makes the object again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._config_fixes import forward_kwargs
from kerasast.checks._wording import CONFIG_ORDER, listed, saved
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe
from kerasast.flow.class_facts import ClassFacts, Constructor
from kerasast.flow.events import ClassDefined
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.plain import why_not_plain
from kerasast.flow.roles import (
    BASE_KEYS,
    LAYER_KEYWORDS,
    Role,
    base_parameters,
    is_sequential,
    keras_base,
    own_constructor,
    role_of,
)
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="custom-objects",
    severity=Severity.WARNING,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def init_without_kwargs(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    constructor, role = own_constructor(facts), role_of(facts)
    if constructor is None or role not in BASE_KEYS or is_sequential(facts) or _is_special(facts):
        return
    if not constructor.super_calls:
        return  # Another mistake, or a constructor that is not followed.
    keys = _given_on_load(facts, role)
    if keys and is_only_a_base(facts.cls):
        return
    missing = [key for key in CONFIG_ORDER if key in keys and not constructor.accepts(key)]
    name = facts.cls.name
    if missing:
        yield ctx.report(
            constructor.method.node,
            f"{saved(name, facts.version)} cannot be loaded: its config has {listed(missing)},"
            " which `__init__` does not take",
            help="take `**kwargs` in `__init__` and call `super().__init__(**kwargs)`",
            fix=partial(_fix, ctx.source, facts),
            confidence=kept_confidence(event),
        )
    elif role is Role.LAYER and keys and _drops_kwargs(constructor):
        yield ctx.report(
            constructor.kwargs or constructor.method.node,
            f"`__init__` of `{name}` drops its `**kwargs`, so a loaded layer forgets its name, `trainable` and `dtype`",
            help="pass them on: `super().__init__(**kwargs)`",
            fix=partial(_fix, ctx.source, facts),
            confidence=kept_confidence(event),
        )


def _fix(source: SourceFile, facts: ClassFacts) -> Fix | None:
    return safe("Pass `**kwargs` on to the base class", forward_kwargs(source, facts))


def _is_special(facts: ClassFacts) -> bool:
    """Whether it cannot be told how the object is made again, or nobody makes one of this very class."""
    return (
        not facts.ancestry.complete
        or facts.is_decorated
        or facts.restores_itself
        or facts.is_abstract
        or bool(facts.cls.node.keywords)
    )


def _given_on_load(facts: ClassFacts, role: Role) -> frozenset[str]:
    """The keys of its config that Keras itself puts there; empty where that is not certain."""
    keys = BASE_KEYS[role]
    modern = facts.version.major >= 3
    if role is Role.MODEL and not modern:
        return frozenset()  # Keras 2 records nothing but the arguments of a model's constructor.
    if facts.defines("get_config"):
        config = facts.full_config
        if config is None or not config.inherits or not config.complete:
            return frozenset()
        return keys - config.removed
    if role is Role.LAYER and keras_base(facts) is None:
        # The automatic config of Keras 2 has only the arguments that were given.
        return keys - {"name"} if modern and not _needs_config(facts) else frozenset()
    if role is Role.MODEL:
        # With other parameters the model needs a `get_config` first, which another rule says.
        constructor = facts.constructor
        other = constructor.parameters if constructor is not None else ()
        return (
            frozenset() if any(item.name not in base_parameters(facts) for item in other) else keys - {"name"}
        )
    return keys


def _needs_config(facts: ClassFacts) -> bool:
    """Whether the layer needs a `get_config` first, which another rule says."""
    constructor = facts.constructor
    return constructor is not None and any(
        item.name not in LAYER_KEYWORDS and why_not_plain(item, constructor, facts) is not None
        for item in constructor.parameters
    )


def _drops_kwargs(constructor: Constructor) -> bool:
    """Whether the `**kwargs` go nowhere, although a base class's `__init__` is called."""
    if constructor.kwargs is None or constructor.uses_kwargs or not constructor.super_calls:
        return False
    return all(
        keyword.arg is not None and keyword.arg not in ("trainable", "dtype")
        for call in constructor.super_calls
        for keyword in call.node.keywords
    )
