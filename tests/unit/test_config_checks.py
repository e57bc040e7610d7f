"""The rules about configs: what their documents cannot say (messages and help)."""

from __future__ import annotations

import pytest

from kerasast.config import Settings
from kerasast.diagnostics import Confidence, Diagnostic
from kerasast.engine import Analyzer
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion


def report(code: str, rule: str, version: KerasVersion = KERAS_3) -> Diagnostic:
    """The one diagnostic of a rule, in a project that keeps its models."""
    files = {"main.py": code, "keep.py": 'import main\n\nmain.model.save("model.keras")\n'}
    result = Analyzer(Settings(select=(rule,))).analyze_files(files, version)
    (item,) = result.diagnostics
    return item


def test_what_nobody_keeps_is_reported_with_less_confidence() -> None:
    code = """\
import keras

class Rate(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 / step
"""
    for confidence, expected in ((Confidence.HIGH, 0), (Confidence.MEDIUM, 1)):
        settings = Settings(select=("missing-get-config",), min_confidence=confidence)
        assert len(Analyzer(settings).analyze_files({"main.py": code}).diagnostics) == expected


INCOMPLETE = """\
import keras

class Part(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        {store}

    def get_config(self):
        return super().get_config()
"""


@pytest.mark.parametrize(
    "store, help_text",
    [
        ("self._units = units", 'add `"units": self._units` to the config'),
        ("self.units = int(units)", 'add `"units": self.units` to the config'),
        (
            "self.units = keras.initializers.get(units)",
            'add `"units": keras.initializers.serialize(self.units)` to the config',
        ),
        (
            "self.dense = keras.layers.Dense(units)",
            "keep `units` on `self` as it was given, and add it to the config",
        ),
    ],
)
def test_the_help_says_what_records_the_argument(store: str, help_text: str) -> None:
    assert report(INCOMPLETE.format(store=store), "incomplete-get-config").help == help_text


CLASSIFIER = """\
import keras

class Classifier(keras.Model):
    def __init__(self, classes=2{more}):
        super().__init__()
        self.dense = keras.layers.Dense(classes)
"""


def test_a_model_that_takes_what_keras_gives_is_loaded_with_defaults() -> None:
    item = report(CLASSIFIER.format(more=", **kwargs"), "missing-get-config")
    assert item.message == (
        "a loaded `Classifier` goes back to the defaults of `classes`, silently, for want of a `get_config`"
    )


def test_a_model_that_does_not_take_it_cannot_be_loaded() -> None:
    item = report(CLASSIFIER.format(more=", trainable=True"), "missing-get-config")
    assert item.message == (
        "a saved `Classifier` cannot be loaded: without a `get_config` its config has `dtype`,"
        " which `__init__` does not take, and the defaults of `classes`"
    )
    assert item.help is not None
    assert "`**kwargs`" in item.help


@pytest.mark.parametrize("version", [KERAS_2, KERAS_3])
def test_a_loss_that_does_not_take_it_is_not_said_to_load(version: KerasVersion) -> None:
    code = """\
import keras

class Weighted(keras.losses.Loss):
    def __init__(self, weight=1.0):
        super().__init__()
        self.weight = weight
"""
    item = report(code, "missing-get-config", version)
    assert "cannot be loaded as it was: nothing records `weight`" in item.message
