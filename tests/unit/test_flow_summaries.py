"""A function's summary says what following each call would say."""

from __future__ import annotations

import itertools
import textwrap

import pytest
from flow_helpers import PRELUDE, VERSIONS, record, uncompiled

from kerasast.flow import calls, summaries
from kerasast.flow.events import ModelCall
from kerasast.flow.values import FunctionValue
from kerasast.testing import analyze_files
from kerasast.versions import KerasVersion

PROGRAMS = {
    "the same function makes two models": """
        def build():
            return new()
        first, second = build(), build()
        first.compile("sgd", "mse")
        first.fit(X, Y)
        second.fit(X, Y)
    """,
    "constants decide": """
        def build(compiled=True):
            model = new()
            if compiled:
                model.compile("sgd", "mse")
            return model
        for _ in (1, 2):
            build().fit(X, Y)
            build(False).fit(X, Y)
            build(compiled=False).fit(X, Y)
    """,
    "more constants than are told apart": """
        def build(units):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
            if units == 7:
                model.compile("sgd", "mse")
            return model
        for units in (1, 2, 3, 4, 5, 6, 7, 8):
            build(units).save(f"{units}.keras")
    """,
    "layers that tensors pass through": """
        def block(x, units):
            return keras.layers.BatchNormalization()(keras.layers.Dense(units)(x))
        inputs = keras.Input((4,))
        x = block(block(inputs, 3), 3)
        model = keras.Model(inputs, x)
        model.trainable = False
        model.compile("sgd", "mse")
        model.fit(X, Y)
    """,
    "models in models": """
        def encoder():
            return keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
        def pair():
            part = encoder()
            return part, keras.Sequential([keras.Input((4,)), part])
        a, whole = pair()
        b, _ = pair()
        whole.compile("sgd", "mse")
        whole.fit(X, Y)
        a.fit(X, Y)
        b.fit(X, Y)
        a.save("a.keras")
    """,
    "in a loop": """
        def build(units):
            model = keras.Sequential([keras.layers.Dense(units)])
            return model
        for units in range(100):
            model = build(units)
            model.save("m.keras")
    """,
    "a constant that changes": """
        COMPILE = False
        def build():
            model = new()
            if COMPILE:
                model.compile("sgd", "mse")
            return model
        build().fit(X, Y)
        COMPILE = True
        build().fit(X, Y)
    """,
    "a dict that changes": """
        CONFIG = {"compile": False}
        def build():
            model = new()
            if CONFIG["compile"]:
                model.compile("sgd", "mse")
            return model
        def outer():
            return build()
        outer().fit(X, Y)
        CONFIG["compile"] = True
        outer().fit(X, Y)
    """,
    "a list in a dict that changes": """
        CONFIG = {"compile": [False], "names": {"first": ("a", [1])}}
        def build():
            model = new()
            if CONFIG["compile"][0]:
                model.compile("sgd", "mse")
            return model
        def outer():
            return build()
        outer().fit(X, Y)
        CONFIG["compile"][0] = True
        outer().fit(X, Y)
        build().fit(X, Y)
    """,
    "a list of models in a dict": """
        MODELS = {"all": [new()]}
        def first():
            return MODELS["all"][0]
        first().fit(X, Y)
        MODELS["all"][0].compile("sgd", "mse")
        first().fit(X, Y)
    """,
    "functions that nobody calls read a dict": """
        CONFIG = {"sizes": {"small": 2, "large": [4]}}
        def build(size):
            model = new()
            CONFIG["sizes"][size]
            return model
        def one():
            build("small").fit(X, Y)
        def two():
            build("small").fit(X, Y)
    """,
    "an argument that is a dict": """
        def build(config):
            model = new()
            if config["compile"]:
                model.compile("sgd", "mse")
            return model
        build({"compile": False}).fit(X, Y)
        build({"compile": True}).fit(X, Y)
    """,
    "a class": """
        class Trainer:
            def __init__(self, compiled):
                self.model = new()
                if compiled:
                    self.model.compile("sgd", "mse")
            def train(self):
                self.model.fit(X, Y)
        Trainer(True).train()
        Trainer(True).train()
        Trainer(False).model.fit(X, Y)
        Trainer(False).model.fit(X, Y)
    """,
    "a function that does something to an argument": """
        def prepare(model, loss):
            model.compile("sgd", loss)
            return model
        a, b, c = new(), new(), new()
        prepare(a, "mse")
        prepare(b, "mse").fit(X, Y)
        a.fit(X, Y)
        c.fit(X, Y)
    """,
}


def _told(code: str, version: KerasVersion) -> list[tuple[str, int, str]]:
    found = analyze_files({"program.py": PRELUDE + textwrap.dedent(code)}, version)
    return [(item.rule, item.span.start, item.message) for item in found]


@pytest.mark.parametrize("name, version", list(itertools.product(PROGRAMS, VERSIONS)))
def test_a_summary_says_what_following_says(
    name: str, version: KerasVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_summaries = _told(PROGRAMS[name], version)
    monkeypatch.setattr(summaries, "_has_summaries", lambda *_: False)
    assert with_summaries == _told(PROGRAMS[name], version)


def test_a_constant_that_changes_is_read_anew() -> None:
    lines = uncompiled(PROGRAMS["a constant that changes"])
    assert len(lines) == 1
    assert len(uncompiled(PROGRAMS["a dict that changes"])) == 1


def test_a_function_is_followed_once_for_equal_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = []
    follow = calls._follow

    def counted(machine: object, function: FunctionValue, *rest: object) -> object:
        followed.append(function.name)
        return follow(machine, function, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(calls, "_follow", counted)
    record(PRELUDE + textwrap.dedent(PROGRAMS["functions that nobody calls read a dict"]))
    assert followed.count("build") == 1
    followed.clear()
    recorder = record(
        """
        import keras

        def block(x, units):
            return keras.layers.Dense(units)(x)

        def build():
            x = keras.Input((4,))
            for _ in (1, 2, 3, 4, 5):
                x = block(x, 3)
            return keras.Model(keras.Input((4,)), x)

        first, second = build(), build()
        first.summary()
        second.summary()
        """
    )
    assert followed.count("block") <= 2  # once for the input, once for what has passed through a layer
    assert followed.count("build") == 1
    first, second = (
        event for event in recorder.events if isinstance(event, ModelCall) and event.method == "summary"
    )
    assert first.target != second.target
    assert len(first.before.contents) == len(second.before.contents) == 5
    assert not set(first.before.contents) & set(second.before.contents)
