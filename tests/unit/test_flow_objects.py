"""Instances of the project's classes: properties, class attributes, inheritance, decorators, dataclasses."""

from __future__ import annotations

import pytest
from flow_helpers import reports, uncompiled

SILENT = {
    "the setter of a property": """
        class Trainer:
            @property
            def model(self):
                return self._model
            @model.setter
            def model(self, value):
                value.compile("sgd", "mse")
                self._model = value
        trainer = Trainer()
        trainer.model = new()
        trainer.model.fit(X, Y)
    """,
    "a cached property gives the same model again": """
        import functools
        class Trainer:
            @functools.cached_property
            def model(self):
                return new()
        trainer = Trainer()
        trainer.model.compile("sgd", "mse")
        trainer.model.fit(X, Y)
    """,
    "a property that makes its model on demand": """
        class Trainer:
            _model = None
            @property
            def model(self):
                if self._model is None:
                    self._model = new()
                return self._model
        trainer = Trainer()
        trainer.model.compile("sgd", "mse")
        trainer.model.fit(X, Y)
    """,
    "a cached function gives the same model again": """
        import functools
        @functools.lru_cache(maxsize=None)
        def get():
            return new()
        get().compile("sgd", "mse")
        get().fit(X, Y)
    """,
    "a class attribute that a class method assigns": """
        class Trainer:
            ready = False
            @classmethod
            def setup(cls):
                cls.ready = True
            @staticmethod
            def train():
                model = new()
                if Trainer.ready:
                    model.compile("sgd", "mse")
                model.fit(X, Y)
        Trainer.setup()
        Trainer.train()
    """,
    "a flag that another method sets": """
        class Trainer:
            def __init__(self):
                self.ready = False
            def setup(self):
                self.ready = True
            def train(self, epochs):
                model = new()
                if self.ready:
                    model.compile("sgd", "mse")
                model.fit(X, Y)
    """,
    "a flag that a subclass overrides": """
        class Base:
            compiled = False
            def train(self):
                model = new()
                if self.compiled:
                    model.compile("sgd", "mse")
                model.fit(X, Y)
        class Sub(Base):
            compiled = True
        Sub().train()
    """,
    "a method that a subclass overrides": """
        class Base:
            def build(self):
                return new()
            def prepare(self, model):
                pass
            def train(self):
                self.build().fit(X, Y)
                model = new()
                self.prepare(model)
                model.fit(X, Y)
        class Middle(Base):
            pass
        class Sub(Middle):
            def build(self):
                model = super().build()
                model.compile("sgd", "mse")
                return model
            def prepare(self, model):
                model.compile("sgd", "mse")
        Sub().train()
    """,
    "`__post_init__` of a dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class Trainer:
            model: keras.Model
            epochs: int = 1
            def __post_init__(self):
                self.model.compile("sgd", "mse")
        trainer = Trainer(new())
        trainer.model.fit(X, Y)
    """,
    "an instance that is unpacked": """
        import typing
        class Built(typing.NamedTuple):
            model: keras.Model
            name: str
        built = Built(new(), "a")
        model, name = built
        model.compile("sgd", "mse")
        built.model.fit(X, Y)
    """,
    "a decorated method": """
        import functools
        def ensure(function):
            @functools.wraps(function)
            def inner(self, *args):
                self.model.compile("sgd", "mse")
                return function(self, *args)
            return inner
        class Trainer:
            def __init__(self):
                self.model = new()
            @ensure
            def train(self):
                self.model.fit(X, Y)
        Trainer().train()
    """,
    "a wrapper that takes self among its arguments": """
        def ensure(function):
            def inner(*args):
                args[0].model.compile("sgd", "mse")
                return function(*args)
            return inner
        class Trainer:
            def __init__(self):
                self.model = new()
            @ensure
            def train(self):
                self.model.fit(X, Y)
        Trainer().train()
    """,
    "a decorator that is a class": """
        class Compiled:
            def __init__(self, function):
                self.function = function
            def __call__(self, *args):
                model = self.function(*args)
                model.compile("sgd", "mse")
                return model
        @Compiled
        def build(units):
            return new()
        build(1).fit(X, Y)
    """,
    "a decorator that an object makes": """
        class Compiled:
            def __init__(self, loss):
                self.loss = loss
            def __call__(self, function):
                def inner():
                    model = function()
                    model.compile("sgd", self.loss)
                    return model
                return inner
        @Compiled("mse")
        def build():
            return new()
        build().fit(X, Y)
    """,
    "a method that is replaced": """
        class Trainer:
            def __init__(self):
                self.model = new()
            def prepare(self):
                pass
        def better(self):
            self.model.compile("sgd", "mse")
        Trainer.prepare = better
        trainer = Trainer()
        trainer.prepare()
        trainer.model.fit(X, Y)
    """,
    "`super()` in a diamond": """
        class A:
            def setup(self):
                self.model.compile("sgd", "mse")
        class B(A):
            def setup(self):
                super().setup()
        class C(A):
            def setup(self):
                self.model = new()
                super().setup()
        class D(B, C):
            pass
        d = D()
        d.setup()
        d.model.fit(X, Y)
    """,
    "an attribute that one of several methods sets": """
        class Trainer:
            def __init__(self):
                self._model = None
            @property
            def model(self):
                if self._model is None:
                    self._model = self.build()
                return self._model
            def build(self):
                return new()
            def setup(self):
                self._model = new()
                self._model.compile("sgd", "mse")
            def train(self, epochs):
                self.model.fit(X, Y)
    """,
    "an attribute that only one path sets": """
        class Trainer:
            pass
        def setup(trainer, model, ready):
            if ready:
                trainer.model = model
            trainer.model.compile("sgd", "mse")
        trainer, model = Trainer(), new()
        setup(trainer, model, input())
        model.fit(X, Y)
    """,
    "an unknown base class": """
        from framework import Experiment
        class Mine(Experiment):
            def __init__(self):
                self.model = new()
                self.prepare()
                self.model.fit(X, Y)
        Mine()
    """,
    "a global that another function sets": """
        READY = False
        def main(epochs):
            global READY
            READY = True
            train(epochs)
        def train(epochs):
            model = new()
            if READY:
                model.compile("sgd", "mse")
            model.fit(X, Y)
    """,
}

TOLD = {
    "a static and a class method": """
        class Factory:
            @staticmethod
            def plain():
                return new()
            @classmethod
            def make(cls):
                return cls.plain()
        Factory.make().fit(X, Y)
    """,
    "`super().__init__()` through two bases": """
        class Named:
            def __init__(self, name):
                self.name = name
        class Holder(Named):
            def __init__(self, name):
                super().__init__(name)
                self.model = new()
        class Trainer(Holder):
            def __init__(self):
                super(Trainer, self).__init__("t")
        Trainer().model.fit(X, Y)
    """,
    "a dataclass": """
        from dataclasses import dataclass
        @dataclass
        class Trainer:
            model: keras.Model
            epochs: int = 1
        Trainer(epochs=2, model=new()).model.fit(X, Y)
    """,
    "a decorator that only logs": """
        def logged(function):
            def inner(*args, **kwargs):
                print(function)
                return function(*args, **kwargs)
            return inner
        class Trainer:
            @logged
            def build(self, units=1):
                return new()
        Trainer().build(units=2).fit(X, Y)
    """,
    "a method that nobody overrides": """
        class Base:
            def build(self):
                return new()
            def train(self, epochs):
                self.build().fit(X, Y)
        class Sub(Base):
            def other(self):
                pass
    """,
    "an instance that is called": """
        class Builder:
            def __call__(self, units):
                return new()
        Builder()(3).fit(X, Y)
    """,
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert uncompiled(SILENT[name]) == []


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str) -> None:
    (line,) = [line.strip() for line in TOLD[name].splitlines() if ".fit(" in line]
    assert uncompiled(TOLD[name]) == [line]


def test_a_method_overridden_in_another_module_is_not_followed() -> None:
    files = {
        "base.py": """
            import keras

            class Base:
                def build(self):
                    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

                def train(self, x, y):
                    self.build().fit(x, y)
        """,
        "sub.py": """
            import base

            class Sub(base.Base):
                def build(self):
                    model = super().build()
                    model.compile("sgd", "mse")
                    return model
        """,
    }
    assert reports(files) == []
    del files["sub.py"]
    assert [rule for _, rule, _ in reports(files)] == ["fit-without-compile"]


@pytest.mark.parametrize(
    "code",
    [
        "class A(A): pass",
        "import program\nclass A(program.A): pass",
        "class A(B): pass\nclass B(A): pass",
        "import other\nclass A(other.B): pass",
    ],
)
def test_classes_that_derive_from_themselves(code: str) -> None:
    files = {
        "program.py": f"import keras\n{code}\nA().fit()\n",
        "other.py": "import program\nclass B(program.A): pass\n",
    }
    assert reports(files) == []
