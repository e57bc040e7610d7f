"""What reaches code that is not followed is not spoken of any more."""

from __future__ import annotations

import pytest
from flow_helpers import uncompiled

SILENT = {
    "a generator's body compiles a global": """
        model = new()
        def steps():
            model.compile("sgd", "mse")
            yield 1
        for _ in steps():
            model.fit(X, Y)
    """,
    "a function given to a thread": """
        import threading
        model = new()
        def prepare():
            model.compile("sgd", "mse")
        thread = threading.Thread(target=prepare)
        thread.start()
        thread.join()
        model.fit(X, Y)
    """,
    "a function that calls another, given to unknown code": """
        import framework
        model = new()
        def prepare():
            model.compile("sgd", "mse")
        def start():
            prepare()
        framework.run(start)
        model.fit(X, Y)
    """,
    "a bound method given away": """
        import threading
        class Trainer:
            def __init__(self):
                self.model = new()
            def prepare(self):
                self.model.compile("sgd", "mse")
        trainer = Trainer()
        threading.Thread(target=trainer.prepare).start()
        trainer.model.fit(X, Y)
    """,
    "a function that reads a tuple": """
        import threading
        def main():
            pair = (new(), "mse")
            threading.Thread(target=lambda: pair[0].compile("sgd", pair[1])).start()
            pair[0].fit(X, Y)
        main()
    """,
    "a function that calls one made elsewhere": """
        import threading
        def make(model):
            def prepare():
                model.compile("sgd", "mse")
            def train():
                model.fit(X, Y)
            return prepare, train
        prepare, train = make(new())
        def start():
            prepare()
        threading.Thread(target=start).start()
        train()
    """,
    "functools.partial given away": """
        import functools, framework
        model = new()
        framework.run(functools.partial(model.compile, "sgd", "mse"))
        model.fit(X, Y)
    """,
    "exec": """
        model = new()
        exec("model.compile('sgd', 'mse')")
        model.fit(X, Y)
    """,
    "globals()": """
        model = new()
        globals()["model"].compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "locals() in a function": """
        def train():
            model = new()
            locals()["model"].compile("sgd", "mse")
            model.fit(X, Y)
        train()
    """,
    "vars(self)": """
        class Trainer:
            def __init__(self):
                self.model = new()
        trainer = Trainer()
        vars(trainer)["model"].compile("sgd", "mse")
        trainer.model.fit(X, Y)
    """,
    "an item of an object of the project": """
        class Zoo:
            def __init__(self):
                self.model = new()
            def __getitem__(self, name):
                self.model.compile("sgd", "mse")
                return self.model
        zoo = Zoo()
        zoo["a"]
        zoo.model.fit(X, Y)
    """,
    "a loop over an object of the project": """
        class Zoo:
            def __init__(self):
                self.model = new()
            def __iter__(self):
                self.model.compile("sgd", "mse")
                return iter([self.model])
        zoo = Zoo()
        for model in zoo:
            model.fit(X, Y)
        zoo.model.fit(X, Y)
    """,
    "an operator of an object of the project": """
        class Pipe:
            def __init__(self, model):
                self.model = model
            def __or__(self, loss):
                self.model.compile("sgd", loss)
                return self
        model = new()
        Pipe(model) | "mse"
        model.fit(X, Y)
    """,
    "filter": """
        models = [new(), None]
        for model in filter(None, models):
            model.compile("sgd", "mse")
        models[0].fit(X, Y)
    """,
    "random.choice": """
        import random
        models = [new()]
        random.choice(models).compile("sgd", "mse")
        models[0].fit(X, Y)
    """,
    "next": """
        models = [new()]
        next(iter(models)).compile("sgd", "mse")
        models[0].fit(X, Y)
    """,
    "max": """
        models = [new(), new()]
        max(models, key=lambda model: len(model.layers)).compile("sgd", "mse")
        models[0].fit(X, Y)
    """,
    "sorted": """
        a, b = new(), new()
        sorted([a, b], key=str)[0].compile("sgd", "mse")
        b.fit(X, Y)
    """,
    "map calls its function": """
        model = new()
        list(map(lambda loss: model.compile("sgd", loss), ["mse"]))
        model.fit(X, Y)
    """,
    "getattr with a name that is not known": """
        import sys
        model = new()
        getattr(model, sys.argv[1])("sgd", "mse")
        model.fit(X, Y)
    """,
    "a list of functions called in a loop": """
        model = new()
        hooks = {"before": lambda: model.compile("sgd", "mse")}
        for name in set(hooks):
            hooks[name]()
        model.fit(X, Y)
    """,
    "functools.singledispatch": """
        import functools
        @functools.singledispatch
        def prepare(model):
            pass
        @prepare.register
        def _(model: keras.Model):
            model.compile("sgd", "mse")
        model = new()
        prepare(model)
        model.fit(X, Y)
    """,
    "functools.partialmethod": """
        import functools
        class Trainer:
            def __init__(self):
                self.model = new()
            def _prepare(self, loss):
                self.model.compile("sgd", loss)
            prepare = functools.partialmethod(_prepare, "mse")
        trainer = Trainer()
        trainer.prepare()
        trainer.model.fit(X, Y)
    """,
    "a descriptor": """
        class Auto:
            def __set_name__(self, owner, name):
                self.name = "_" + name
            def __get__(self, obj, cls):
                model = getattr(obj, self.name)
                model.compile("sgd", "mse")
                return model
            def __set__(self, obj, value):
                setattr(obj, self.name, value)
        class Trainer:
            model = Auto()
        trainer = Trainer()
        trainer.model = new()
        trainer.model.fit(X, Y)
    """,
    "the body of a class": """
        model = new()
        class Trainer:
            model.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "a class that derives from list": """
        class Models(list):
            def prepare(self):
                for model in self:
                    model.compile("sgd", "mse")
        model = new()
        Models([model]).prepare()
        model.fit(X, Y)
    """,
    "sys.modules": """
        import sys
        model = new()
        sys.modules[__name__].model.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "a decorator that is a method": """
        class App:
            hooks = []
            def on_start(self, function):
                self.hooks.append(function)
                return function
            def run(self):
                for hook in self.hooks:
                    hook()
        app = App()
        model = new()
        @app.on_start
        def prepare():
            model.compile("sgd", "mse")
        app.run()
        model.fit(X, Y)
    """,
    "popitem": """
        model = new()
        models = {"a": model}
        models.popitem()[1].compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "pop from an unknown place": """
        import sys
        model = new()
        models = [model]
        models.pop(len(sys.argv) - 1).compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "an item of a tf.data pipeline's function": """
        import tensorflow as tf
        model = new()
        def prepare(x):
            model.compile("sgd", "mse")
            return x
        tf.data.Dataset.from_tensors(X).map(prepare)
        model.fit(X, Y)
    """,
}

TOLD = {
    "reading attributes does not let go of a model": """
        import json, os
        model = new()
        print(model.input_shape, model.name, os.path.join("out", model.name), json.dumps(model.output_shape))
        unknown(model.output_shape, model.metrics_names)
        model.fit(X, Y)
    """,
    "pop from a known place": """
        first, second = new(), new()
        models = [first, second]
        models.pop(0).compile("sgd", "mse")
        first.fit(X, Y)
        models[0].fit(X, Y)
    """,
    "harmless functions do not let go of a model": """
        import copy, os, json
        model = new()
        print(model, os.getpid(), id(model), len(model.layers))
        model.fit(X, Y)
    """,
    "reversed": """
        a, b = new(), new()
        list(reversed([a, b]))[0].compile("sgd", "mse")
        a.fit(X, Y)
    """,
    "typing.cast": """
        import typing
        model = new()
        typing.cast(keras.Model, model).fit(X, Y)
    """,
    "the keys of a dict": """
        models = {"a": new(), "b": new()}
        for name in models:
            models[name].fit(X, Y)
    """,
    "dict() and update() put a later value over an earlier one": """
        ready = new()
        ready.compile("sgd", "mse")
        models = dict({"a": ready}, b=ready)
        models.update({"a": new()})
        models["b"].fit(X, Y)
        models["a"].fit(X, Y)
    """,
}


@pytest.mark.parametrize("name", SILENT)
def test_escape_is_silence(name: str) -> None:
    assert uncompiled(SILENT[name]) == []


@pytest.mark.parametrize("name", TOLD)
def test_what_stays_known_is_told(name: str) -> None:
    lines = [line.strip() for line in TOLD[name].splitlines() if ".fit(" in line]
    assert uncompiled(TOLD[name]) == lines[-1:]
