"""Where paths part and meet: `try`, `with`, `match`, loops, and what is left of a world where two of them meet."""

from __future__ import annotations

import pytest
from flow_helpers import record, uncompiled

from kerasast.flow.values import Kind, Tri

SILENT = {
    "`finally` runs after `return`": """
        def build():
            model = new()
            try:
                return model
            finally:
                model.compile("sgd", "mse")
        build().fit(X, Y)
    """,
    "`finally` runs after `break`": """
        model = new()
        while True:
            try:
                break
            finally:
                model.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "an exception raised in the middle of a block": """
        model = new()
        try:
            if len(model.layers) == 1:
                model.compile("sgd", "mse")
                raise ValueError
        except ValueError:
            model.fit(X, Y)
    """,
    "an exception raised in a function that is called": """
        def prepare(model):
            model.compile("sgd", "mse")
            raise ValueError
        model = new()
        try:
            prepare(model)
        except ValueError:
            model.fit(X, Y)
    """,
    "an exception that comes while returning": """
        def train(model, fast):
            try:
                if fast:
                    model.compile("sgd", "mse")
                    return model.fit(X, Y)
            except MemoryError:
                return model.fit(X, Y)
        train(new(), True)
    """,
    "a failure that is expected": """
        import contextlib, unittest, pytest
        class Test(unittest.TestCase):
            def test_fit(self):
                with self.assertRaises(RuntimeError):
                    new().fit(X, Y)
        with contextlib.suppress(RuntimeError):
            new().fit(X, Y)
        with pytest.raises(RuntimeError, match="compile"):
            new().fit(X, Y)
    """,
    "after a failure that is expected": """
        import contextlib
        model = new()
        with contextlib.suppress(Exception):
            model.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "`__enter__` of a class of the project": """
        class Session:
            def __init__(self):
                self.model = new()
            def __enter__(self):
                self.model.compile("sgd", "mse")
                return self
            def __exit__(self, *args):
                pass
        with Session() as session:
            session.model.fit(X, Y)
    """,
    "`__exit__` of a class of the project": """
        class Session:
            def __init__(self, model):
                self.model = model
            def __enter__(self):
                return self.model
            def __exit__(self, *args):
                self.model.compile("sgd", "mse")
        model = new()
        with Session(model):
            pass
        model.fit(X, Y)
    """,
    "a name in a pattern for the whole subject": """
        model = new()
        match model:
            case keras.Model() as other:
                other.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "a name in a pattern for a part of the subject": """
        models = [new(), new()]
        match models:
            case [first, *_]:
                first.compile("sgd", "mse")
        models[0].fit(X, Y)
    """,
    "a mutable default argument": """
        def get(cache={}):
            if "model" not in cache:
                cache["model"] = new()
            return cache["model"]
        get().compile("sgd", "mse")
        get().fit(X, Y)
    """,
    "a loop that may not run": """
        model = new()
        for loss in np.loadtxt("losses.txt"):
            model.compile("sgd", loss)
        model.fit(X, Y)
    """,
    "objects of lists that have met": """
        import sys
        a, b = new(), new()
        held = [a]
        if len(sys.argv) < 5:
            held[0] = b
            a.summary()
            b.summary()
        held[0].compile("sgd", "mse")
        b.fit(X, Y)
        a.fit(X, Y)
    """,
    "the rest of what is unpacked": """
        first, *rest = [new(), new(), new()]
        for model in rest:
            model.compile("sgd", "mse")
        rest[1].fit(X, Y)
    """,
}

TOLD = {
    "a handler that does not compile": """
        model = new()
        try:
            print(open("x").read())
        except OSError:
            pass
        else:
            print("read")
        finally:
            print("done")
        model.fit(X, Y)
    """,
    "`__enter__` that returns the model": """
        class Session:
            def __init__(self, model):
                self.model = model
            def __enter__(self):
                return self.model
            def __exit__(self, *args):
                pass
        with Session(new()) as model:
            model.fit(X, Y)
    """,
    "the first of what is unpacked": """
        first, *rest = [new(), new(), new()]
        for model in rest:
            model.compile("sgd", "mse")
        first.fit(X, Y)
    """,
    "`while True` left by `break`": """
        while True:
            model = new()
            if len(model.layers) > 3:
                break
        model.fit(X, Y)
    """,
    "after `else` of a loop": """
        for _ in (1, 2):
            model = new()
        else:
            model.summary()
        model.fit(X, Y)
    """,
    "the branch that ends is not the one that goes on": """
        def train(ready):
            model = new()
            if ready:
                model.compile("sgd", "mse")
                return model
            model.fit(X, Y)
        train(False)
    """,
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert uncompiled(SILENT[name]) == []


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str) -> None:
    assert uncompiled(TOLD[name]) == ["model.fit(X, Y)" if "first" not in name else "first.fit(X, Y)"]


def test_two_models_under_one_name_are_one_that_may_be_either() -> None:
    recorder = record(
        """
        import keras, sys

        if sys.argv:
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        else:
            inputs = keras.Input((4,))
            model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
            model.compile("sgd", "mse")
        model.summary()
        """
    )
    (call,) = recorder.calls("summary")
    assert call.before.kind is Kind.MODEL
    assert (call.before.built, call.before.compiled) == (Tri.YES, Tri.MAYBE)
    assert not call.before.escaped
    assert not call.before.complete


def test_a_dict_with_other_keys_on_another_path_is_not_known() -> None:
    recorder = record(
        """
        import keras, sys

        names = {"A": 1}
        if sys.argv:
            names = {"B": 1}
        keras.models.load_model("m.keras", custom_objects=names)
        """
    )
    (load,) = recorder.facts.loads
    assert load.provides_unknown


def test_the_same_file_gives_the_same_events() -> None:
    code = """
    import keras

    def build(units):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])

    for units in (1, 2, 3):
        model = build(units)
        model.compile("sgd", "mse")
        model.fit([1], [2])
    model.save("m.keras")
    """

    def told() -> list[tuple[str, int]]:
        events = record(code).events
        return [(type(event).__name__, getattr(event.node, "lineno", 0)) for event in events]

    assert told() == told()
