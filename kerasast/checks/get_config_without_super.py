"""`get_config` that leaves out what the base class records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._config_fixes import forward_kwargs, inherit_config
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.roles import BASE_KEYS, Role, is_functional, is_sequential, keras_base, role_of
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_LOST = {
    Role.LAYER: "its name, `trainable` and `dtype`",
    Role.MODEL: "its name, `trainable` and `dtype`",
    Role.METRIC: "its name and `dtype`",
    Role.LOSS: "its name and `reduction`",
}


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def get_config_without_super(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method, role = facts.own.get("get_config"), role_of(facts)
    if method is None or role not in BASE_KEYS or not _is_plain(facts, role):
        return
    config = facts.config
    if config is None or config.inherits or not config.complete or "name" in config.keys:
        return
    if is_only_a_base(facts.cls):
        return
    constructor = facts.constructor
    forwards = constructor is None or constructor.kwargs is not None
    # A constructor without `**kwargs` gives the built-in base fixed arguments: these are not lost.
    base = keras_base(facts) if forwards else None
    lost = _LOST[role]
    loaded = f"a loaded {role.value}"
    if facts.version.major < 3:
        loaded = f"a {role.value} loaded from `.keras` or `.h5`"
    if base is not None:
        lost = f"the arguments of `{base.rpartition('.')[2]}`, {lost}"
    yield ctx.report(
        method.node,
        f"`get_config` of `{facts.cls.name}` leaves out the base class's config: {loaded} forgets {lost}",
        help="start from `config = super().get_config()`"
        + ("" if forwards else ", and take `**kwargs` in `__init__` for `super().__init__(**kwargs)`"),
        severity=Severity.WARNING if base is None else None,
        fix=partial(_fix, ctx.source, facts, forwards),
    )


def _fix(source: SourceFile, facts: ClassFacts, forwards: bool) -> Fix | None:
    config, constructor = facts.config, facts.constructor
    if config is None or "get_config" not in facts.own:
        return None
    inherited = inherit_config(source, facts.own["get_config"].node, list(config.keys))
    if forwards and (constructor is None or constructor.forwards_kwargs or "__init__" not in facts.own):
        return safe("Start from the base class's config", inherited)
    forwarded = forward_kwargs(source, facts)
    return safe("Start from the base class's config, and pass `**kwargs` on to it", inherited, forwarded)


def _is_plain(facts: ClassFacts, role: Role) -> bool:
    """Whether what is left out is certainly lost."""
    if not facts.ancestry.complete or facts.is_decorated or facts.restores_itself:
        return False
    if role is not Role.MODEL:
        return True
    # In Keras 2 the base's config is empty; a functional or Sequential model's describes its layers.
    return facts.version.major >= 3 and not is_functional(facts) and not is_sequential(facts)
