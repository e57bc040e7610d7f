"""What builds, compiles and trains a model, in each generation of Keras."""

from __future__ import annotations

import pytest
from flow_helpers import VERSIONS, record

from kerasast.flow.events import ModelCall
from kerasast.flow.values import Kind, ObjectState, Tri
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

YES, NO, MAYBE = Tri.YES, Tri.NO, Tri.MAYBE

HEAD = """\
import keras
import numpy as np
from keras import Input, Model, Sequential
from keras.layers import LSTM, Bidirectional, Dense, Embedding, Flatten, InputLayer, Lambda, TextVectorization


class Net(Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(2)

    def call(self, x):
        return self.dense(x)


class Built(Net):
    def build(self, shape):
        self.dense.build(shape)


class Mine(Dense):
    pass


def functional():
    inputs = Input((4,))
    return Model(inputs, Dense(2)(inputs))


"""


def _state(code: str, version: KerasVersion) -> ObjectState:
    """The state of what `model` is bound to at the end of `code`."""
    recorder = record(HEAD + code + "\nmodel.summary()\n", version=version)
    return recorder.calls("summary")[-1].before


SEQUENTIAL = [
    # Observed on Keras 2.15.0 and 3.15.1.
    ("[]", NO, NO),
    ("[Dense(2)]", NO, NO),
    ("[Input((4,)), Dense(2)]", YES, YES),
    ("[InputLayer((4,)), Dense(2)]", YES, YES),
    ("[Dense(2, input_shape=(4,)), Dense(1)]", YES, YES),
    ("[Dense(2, input_dim=4)]", YES, YES),
    ("[Dense(2, input_shape=None)]", NO, NO),
    ("[Embedding(5, 2), Dense(1)]", YES, NO),
    ("[Embedding(5, 2, input_shape=(3,))]", YES, YES),
    ("[TextVectorization(), Embedding(5, 2)]", NO, NO),
    ("[Bidirectional(LSTM(2), input_shape=(3, 2))]", YES, YES),
    ("[Bidirectional(LSTM(2, input_shape=(3, 2)))]", NO, NO),
    ("[functional(), Dense(1)]", YES, YES),
    ("[Sequential([Dense(2, input_shape=(4,))]), Dense(1)]", YES, YES),
    ("[Sequential([Dense(2)]), Dense(1)]", NO, NO),
    ("[Sequential([Input((4,)), Dense(2)]), Dense(1)]", NO, YES),
    ("[Sequential([Input((4,)), Dense(2)])]", NO, MAYBE),
    ("[Net(), Dense(1)]", MAYBE, MAYBE),
    ("[unknown(), Dense(1)]", MAYBE, MAYBE),
    ("[Dense(2, **options)]", MAYBE, MAYBE),
    ("[Mine(2, input_shape=(4,))]", MAYBE, MAYBE),
    ("layers", MAYBE, MAYBE),
    ("[Dense(2) for _ in range(3)]", NO, NO),
    ("[Dense(n) for n in sizes]", MAYBE, MAYBE),
    ("[*[Input((4,))], *[Dense(n) for n in (1, 2)]]", YES, YES),
]


@pytest.mark.parametrize("layers, legacy, modern", SEQUENTIAL)
def test_a_sequential_model_is_built_when_its_first_layer_knows_the_shape(
    layers: str, legacy: Tri, modern: Tri
) -> None:
    for version, built in ((KERAS_2, legacy), (KERAS_3, modern)):
        state = _state(f"model = Sequential({layers})", version)
        assert state.kind is Kind.SEQUENTIAL
        assert state.built is built, version
        assert _state(_added(layers), version).built is built, version


def _added(layers: str) -> str:
    """The same model, made with `add()`, where the layers are written one by one."""
    if layers.startswith("[") and "for" not in layers and layers != "[]":
        return f"model = Sequential()\nfor layer in ({layers[1:-1]},):\n    model.add(layer)"
    return f"model = Sequential({layers})"


CALLS = [
    # What is done with `model`, and whether a Sequential, a subclassed, and one with a `build` are built then.
    ("model.summary()", (NO, NO, NO), (NO, NO, NO)),
    ("model.compile('sgd', 'mse')", (NO, NO, NO), (NO, NO, NO)),
    ("model.get_config()", (NO, NO, NO), (NO, NO, NO)),
    ("model.build((None, 4))", (YES, YES, YES), (YES, NO, YES)),
    ("model(np.zeros((1, 4)))", (YES, YES, YES), (YES, YES, YES)),
    ("model.call(np.zeros((1, 4)))", (YES, YES, YES), (MAYBE, MAYBE, MAYBE)),
    ("model.fit(x, y)", (YES, YES, YES), (YES, YES, YES)),
    ("model.predict(x)", (YES, YES, YES), (YES, YES, YES)),
    ("model.evaluate(x, y)", (YES, YES, YES), (YES, YES, YES)),
    ("model.train_on_batch(x, y)", (YES, YES, YES), (YES, YES, YES)),
    ("model.load_weights('w.h5')", (MAYBE, MAYBE, MAYBE), (MAYBE, MAYBE, MAYBE)),
    ("unknown(model)", (NO, NO, NO), (NO, NO, NO)),
    ("model.something(x)", (MAYBE, MAYBE, MAYBE), (MAYBE, MAYBE, MAYBE)),
]


@pytest.mark.parametrize("call, legacy, modern", CALLS)
def test_what_builds_a_model(call: str, legacy: tuple[Tri, ...], modern: tuple[Tri, ...]) -> None:
    makers = ("Sequential([Dense(2)])", "Net()", "Built()")
    for version, expected in ((KERAS_2, legacy), (KERAS_3, modern)):
        found = tuple(_state(f"model = {maker}\n{call}", version).built for maker in makers)
        assert found == expected, version


def test_what_unknown_code_has_seen_is_escaped() -> None:
    assert _state("model = Sequential([Dense(2)])\nunknown(model)", KERAS_3).escaped
    assert not _state("model = Sequential([Dense(2)])\nprint(model)", KERAS_3).escaped


COMPILED = [
    ("model = functional()", (NO, NO), (NO, NO)),
    ("model = functional()\nmodel.compile('sgd', 'mse')", (YES, YES), (YES, YES)),
    ("model = functional()\nmodel.compile('sgd')", (YES, NO), (YES, NO)),
    ("model = functional()\nmodel.compile('sgd', loss=unknown)", (YES, MAYBE), (YES, MAYBE)),
    ("model = functional()\nmodel.compile(**options)", (YES, MAYBE), (YES, MAYBE)),
    ("model = keras.models.load_model('m.keras')", (MAYBE, MAYBE), (MAYBE, MAYBE)),
    ("model = keras.models.load_model('m.keras', compile=False)", (NO, MAYBE), (NO, MAYBE)),
    (
        "model = functional()\nmodel.compile('sgd', 'mse')\nmodel = keras.models.clone_model(model)",
        (NO, MAYBE),
        (YES, MAYBE),
    ),
    ("model = keras.models.model_from_json(text)", (NO, MAYBE), (MAYBE, MAYBE)),
    ("model = keras.applications.VGG16(weights=None)", (NO, NO), (NO, NO)),
]


@pytest.mark.parametrize("code, legacy, modern", COMPILED)
def test_what_compiles_a_model(code: str, legacy: tuple[Tri, Tri], modern: tuple[Tri, Tri]) -> None:
    for version, expected in ((KERAS_2, legacy), (KERAS_3, modern)):
        state = _state(code, version)
        compiled, has_loss = expected
        assert state.compiled is compiled, version
        if not code.endswith("(**options)"):
            assert state.has_loss is has_loss, version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_of_a_graph_builds_its_layers_and_holds_them(version: KerasVersion) -> None:
    code = """
first, second = Dense(3), Dense(1)
inputs = Input((4,))
model = Model(inputs, second(first(inputs)))
second.summary()
"""
    recorder = record(HEAD + code + "model.summary()\n", version=version)
    layer, model = recorder.calls("summary")
    assert layer.before.built is YES
    assert model.before.kind is Kind.FUNCTIONAL
    assert model.before.built is YES
    assert layer.target in model.before.contents
    assert len(model.before.contents) == 2


@pytest.mark.parametrize(
    "code, complete, layers",
    [
        ("Model(x, Dense(2)(x))", True, 1),
        ("Model(inputs=x, outputs=[Dense(2)(x), Dense(3)(x)])", True, 2),
        ("Model(x, {'a': Dense(2)(x)})", True, 1),
        ("Model(x, unknown(Dense(2)(x)))", False, 1),
        ("Model(x, keras.layers.concatenate([Dense(2)(x), Dense(3)(x)]))", True, 2),
        ("Model(x, functional()(x))", True, 1),
        ("Model(base.input, Dense(1)(base.output))", True, 2),
        ("Model(base.input, base.layers[-2].output)", True, 1),
    ],
)
def test_what_a_functional_model_holds(code: str, complete: bool, layers: int) -> None:
    state = _state(f"x = Input((4,))\nbase = functional()\nmodel = {code}", KERAS_3)
    assert (state.complete, len(state.contents)) == (complete, layers)


def test_the_story_is_told_in_order() -> None:
    code = """
model = Sequential([Dense(2)])
model.compile("sgd", "mse")
model.fit(np.zeros((2, 4)), np.zeros((2, 2)))
"""
    trace = _state(code, KERAS_3).trace
    assert [step.message for step in trace] == [
        "Sequential model created here, without weights yet",
        "`compile()` compiles it here",
        "`fit()` builds and trains it here",
    ]
    assert [step.span.start for step in trace] == sorted(step.span.start for step in trace)


def test_events_say_how_it_was_before_and_is_after() -> None:
    code = "model = Sequential([Dense(2)])\nmodel.compile('sgd', 'mse')\nmodel.build((None, 4))\n"
    events = [event for event in record(HEAD + code).events if isinstance(event, ModelCall)]
    told = [event for event in events if event.before.kind is Kind.SEQUENTIAL]
    assert [(event.method, event.before.built, event.after.built) for event in told] == [
        ("compile", NO, NO),
        ("build", NO, YES),
    ]
