"""`trainable` flags: of models, of layers in loops over them, and what is known of them after."""

from __future__ import annotations

import pytest
from flow_helpers import VERSIONS, record

from kerasast.flow.values import ObjectState, Tri
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

YES, NO, MAYBE = Tri.YES, Tri.NO, Tri.MAYBE

HEAD = """\
import keras

first, second = keras.layers.Dense(3), keras.layers.Dense(1)
model = keras.Sequential([keras.Input((4,)), first, second])
"""


def _states(code: str, version: KerasVersion = KERAS_3) -> list[ObjectState]:
    """The states of `model`, `first` and `second` after `code`."""
    end = "\nmodel.summary()\nfirst.summary()\nsecond.summary()\n"
    return [event.before for event in record(HEAD + code + end, version=version).calls("summary")[-3:]]


FLAGS = [
    # The code; whether the model, its first and its second layer are trainable then; the flags of its layers.
    ("", (YES, YES, YES), YES),
    ("model.trainable = False", (NO, NO, NO), NO),
    ("model.trainable = False\nmodel.trainable = True", (YES, YES, YES), YES),
    ("model.trainable = unknown", (MAYBE, MAYBE, MAYBE), MAYBE),
    ("first.trainable = False", (YES, NO, YES), None),
    ("for layer in model.layers:\n    layer.trainable = False", (YES, NO, NO), NO),
    ("for layer in model.layers[:-1]:\n    layer.trainable = False", (YES, NO, YES), None),
    ("for layer in model.layers[unknown:]:\n    layer.trainable = False", (YES, MAYBE, MAYBE), MAYBE),
    ("for layer in model.layers[:0]:\n    layer.trainable = False", (YES, MAYBE, MAYBE), MAYBE),
    ("model.layers[0].trainable = False", (YES, NO, YES), None),
    ("model.layers[-1].trainable = False", (YES, YES, NO), None),
    ("model.layers[2].trainable = False", (YES, MAYBE, MAYBE), MAYBE),
    ("model.layers[unknown].trainable = False", (YES, MAYBE, MAYBE), MAYBE),
    ("model.layers[-1].trainable = True", (YES, YES, YES), YES),
    ("model.get_layer('a').trainable = False", (YES, MAYBE, MAYBE), MAYBE),
    (
        "for layer in model.layers:\n    if unknown(layer):\n        layer.trainable = False",
        (YES, MAYBE, MAYBE),
        MAYBE,
    ),
    ("for i, layer in enumerate(model.layers):\n    layer.trainable = i > 3", (YES, MAYBE, MAYBE), MAYBE),
    ("for i, layer in enumerate(model.layers):\n    layer.trainable = False", (YES, NO, NO), NO),
    ("for layer, flag in zip(model.layers, flags):\n    layer.trainable = flag", (YES, MAYBE, MAYBE), MAYBE),
    ("for layer in reversed(model.layers):\n    layer.trainable = False", (YES, NO, NO), NO),
    ("for layer in model._flatten_layers():\n    layer.trainable = False", (YES, NO, NO), NO),
    ("for layer in filter(unknown, model.layers):\n    layer.trainable = False", (None, None, None), None),
    ("setattr(model, 'trainable', False)", (NO, NO, NO), NO),
    ("for layer in (first, second):\n    layer.trainable = False", (YES, NO, NO), None),
    ("if unknown:\n    model.trainable = False", (MAYBE, MAYBE, MAYBE), MAYBE),
    ("[setattr(layer, 'trainable', False) for layer in model.layers]", (YES, None, None), None),
]


@pytest.mark.parametrize("code, flags, layers", FLAGS)
def test_what_is_trainable(code: str, flags: tuple[Tri | None, ...], layers: Tri | None) -> None:
    for version in VERSIONS:
        states = _states(code, version)
        for state, expected in zip(states, flags, strict=True):
            assert expected is None or state.trainable is expected, version
        assert layers is None or states[0].layers_trainable is layers, version


@pytest.mark.parametrize(
    "code, legacy, modern",
    [
        ("model.compile('sgd', 'mse')\nmodel.trainable = False", True, False),
        ("model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.trainable = False", True, True),
        ("model.compile('sgd', 'mse')\nmodel.train_on_batch(x)\nfirst.trainable = False", True, True),
        ("model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.trainable = True", False, False),
        ("model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.trainable = unknown", False, False),
        ("model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.layers[0].trainable = False", True, True),
        (
            "model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.trainable = False\nmodel.compile('sgd', 'mse')",
            False,
            False,
        ),
        (
            "model.compile('sgd', 'mse')\nmodel.fit(x)\nmodel.trainable = False\nmodel.trainable = True",
            False,
            False,
        ),
        ("model.trainable = False\nmodel.compile('sgd', 'mse')\nmodel.fit(x)", False, False),
        (
            "model.compile('sgd', 'mse')\nmodel.fit(x)\nif unknown:\n    model.trainable = False",
            False,
            False,
        ),
    ],
)
def test_what_comes_too_late(code: str, legacy: bool, modern: bool) -> None:
    assert (_states(code, KERAS_2)[0].frozen_late is not None) is legacy
    assert (_states(code, KERAS_3)[0].frozen_late is not None) is modern


def test_a_frozen_base_is_frozen_in_the_model_around_it() -> None:
    code = """
inputs = keras.Input((4,))
whole = keras.Model(inputs, keras.layers.Dense(1)(model(inputs)))
whole.compile("sgd", "mse")
whole.fit([1])
model.trainable = False
whole.summary()
"""
    states = [event.before for event in record(HEAD + code).calls("summary")]
    assert states[-1].frozen_late is not None
    assert "frozen" in states[-1].frozen_late.message
