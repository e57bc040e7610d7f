"""What is found out about classes: ancestry, methods, constructors, configs."""

from __future__ import annotations

import ast

import pytest

from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.configs import Config
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, creates_state, has_random_state, is_functional, keras_base, role_of
from kerasast.flow.scopes import module_scope
from kerasast.flow.uses import may_be_a_layer
from kerasast.flow.values import ApiValue, ClassValue
from kerasast.index.module_index import index_module
from kerasast.index.project import ProjectIndex
from kerasast.keras_api import canonical
from kerasast.keras_api.attributes import instance_attributes
from kerasast.source import SourceFile
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion


def find(name: str, code: str, **modules: str) -> ClassValue:
    """The class called `name` in `code`, which is the module `main` of a project with further modules."""
    sources = {
        key: SourceFile(f"{key}.py", text)
        for key, text in {**modules, "main": "import keras\n" + code}.items()
    }
    indexes = {key: index_module(source, source.parse(), key) for key, source in sources.items()}
    project = ProjectIndex(indexes, sources.get)
    scope = module_scope(project, "main")
    assert scope is not None
    value = scope.lookup(name)
    assert isinstance(value, ClassValue)
    return value


def facts_of(name: str, code: str, version: KerasVersion = KERAS_3, **modules: str) -> ClassFacts:
    return class_facts(find(name, code, **modules), version)


def config_of(body: str) -> Config | None:
    """The config of a layer whose `get_config` has these lines."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return facts_of("A", f"class A(keras.layers.Layer):\n    def get_config(self):\n{lines}").config


class TestAncestry:
    def test_goes_through_the_project_to_keras(self) -> None:
        cls = find(
            "B",
            "from base import A\nclass B(A): pass",
            base="import keras\nclass A(keras.layers.Dense): pass",
        )
        found = ancestry(cls, KERAS_3)
        assert [parent.name for parent in found.classes] == ["B", "A"]
        assert found.apis[:2] == ("keras.layers.Dense", "keras.layers.Layer")
        assert found.complete
        assert found.derives("keras.layers.Layer")
        assert not found.derives("keras.Model")

    @pytest.mark.parametrize("bases", ["keras.layers.Layer, unknown()", "keras.layers.Layer, nowhere.Mixin"])
    def test_an_unknown_base_makes_it_incomplete(self, bases: str) -> None:
        found = ancestry(find("A", f"import nowhere\nclass A({bases}): pass"), KERAS_3)
        assert found.derives("keras.layers.Layer")
        assert not found.complete

    @pytest.mark.parametrize("base", ["object", "abc.ABC", "typing.Generic[T]"])
    def test_harmless_bases(self, base: str) -> None:
        code = f"import abc, typing\nT = typing.TypeVar('T')\nclass A(keras.layers.Layer, {base}): pass"
        assert ancestry(find("A", code), KERAS_3).complete

    def test_a_private_base_is_unknown(self) -> None:
        assert not ancestry(
            find("A", "class A(keras.layers.Layer, keras.src.Secret): pass"), KERAS_3
        ).complete

    def test_a_class_that_derives_from_itself_ends(self) -> None:
        found = ancestry(find("A", "class A(B): pass\nclass B(A): pass"), KERAS_3)
        assert not found.complete

    def test_methods_under_conditions_and_in_bases(self) -> None:
        code = """
class A(keras.layers.Layer):
    if True:
        def call(self, x): ...
class B(A):
    build = None
"""
        found = ancestry(find("B", code), KERAS_3)
        method = found.method("call")
        assert method is not None
        assert method.owner is not None
        assert method.owner.name == "A"
        assert found.defines("build")
        assert found.method("build") is None
        assert not found.defines("get_config")


class TestMethods:
    def test_stores_reads_and_calls(self) -> None:
        code = """
class A(keras.layers.Layer):
    def build(self, shape):
        self.a, self.b = keras.layers.Dense(3), None
        if self.flag:
            self.c = self.add_weight()
        setattr(self, "d", 1)
        self.a.build(shape)
"""
        method = facts_of("A", code).own["build"]
        assert {store.attr for store in method.stores} == {"a", "b", "c", "d"}
        conditional = {store.attr for store in method.stores if store.guards.conditional}
        assert conditional == {"c"}
        assert [call.path for call in method.calls if call.path] == [("add_weight",), ("a", "build")]
        assert not method.dynamic
        assert not method.passes_self

    def test_code_after_an_early_exit_is_guarded(self) -> None:
        code = """
class A(keras.Model):
    def build(self, shape):
        if self.done:
            return
        self.x = 1
"""
        assert facts_of("A", code).own["build"].stores[0].guards.conditional

    @pytest.mark.parametrize(
        ("line", "dynamic", "passes"),
        [
            ("setattr(self, name, 1)", True, False),
            ("self.__dict__.update(x=1)", True, False),
            ("vars(self)['x'] = 1", True, False),
            ("register(self)", False, True),
            ("hasattr(self, 'x') and super(A, self).call()", False, False),
            ("keras.Model.__init__(self, name='x')", False, False),
        ],
    )
    def test_ways_to_escape(self, line: str, dynamic: bool, passes: bool) -> None:
        method = facts_of("A", f"class A(keras.Model):\n    def call(self, x):\n        {line}").own["call"]
        assert (method.dynamic, method.passes_self) == (dynamic, passes)

    def test_local_names_hide_modules(self) -> None:
        code = "class A(keras.Model):\n    def call(self, keras):\n        return keras.layers.Dense(3)"
        (call,) = facts_of("A", code).own["call"].calls
        assert not isinstance(call.target, ApiValue)

    def test_reached_methods(self) -> None:
        code = """
class A(keras.Model):
    def call(self, x): return self.first(x)
    def first(self, x): return helper(self.second)
    def second(self, x): return x
    def other(self, x): return x
"""
        facts = facts_of("A", code)
        assert {method.name for method in reached_methods(facts, ["call"])} == {"call", "first", "second"}
        called = reached_methods(facts, ["call"], mentioned=False)
        assert {method.name for method in called} == {"call", "first"}


class TestConstructor:
    def test_parameters(self) -> None:
        code = """
class A(keras.layers.Layer):
    def __init__(self, units, rate=0.1, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
"""
        found = facts_of("A", code).constructor
        assert found is not None
        assert [(item.name, item.required) for item in found.parameters] == [
            ("units", True),
            ("rate", False),
            ("kind", True),
        ]
        assert found.forwards_kwargs
        assert found.accepts("name")

    def test_kwargs_that_are_used_but_not_forwarded(self) -> None:
        code = """
class A(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__()
        self.options = kwargs
"""
        found = facts_of("A", code).constructor
        assert found is not None
        assert found.uses_kwargs
        assert not found.forwards_kwargs

    def test_registered_names(self) -> None:
        code = """
@keras.saving.register_keras_serializable(package="p", name="n")
class A(keras.layers.Layer): pass
@keras.utils.register_keras_serializable()
class B(keras.layers.Layer): pass
@other
class C(keras.layers.Layer): pass
"""
        assert facts_of("A", code).registered == "p>n"
        assert facts_of("B", code).registered == "Custom>B"
        assert facts_of("C", code).registered is None
        assert facts_of("C", code).is_decorated
        assert not facts_of("A", code).is_decorated


class TestConfig:
    @pytest.mark.parametrize(
        "body",
        [
            "return {**super().get_config(), 'a': self.a}",
            "config = super(A, self).get_config()\nconfig.update({'a': self.a})\nreturn config",
            "config = super().get_config().copy()\nconfig['a'] = self.a\nreturn config",
            "return dict(super().get_config(), a=self.a)",
            "base = super().get_config()\nreturn dict(list(base.items()) + list({'a': self.a}.items()))",
            "config = {'a': self.a}\nconfig.update(super().get_config())\nreturn config",
            "return super().get_config() | {'a': self.a}",
            "config = keras.layers.Layer.get_config(self)\nconfig.update(a=self.a)\nreturn config",
        ],
    )
    def test_ways_to_write_it(self, body: str) -> None:
        found = config_of(body)
        assert found is not None
        assert set(found.keys) == {"a"}
        assert found.inherits
        assert found.complete

    @pytest.mark.parametrize(
        "body",
        [
            "return self.config",
            "config = {}\nfor name in names:\n    config[name] = 1\nreturn config",
            "config = {}\nfill(config)\nreturn config",
            "return {name: getattr(self, name) for name in names}",
            "return {**super().get_config(), **self.extra()}",
        ],
    )
    def test_what_cannot_be_followed(self, body: str) -> None:
        found = config_of(body)
        assert found is not None
        assert not found.complete

    def test_removed_keys(self) -> None:
        found = config_of(
            "config = super().get_config()\nconfig.pop('name')\ndel config['dtype']\nreturn config"
        )
        assert found is not None
        assert found.removed == {"name", "dtype"}

    def test_an_abstract_one_is_none(self) -> None:
        assert config_of("raise NotImplementedError") is None

    def test_the_keys_of_project_bases_are_put_in(self) -> None:
        code = """
class A(keras.layers.Layer):
    def get_config(self): return {"a": 1}
class B(A):
    def get_config(self): return {**super().get_config(), "b": 1}
"""
        found = facts_of("B", code).full_config
        assert found is not None
        assert set(found.keys) == {"a", "b"}
        assert not found.inherits


class TestRoles:
    @pytest.mark.parametrize(
        ("base", "version", "role"),
        [
            ("keras.layers.Dense", KERAS_3, Role.LAYER),
            ("keras.Model", KERAS_2, Role.MODEL),
            ("keras.metrics.Mean", KERAS_2, Role.METRIC),
            ("keras.losses.Loss", KERAS_3, Role.LOSS),
            ("keras.callbacks.Callback", KERAS_3, None),
        ],
    )
    def test_role(self, base: str, version: KerasVersion, role: Role | None) -> None:
        assert role_of(facts_of("A", f"class A({base}): pass", version)) is role

    def test_keras_base(self) -> None:
        assert keras_base(facts_of("A", "class A(keras.layers.Dense): pass")) == "keras.layers.Dense"
        assert keras_base(facts_of("A", "class A(keras.layers.Layer): pass")) is None
        assert keras_base(facts_of("A", "class A(keras.Model): pass", KERAS_2)) is None

    def test_functional(self) -> None:
        code = "class A(keras.Model):\n    def __init__(self):\n        super().__init__({})"
        assert is_functional(facts_of("A", code.format("inputs, outputs")))
        assert is_functional(facts_of("A", code.format("inputs=x, outputs=y")))
        assert not is_functional(facts_of("A", code.format("name='x'")))

    @pytest.mark.parametrize(
        ("call", "expected"),
        [
            ("keras.layers.Dense(3)", True),
            ("keras.layers.ReLU()", False),
            ("keras.layers.Normalization()", True),
            ("keras.layers.Normalization(mean=0.0, variance=1.0)", False),
            ("keras.layers.TimeDistributed(x)", False),
        ],
    )
    def test_state(self, call: str, expected: bool) -> None:
        node = ast.parse(call, mode="eval").body
        assert isinstance(node, ast.Call)
        api = canonical(ast.unparse(node.func))
        assert api is not None
        assert creates_state(ApiValue(api), node, KERAS_3) is expected

    def test_random_state_is_of_keras_3(self) -> None:
        api = canonical("keras.layers.Dropout")
        assert api is not None
        assert has_random_state(ApiValue(api), KERAS_3)
        assert not has_random_state(ApiValue(api), KERAS_2)


def test_a_model_that_is_a_layer_of_a_functional_model() -> None:
    code = "class A(keras.Model): pass\n"
    assert may_be_a_layer(find("A", code + "x = keras.Input((4,))\nm = keras.Model(x, A()(x))"))
    assert not may_be_a_layer(find("A", code + "m = A()"))


def test_attributes_that_only_methods_assign() -> None:
    for version in (KERAS_2, KERAS_3):
        assert {"kernel", "units", "built", "add_weight"} <= instance_attributes(
            "keras.layers.Dense", version
        )
        assert "kernal" not in instance_attributes("keras.layers.Dense", version)
    assert not instance_attributes("keras.layers.Nothing", KERAS_3)
