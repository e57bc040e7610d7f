"""A class whose constructor's arguments Keras cannot record by itself, without a `get_config`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._config_skeleton import write_config
from kerasast.checks._wording import CONFIG_ORDER, listed, saved
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Fix, Severity, Step
from kerasast.fixes import unsafe
from kerasast.flow.class_facts import ClassFacts, Constructor, Parameter
from kerasast.flow.events import ClassDefined
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.plain import why_not_plain
from kerasast.flow.roles import (
    BASE_KEYS,
    Role,
    base_parameters,
    is_functional,
    is_sequential,
    keras_base,
    own_constructor,
    role_of,
)
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.walking import walk

_HELP = "return every argument of `__init__` from `get_config`, added to `super().get_config()`"


@rule(
    category="custom-objects",
    severity=Severity.WARNING,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def missing_get_config(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    role = role_of(facts)
    if role is None or _has_config(facts) or facts.is_abstract or facts.is_decorated:
        return
    if is_only_a_base(facts.cls):
        return
    if role in (Role.REGULARIZER, Role.SCHEDULE):
        if "__call__" in facts.own or "__init__" in facts.own:
            yield ctx.report(
                facts.cls.node,
                f"a model that uses `{facts.cls.name}` cannot be saved{_as_file(facts)}:"
                f" a {role.value} needs a `get_config`",
                help="return the arguments of `__init__` in a dict from `get_config`",
                fix=partial(_fix, ctx, facts, role),
                confidence=kept_confidence(event),
            )
        return
    constructor = own_constructor(facts)
    if constructor is None:
        return
    parameters = [item for item in constructor.parameters if item.name not in base_parameters(facts)]
    if role is Role.LAYER:
        yield from _layer(ctx, event, constructor, parameters)
    elif role in (Role.INITIALIZER, Role.CONSTRAINT) and any(
        why_not_plain(item, constructor, facts) for item in parameters
    ):
        return  # It wraps another object: code makes it on the fly, and no config names it.
    elif role is Role.MODEL and facts.version.major < 3:
        if any(item.required and why_not_plain(item, constructor, facts) for item in parameters):
            yield _nothing_recorded(ctx, event, constructor, parameters)
    elif parameters:
        yield from _not_recorded(ctx, event, role, constructor, parameters)


def _as_file(facts: ClassFacts) -> str:
    return "" if facts.version.major >= 3 else " as `.keras` or `.h5`"


def _has_config(facts: ClassFacts) -> bool:
    """Whether something else than the general base class decides about the config, or may do so."""
    return (
        not facts.ancestry.complete
        or keras_base(facts) is not None
        or any(facts.defines(name) for name in ("get_config", "save", "__new__"))
        or is_sequential(facts)
        or (is_functional(facts) and not _is_called_again(facts))
        or bool(facts.cls.node.keywords)
    )


def _is_called_again(facts: ClassFacts) -> bool:
    """Whether Keras 3 makes a functional model of this class by its own constructor, not by that of `keras.Model`."""
    constructor = own_constructor(facts)
    if constructor is None or facts.version.major < 3:
        return False
    names = {item.name for item in constructor.parameters}
    return constructor.varargs is None and not names & {"inputs", "outputs"}


def _layer(
    ctx: Context, event: ClassDefined, constructor: Constructor, parameters: list[Parameter]
) -> Iterator[Diagnostic]:
    """Keras records the arguments of a layer's constructor by itself, if all of them are plain values."""
    facts, name = event.facts, event.cls.name
    for item in parameters:
        found = why_not_plain(item, constructor, facts)
        if found is None:
            continue
        node, reason = found
        yield ctx.report(
            facts.cls.node,
            f"a model with a `{name}` cannot be saved{_as_file(facts)}: its argument `{item.name}` is {reason},"
            " which Keras does not record without a `get_config`",
            story=_told(ctx, item, node, reason),
            help=_HELP + ", serialized where it is an object",
            fix=partial(_fix, ctx, facts, Role.LAYER),
            confidence=kept_confidence(event),
        )
        return
    if constructor.varargs is not None and _uses(constructor, constructor.varargs.arg):
        yield ctx.report(
            facts.cls.node,
            f"{saved(name, facts.version)} loses `*{constructor.varargs.arg}`:"
            " Keras does not record them without a `get_config`",
            story=(ctx.step(constructor.varargs, "the arguments"),),
            help=_HELP,
            confidence=kept_confidence(event),
        )


def _uses(constructor: Constructor, name: str) -> bool:
    """Whether the body reads a name in any other way than passing it on as `*name` to the base class."""
    forwarded = {
        arg.value
        for call in constructor.super_calls
        for arg in call.node.args
        if isinstance(arg, ast.Starred)
    }
    return any(
        isinstance(node, ast.Name) and node.id == name and node not in forwarded
        for statement in constructor.method.node.body
        for node in walk(statement)
    )


def _told(ctx: Context, item: Parameter, node: ast.AST, reason: str) -> tuple[Step, ...]:
    """The argument, and the place that shows what it is, where that is another."""
    argument = ctx.step(item.node, "the argument")
    return (argument,) if node is item.node else (argument, ctx.step(node, reason))


def _nothing_recorded(
    ctx: Context, event: ClassDefined, constructor: Constructor, parameters: list[Parameter]
) -> Diagnostic:
    """Keras 2 records the arguments of a model if all of them are plain values, and none otherwise."""
    name, facts = event.cls.name, event.facts
    found = ((item, why_not_plain(item, constructor, facts)) for item in parameters if item.required)
    item, (node, reason) = next((item, why) for item, why in found if why is not None)
    return ctx.report(
        facts.cls.node,
        f"a `{name}` saved as `.keras` cannot be loaded: its argument `{item.name}` is {reason},"
        " and then Keras 2 records no argument without a `get_config`",
        story=_told(ctx, item, node, reason),
        help=_HELP + ", serialized where it is an object",
        fix=partial(_fix, ctx, facts, Role.MODEL),
        confidence=Confidence.HIGH if _is_kept_whole(event) else Confidence.MEDIUM,
    )


def _is_kept_whole(event: ClassDefined) -> bool:
    """Whether a model of this class is saved whole, or the class is registered, which is done for nothing else."""
    needed = {need.name for site in event.saves for need in site.needs}
    return event.facts.registered is not None or event.cls.name in needed


def _not_recorded(
    ctx: Context, event: ClassDefined, role: Role, constructor: Constructor, parameters: list[Parameter]
) -> Iterator[Diagnostic]:
    facts, name = event.facts, event.cls.name
    required = [item for item in parameters if item.required]
    names = listed([item.name for item in required or parameters])
    refused = _refused(role, constructor)
    if refused and not required and role is Role.MODEL:
        message = (
            f"a saved `{name}` cannot be loaded: without a `get_config` its config has {listed(refused)},"
            f" which `__init__` does not take, and the defaults of {names}"
        )
    elif refused and not required:  # `init-without-kwargs` says why.
        message = (
            f"{saved(name, facts.version)} cannot be loaded as it was:"
            f" nothing records {names} without a `get_config`"
        )
    elif not required:
        message = (
            f"a loaded `{name}` goes back to the defaults of {names}, silently, for want of a `get_config`"
        )
    elif role is Role.MODEL and is_functional(facts):
        message = f"a saved `{name}` cannot be loaded: Keras 3 does not record {names} without a `get_config`"
    elif role is Role.MODEL:
        message = (
            f"`{name}` cannot be saved: Keras 3 does not record {names} of a model without a `get_config`"
        )
    else:
        message = (
            f"{saved(name, facts.version)} cannot be loaded: nothing records {names} without a `get_config`"
        )
    help_text = (
        _HELP if role is not Role.INITIALIZER else "return every argument of `__init__` from `get_config`"
    )
    yield ctx.report(
        facts.cls.node,
        message,
        story=tuple(ctx.step(item.node, "not recorded") for item in (required or parameters)[:4]),
        help=help_text
        + (", and take `**kwargs` in `__init__` for `super().__init__(**kwargs)`" if refused else ""),
        fix=partial(_fix, ctx, facts, role),
        confidence=kept_confidence(event),
    )


def _refused(role: Role, constructor: Constructor) -> list[str]:
    """What Keras gives `__init__` on loading, because the base class records it, and `__init__` does not take."""
    given = BASE_KEYS.get(role, frozenset()) - ({"name"} if role is Role.MODEL else set())
    return [key for key in CONFIG_ORDER if key in given and not constructor.accepts(key)]


def _fix(ctx: Context, facts: ClassFacts, role: Role) -> Fix | None:
    return unsafe("Write a `get_config`", write_config(ctx, facts, role, own_constructor(facts)))
