"""What the methods of a class do, for the rules about classes: constructor, attributes, calls, config."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from kerasast.flow.ancestry import Ancestry, ancestry, class_bindings
from kerasast.flow.configs import Config, read_config
from kerasast.flow.methods import CallSite, MethodFacts, SelfStore, method_facts
from kerasast.flow.values import ApiValue, ClassValue
from kerasast.walking import walk

if TYPE_CHECKING:
    from kerasast.versions import KerasVersion

_REGISTER = "keras.saving.register_keras_serializable"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a constructor, without `self`. `default` is its default, if it has one."""

    name: str
    node: ast.arg
    default: ast.expr | None
    keyword_only: bool
    positional_only: bool

    @property
    def required(self) -> bool:
        return self.default is None

    @property
    def annotation(self) -> ast.expr | None:
        return self.node.annotation


@dataclass(frozen=True, slots=True)
class Constructor:
    """An `__init__`: its named parameters in order, and its `*args` and `**kwargs` if it has them."""

    method: MethodFacts
    parameters: tuple[Parameter, ...]
    varargs: ast.arg | None
    kwargs: ast.arg | None

    def parameter(self, name: str) -> Parameter | None:
        """The parameter called `name`."""
        return next((item for item in self.parameters if item.name == name), None)

    def accepts(self, name: str) -> bool:
        """Whether the keyword argument `name` can be given."""
        found = self.parameter(name)
        return self.kwargs is not None or (found is not None and not found.positional_only)

    @property
    def super_calls(self) -> list[CallSite]:
        """The calls of a base class's `__init__`."""
        return list(self.method.super_calls("__init__"))

    @property
    def forwards_kwargs(self) -> bool:
        """Whether some base class's `__init__` is given the `**kwargs` of this one."""
        return self.kwargs is not None and any(
            keyword.arg is None and _is_name(keyword.value, self.kwargs.arg)
            for call in self.super_calls
            for keyword in call.node.keywords
        )

    @property
    def uses_kwargs(self) -> bool:
        """Whether the body mentions its `**kwargs` at all."""
        return self.kwargs is not None and any(
            _is_name(node, self.kwargs.arg) for part in self.method.node.body for node in walk(part)
        )


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


class ClassFacts:
    """What the methods of one class and of its project ancestors do. All of it is computed when asked for."""

    def __init__(self, cls: ClassValue, version: KerasVersion) -> None:
        self.cls = cls
        self.version = version

    @cached_property
    def ancestry(self) -> Ancestry:
        return ancestry(self.cls, self.version)

    @cached_property
    def own(self) -> dict[str, MethodFacts]:
        """The methods that the body of this class defines."""
        return {
            name: method_facts(node, self.cls)
            for name, node in class_bindings(self.cls.node).items()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @cached_property
    def parents(self) -> tuple[ClassFacts, ...]:
        """The facts of the project ancestors, nearest first."""
        return tuple(class_facts(cls, self.version) for cls in self.ancestry.classes[1:])

    @property
    def lineage(self) -> tuple[ClassFacts, ...]:
        """The facts of this class and its project ancestors, nearest first."""
        return (self, *self.parents)

    def method(self, name: str) -> MethodFacts | None:
        """The nearest definition of a method; `None` if there is none, or something else has that name."""
        for facts in self.lineage:
            if name in class_bindings(facts.cls.node):
                return facts.own.get(name)
        return None

    def defines(self, name: str) -> bool:
        """Whether a project class of the lineage binds `name` in its body."""
        return self.ancestry.defines(name)

    @cached_property
    def restores_itself(self) -> bool:
        """Whether it has a `from_config` that may do more than the inherited one: `return cls(**config)`."""
        method = self.method("from_config")
        return self.defines("from_config") and (method is None or not _is_default_restoring(method.node))

    def methods(self) -> Iterator[MethodFacts]:
        """Every method of the lineage, also those that are overridden."""
        for facts in self.lineage:
            yield from facts.own.values()

    @cached_property
    def constructor(self) -> Constructor | None:
        """The nearest `__init__` of the project."""
        method = self.method("__init__")
        return None if method is None else _constructor(method)

    @cached_property
    def stores(self) -> dict[str, list[SelfStore]]:
        """Every assignment to an attribute of `self` in the lineage, by attribute."""
        found: dict[str, list[SelfStore]] = {}
        for method in self.methods():
            for store in method.stores:
                found.setdefault(store.attr, []).append(store)
        return found

    @cached_property
    def dynamic(self) -> bool:
        """Whether attributes come to be in ways that are not followed, or something may replace the class."""
        return (
            any(method.dynamic for method in self.methods())
            or self.defines("__getattr__")
            or self.defines("__getattribute__")
            or self.defines("__setattr__")
            or any(facts.is_decorated or facts.cls.node.keywords for facts in self.lineage)
        )

    @cached_property
    def is_decorated(self) -> bool:
        """Whether this class has a decorator other than one that registers or exports it."""
        return not all(_is_harmless(node) for node in self.cls.node.decorator_list)

    @cached_property
    def is_abstract(self) -> bool:
        """Whether it is meant to be subclassed: a method only raises or is declared abstract."""
        names = {name for facts in self.lineage for name in facts.own}
        found = (self.method(name) for name in names)
        return any(method is not None and method.is_abstract for method in found)

    @cached_property
    def config(self) -> Config | None:
        """What the nearest `get_config` of the project returns; `None` without one that can be read."""
        method = self.method("get_config")
        return None if method is None else read_config(method)

    @cached_property
    def full_config(self) -> Config | None:
        """As `config`, with the keys of the project's base classes put in for `super().get_config()`.

        `inherits` then tells whether the config of the Keras base is among them.
        """
        return _joined(self.lineage) if self.defines("get_config") else None

    @cached_property
    def registered(self) -> str | None:
        """The name under which `register_keras_serializable` registers this class: `package>name`."""
        for node, value in zip(self.cls.node.decorator_list, self.cls.decorators, strict=False):
            if isinstance(value, ApiValue) and value.api.name == _REGISTER:
                return _registered_name(node, self.cls.name)
        return None


def _joined(lineage: tuple[ClassFacts, ...]) -> Config | None:
    """The config of the first class of a lineage, with that of its project bases; `None` if unreadable."""
    for index, facts in enumerate(lineage):
        if "get_config" in class_bindings(facts.cls.node):
            own = facts.own.get("get_config")
            found = None if own is None else read_config(own)
            if found is None or not found.inherits:
                return found
            rest = _joined(lineage[index + 1 :])
            return None if rest is None else _over(rest, found)
    return Config(inherits=True)


def _over(base: Config, own: Config) -> Config:
    kept = {key: value for key, value in base.keys.items() if key not in own.removed}
    merged = Config(kept, base.inherits, base.complete, base.removed).merged(own)
    return replace(merged, inherits=base.inherits)


def _constructor(method: MethodFacts) -> Constructor:
    arguments = method.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults.extend(arguments.defaults)
    parameters = [
        Parameter(node.arg, node, default, False, node in arguments.posonlyargs)
        for node, default in zip(positional, defaults, strict=True)
    ][1:]
    for node, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameters.append(Parameter(node.arg, node, default, True, False))
    return Constructor(method, tuple(parameters), arguments.vararg, arguments.kwarg)


def _is_default_restoring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a `from_config` is written as Keras has it."""
    match node.decorator_list, node.args.args, node.body[-1]:
        case (
            [ast.Name("classmethod")],
            [ast.arg(cls), ast.arg(config)],
            ast.Return(ast.Call(ast.Name(maker), [], [ast.keyword(None, ast.Name(given))])),
        ):
            plain = all(isinstance(item, ast.Expr | ast.Pass) for item in node.body[:-1])
            return plain and (maker, given) == (cls, config)
    return False


def _is_harmless(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else node
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return any(word in name for word in ("register", "export", "final", "deprecated"))


def _registered_name(node: ast.expr, name: str) -> str:
    package = "Custom"
    if isinstance(node, ast.Call):
        given = dict(zip(("package", "name"), node.args, strict=False))
        given.update({keyword.arg: keyword.value for keyword in node.keywords if keyword.arg})
        package = _text(given.get("package"), package)
        name = _text(given.get("name"), name)
    return f"{package}>{name}"


def _text(node: ast.expr | None, otherwise: str) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else otherwise


def class_facts(cls: ClassValue, version: KerasVersion) -> ClassFacts:
    """The facts of a project class, made once for each class and Keras version."""
    cache: dict[tuple[ast.ClassDef, KerasVersion], ClassFacts]
    cache = cls.scope.module.__dict__.setdefault("_class_facts", {})
    key = (cls.node, version)
    if key not in cache:
        cache[key] = ClassFacts(cls, version)
    return cache[key]
