"""What events tell of the loops and `with` statements around them, and of the dtype policy."""

from __future__ import annotations

import pytest
from flow_helpers import record

from kerasast.flow.events import ModelCall
from kerasast.flow.values import External

HEAD = """\
import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import KFold

def new():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

def train(model):
    model.fit(x, y)

model = new()
x, y = np.zeros((2, 4)), np.zeros((2, 1))
"""


def _fit(code: str) -> ModelCall:
    return record(HEAD + code).calls("fit")[-1]


@pytest.mark.parametrize(
    ("code", "older"),
    [
        ("model.fit(x, y)", []),
        ("for i in range(100):\n    model.fit(x, y)", [True]),
        ("for i in range(3):\n    model.fit(x, y)", [True]),
        ("for i in range(100):\n    model = new()\n    model.fit(x, y)", [False]),
        ("for i in range(3):\n    model = new()\n    model.fit(x, y)", [False]),
        ("for i in range(100):\n    train(model)", [True]),
        ("while True:\n    model = new()\n    for i in range(100):\n        model.fit(x, y)", [False, True]),
        ("for i in range(100):\n    pass\nmodel.fit(x, y)", []),
    ],
)
def test_loops_tell_which_objects_are_older(code: str, older: list[bool]) -> None:
    event = _fit(code)
    assert [loop.is_older(event.target) for loop in event.enclosing.loops] == older


@pytest.mark.parametrize(
    "iterable", ["KFold(5).split(x)", "enumerate(KFold(5).split(x))", "enumerate(KFold(5).split(x), start=1)"]
)
def test_loops_tell_what_they_go_through(iterable: str) -> None:
    (loop,) = _fit(f"for number in {iterable}:\n    model.fit(x, y)").enclosing.loops
    assert loop.iterable == External("sklearn.model_selection.KFold().split()")


@pytest.mark.parametrize(
    ("code", "older"),
    [
        ("with strategy.scope():\n    model.fit(x, y)", [True]),
        ("with strategy.scope():\n    model = new()\n    model.fit(x, y)", [False]),
        ("with strategy.scope():\n    model = new()\nmodel.fit(x, y)", []),
        ("with open('log') as log, strategy.scope():\n    train(model)", [True, True]),
    ],
)
def test_withs_tell_which_objects_are_older(code: str, older: list[bool]) -> None:
    event = _fit(f"strategy = tf.distribute.MirroredStrategy()\n{code}")
    assert [item.is_older(event.target) for item in event.enclosing.withs] == older
    if older:
        scope = External("tensorflow.distribute.MirroredStrategy().scope()")
        assert event.enclosing.withs[-1].manager == scope


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("", None),
        ("keras.mixed_precision.set_global_policy('mixed_float16')\n", "mixed_float16"),
        ("keras.config.set_dtype_policy(keras.mixed_precision.Policy('mixed_float16'))\n", "mixed_float16"),
        ("keras.mixed_precision.set_global_policy('mixed_float16')\n" * 2, "mixed_float16"),
        ("if x.any():\n    keras.mixed_precision.set_global_policy('mixed_float16')\n", None),
        ("keras.mixed_precision.set_global_policy(name)\n", None),
    ],
)
def test_layers_know_the_policy_that_was_set_before(code: str, policy: str | None) -> None:
    event = _fit(f"{code}model = new()\nmodel.fit(x, y)")
    (dense,) = (event.view.state(item) for item in event.view.contents(event.target))
    assert dense.policy == policy
    assert _fit(f"{code}model.fit(x, y)").before.policy is None
