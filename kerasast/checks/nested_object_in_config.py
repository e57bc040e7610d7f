"""An object in a config that nothing turns back into the object."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from kerasast.checks._config_skeleton import read_objects, serialized
from kerasast.checks._loss_functions import full_name
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import add_method, replace, text_of, unsafe
from kerasast.flow.class_facts import ClassFacts, Constructor
from kerasast.flow.configs import Config
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, MethodFacts, SelfStore, self_path
from kerasast.flow.roles import is_functional, is_sequential, keras_base, role_of
from kerasast.flow.uses import is_only_a_base
from kerasast.registry import FixAvailability, rule
from kerasast.walking import walk

_SERIALIZERS = frozenset({"serialize", "serialize_keras_object"})

_ARRAYS = frozenset(
    {
        "numpy.array",
        "numpy.asarray",
        "tensorflow.constant",
        "tensorflow.convert_to_tensor",
        "tensorflow.cast",
        "keras.ops.array",
        "keras.ops.cast",
        "keras.ops.convert_to_tensor",
    }
)
"""Functions that make an array or tensor of their first argument, and do not take the dict that Keras saves for one."""


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def nested_object_in_config(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    method, constructor, config = facts.own.get("get_config"), facts.constructor, facts.config
    if method is None or constructor is None or config is None or not _is_plain(facts):
        return
    for key, value in config.keys.items():
        array = _array(value, key, method, constructor, facts)
        if array is not None:
            yield _report_array(ctx, facts, key, value, array)
    found = list(_nested(facts, constructor, config))
    for item in found:
        yield ctx.report(
            item.value,
            f"a `{facts.cls.name}` loaded from `.keras` has a dict in place of `{item.key}`:"
            " no `from_config` makes the object from it again",
            story=(
                ctx.step(item.use.node, f"`self.{item.attribute}` is called, which a dict cannot be"),
                *(ctx.step(node, "the argument") for node in _own_parameter(constructor, item.key, facts)),
            ),
            help=f"write a `from_config` that replaces `config[{item.key!r}]`"
            " by `keras.saving.deserialize_keras_object(…)` of it",
            fix=partial(_fix, ctx, facts, found) if not config.unsure else None,
        )


@dataclass(frozen=True, slots=True)
class _Nested:
    """An object in a config: its key, its value there, the attribute that has it, and a call of that."""

    key: str
    value: ast.expr
    attribute: str
    use: CallSite


def _nested(facts: ClassFacts, constructor: Constructor, config: Config) -> Iterator[_Nested]:
    for key, value in config.keys.items():
        attribute = _attribute(value, facts.own["get_config"].self_name)
        if attribute is None or not _is_kept(attribute, key, constructor, facts):
            continue
        use = _call_of(attribute, facts)
        if use is not None and use.method in facts.own:
            yield _Nested(key, value, attribute, use)


def _fix(ctx: Context, facts: ClassFacts, found: Sequence[_Nested]) -> Fix | None:
    """One `from_config` for all objects of the config, which has them serialized."""
    code = read_objects(ctx, facts, [item.key for item in found])
    if code is None:
        return None
    method = facts.own["get_config"]
    parts = []
    for item in found:
        if isinstance(item.value, ast.Call) and item.value.args:
            continue  # it is serialized already
        text = serialized(ctx, facts, f"{method.self_name}.{item.attribute}")
        parts.append(None if text is None else replace(ctx.source, item.value, text))
    added = add_method(ctx.source, facts.cls.node, code, after=method.node)
    return unsafe("Make the object again in `from_config`", *parts, added)


def _write_list(ctx: Context, value: ast.expr, made: str) -> Fix | None:
    """Let the config have a list in place of an array or a tensor of TensorFlow."""
    if not made.startswith(("numpy.", "tensorflow.")):
        return None
    call = ".tolist()" if made.startswith("numpy.") else ".numpy().tolist()"
    return unsafe("Return a list", replace(ctx.source, value, f"{text_of(ctx.source, value)}{call}"))


def _array(
    value: ast.expr, key: str, method: MethodFacts, constructor: Constructor, facts: ClassFacts
) -> SelfStore | None:
    """The assignment `self.table = np.array(table)`, if the config has `self.table` as it is."""
    path = self_path(value, method.self_name)
    stores = facts.stores.get(path[0], []) if len(path) == 1 else []
    if len(stores) != 1 or stores[0].guards.conditional or stores[0].method != "__init__":
        return None
    match stores[0].value:
        case ast.Call(func=function, args=[ast.Name(id=name), *_]) if name == key:
            made = full_name(constructor.method.resolve(function))
            if (
                made in _ARRAYS
                and _mentions(key, constructor) == 1
                and constructor.parameter(key) is not None
            ):
                return stores[0]
    return None


def _report_array(ctx: Context, facts: ClassFacts, key: str, value: ast.expr, store: SelfStore) -> Diagnostic:
    constructor = facts.constructor
    call = store.value if isinstance(store.value, ast.Call) else None
    made = (
        "" if constructor is None or call is None else full_name(constructor.method.resolve(call.func)) or ""
    )
    what = "an array" if "array" in ast.unparse(store.value or value) else "a tensor"
    plain = f"self.{store.attr}.tolist()" if what == "an array" else f"self.{store.attr}.numpy().tolist()"
    return ctx.report(
        value,
        f"a `{facts.cls.name}` loaded from `.keras` is given a dict in place of `{key}`: "
        f"that is how Keras saves {what}, and nothing turns it back",
        story=(ctx.step(store.node, f"it is {what}"),) if "__init__" in facts.own else (),
        help=f'return a list: `"{key}": {plain}`',
        fix=partial(_write_list, ctx, value, made),
    )


def _is_plain(facts: ClassFacts) -> bool:
    """Whether Keras makes such an object by giving its config to the constructor as it is."""
    return (
        role_of(facts) is not None
        and keras_base(facts) is None
        and facts.ancestry.complete
        and not (is_functional(facts) or is_sequential(facts))
        and not facts.restores_itself
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
    # Any other mention may look at what it is, and make an object of a dict.
    return _mentions(parameter, constructor) == 1


def _mentions(name: str, constructor: Constructor) -> int:
    """How often the body of the constructor mentions a name."""
    nodes = (node for part in constructor.method.node.body for node in walk(part))
    return sum(isinstance(node, ast.Name) and node.id == name for node in nodes)


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
