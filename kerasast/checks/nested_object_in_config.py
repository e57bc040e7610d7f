"""An object in a config that nothing turns back into the object."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, Constructor
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, self_path
from kerasast.flow.roles import is_functional, is_sequential, keras_base, role_of
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import rule

_SERIALIZERS = frozenset({"serialize", "serialize_keras_object"})


@rule(category="custom-objects", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def nested_object_in_config(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method, constructor, config = facts.own.get("get_config"), facts.constructor, facts.config
    if method is None or constructor is None or config is None or not _is_plain(facts):
        return
    for key, value in config.keys.items():
        attribute = _attribute(value, method.self_name)
        if attribute is None or not _is_kept(attribute, key, constructor, facts):
            continue
        use = _call_of(attribute, facts)
        if use is None or use.method not in facts.own:
            continue
        yield ctx.report(
            value,
            f"a `{facts.cls.name}` loaded from `.keras` has a dict in place of `{key}`:"
            " no `from_config` makes the object from it again",
            story=(
                ctx.step(use.node, f"`self.{attribute}` is called, which a dict cannot be"),
                *(ctx.step(item, "the argument") for item in _own_parameter(constructor, key, facts)),
            ),
            help=f"write a `from_config` that replaces `config[{key!r}]`"
            " by `keras.saving.deserialize_keras_object(…)` of it",
        )


def _is_plain(facts: ClassFacts) -> bool:
    """Whether Keras makes such an object by giving its config to the constructor as it is."""
    return (
        role_of(facts) is not None
        and keras_base(facts) is None
        and facts.ancestry.complete
        and not (is_functional(facts) or is_sequential(facts))
        and not facts.defines("from_config")
        and not facts.dynamic
        and not is_only_a_base(facts.cls)
    )


def _attribute(value: ast.expr, self_name: str | None) -> str | None:
    """`x` for `self.x`, `self.x.get_config()`, and `serialize_keras_object(self.x)`."""
    match value:
        case ast.Call(func=ast.Attribute(value=inner, attr="get_config"), args=[]):
            path = self_path(inner, self_name)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[inner]) if (
            name in _SERIALIZERS
        ):
            path = self_path(inner, self_name)
        case _:
            path = self_path(value, self_name)
    return path[0] if len(path) == 1 else None


def _is_kept(attribute: str, parameter: str, constructor: Constructor, facts: ClassFacts) -> bool:
    """Whether `self.attribute` is what the constructor was given for `parameter`, whatever that is."""
    stores = facts.stores.get(attribute, [])
    if len(stores) != 1 or stores[0].guards.conditional or constructor.parameter(parameter) is None:
        return False
    store = stores[0]
    if store.method != "__init__" or not (isinstance(store.value, ast.Name) and store.value.id == parameter):
        return False
    body = constructor.method.node.body
    names = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Name)]
    mentions = [node for node in names if node.id == parameter]
    # Any other mention may look at what it is, and make an object of a dict.
    return len(mentions) == 1


def _call_of(attribute: str, facts: ClassFacts) -> CallSite | None:
    """A place that certainly calls the attribute whenever its method runs."""
    for method in facts.methods():
        for call in method.self_calls(attribute):
            if not call.guards.conditional and method.name != "get_config":
                return call
    return None


def _own_parameter(constructor: Constructor, name: str, facts: ClassFacts) -> Iterator[ast.arg]:
    """The parameter, if the constructor is in the file of the class."""
    found = constructor.parameter(name)
    if found is not None and "__init__" in facts.own:
        yield found.node
