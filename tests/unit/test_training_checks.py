"""The rules about callbacks and optimizers, on paths that part and meet: what their documents do not show."""

from __future__ import annotations

import textwrap

import pytest
from flow_helpers import VERSIONS, reports

from kerasast.checks._spelling import close_names, edit_distance
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

HEAD = """\
import keras
from data import x, y


def new(metrics=("accuracy",), optimizer="adam"):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=list(metrics))
    return model


"""


def _reported(code: str, rule: str, version: KerasVersion = KERAS_3) -> list[str]:
    """The lines of `code`, run after `HEAD`, that a rule reports."""
    found = reports(HEAD + textwrap.dedent(code), version)
    assert "internal-error" not in {name for _, name, _ in found}, found
    return [line for _, name, line in found if name == rule]


FIT = "b.fit(x, y)"

OPTIMIZERS = [
    # The code before `b.fit(x, y)`, and whether the optimizer is certainly bound to other weights there.
    ("a = new(); b = new()", False),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); b = new(optimizer=o)", False),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); a.fit(x, y); b = new(optimizer=o)", True),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); a.train_on_batch(x, y); b = new(optimizer=o)", True),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); a.evaluate(x, y); b = new(optimizer=o)", False),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); a.fit(x, y); b = a", False),
    ("o = keras.optimizers.Adam(); a = new(optimizer=o); a.fit(x, y); touch(o); b = new(optimizer=o)", False),
    (
        "o = keras.optimizers.Adam(); a = new(optimizer=o); a.fit(x, y); o.build([]); b = new(optimizer=o)",
        False,
    ),
    (
        "o = keras.optimizers.Adam(); a = new(optimizer=o)\nif x:\n    a.fit(x, y)\nb = new(optimizer=o)",
        False,
    ),
    ("o = keras.optimizers.Adam()\nfor _ in x:\n    a = new(optimizer=o)\n    a.fit(x, y)\nb = new()", False),
    ("a = new(); a.fit(x, y); b = new(optimizer=a.optimizer)", False),
    ("o = touch(); a = new(optimizer=o); a.fit(x, y); b = new(optimizer=o)", False),
]


@pytest.mark.parametrize("code, certain", OPTIMIZERS)
@pytest.mark.parametrize("version", VERSIONS)
def test_optimizers_are_bound_by_the_first_training(code: str, certain: bool, version: KerasVersion) -> None:
    assert (FIT in _reported(f"{code}\n{FIT}", "reused-optimizer", version)) is certain


def test_an_optimizer_from_before_a_loop_fails_in_its_second_round() -> None:
    loop = "o = keras.optimizers.Adam()\nfor _ in x:\n    m = new(optimizer=o)\n    m.fit(x, y){}\n"
    assert _reported(loop.format(""), "reused-optimizer") == ["m.fit(x, y)"]
    assert _reported(loop.format("\n    break"), "reused-optimizer") == []
    inside = "for _ in x:\n    o = keras.optimizers.Adam()\n    m = new(optimizer=o)\n    m.fit(x, y)\n"
    assert _reported(inside, "reused-optimizer") == []


RESUMED = [
    # The code before the `fit` that goes on, and whether its optimizer certainly starts anew, in Keras 2 and 3.
    ("m = new()", False, False),
    ("m = keras.models.load_model('m.keras')", False, False),
    ("m = keras.models.load_model('m.keras'); m.compile('adam', 'mse')", True, True),
    ("m = keras.models.load_model('m.keras'); m.compile('sgd', 'mse')", False, False),
    ("m = keras.models.load_model('m.keras'); m.compile(m.optimizer, 'mse')", False, False),
    ("m = new(); m.load_weights('m.weights.h5')", True, True),
    ("m = new(); m.load_weights('checkpoint')", False, True),
    ("m = new(); m.fit(x, y); m.load_weights('m.weights.h5')", False, False),
    ("m = new(); m.load_weights('m.weights.h5'); m.fit(x, y)", False, False),
    ("m = new()\nif x:\n    m.load_weights('m.weights.h5')", False, False),
]


@pytest.mark.parametrize("code, in_2, in_3", RESUMED)
def test_weights_from_a_file_do_not_bring_the_optimizer(code: str, in_2: bool, in_3: bool) -> None:
    fit = "m.fit(x, y, initial_epoch=3, epochs=9)"
    for version, certain in ((KERAS_2, in_2), (KERAS_3, in_3)):
        assert (fit in _reported(f"{code}\n{fit}", "resumed-without-optimizer", version)) is certain
        assert not _reported(f"{code}\nm.fit(x, y)", "resumed-without-optimizer", version)


HISTORIES = [
    # The code that ends with a lookup, and whether it certainly fails.
    ("h = new().fit(x, y)\nh.history['acc']", True),
    ("h = new().fit(x, y)\nh.history['accuracy']", False),
    ("h = new(['acc']).fit(x, y)\nh.history['acc']", False),
    ("h = new().fit(x, y)\ntouch(h)\nh.history['acc']", False),
    ("h = new().fit(x, y, callbacks=[touch()])\nh.history['acc']", False),
    ("h = new([touch()]).fit(x, y)\nh.history['acc']", False),
    ("h = new().fit(x, y) if x else new(['acc']).fit(x, y)\nh.history['acc']", False),
    ("h = new().fit(x, y)\nh.history[touch()]", False),
    ("def train(model):\n    return model.fit(x, y).history\n\ntrain(new())['val_loss']", True),
]


@pytest.mark.parametrize("code, certain", HISTORIES)
def test_histories_know_what_was_logged(code: str, certain: bool) -> None:
    assert bool(_reported(code, "unknown-history-key")) is certain


MONITORS = [
    # What `fit` is given besides the data; whether `val_acc` is certainly not logged; whether no `val_…` is.
    ("validation_data=(x, y)", True, False),
    ("validation_data=x", True, False),
    ("validation_split=0.1", True, False),
    ("validation_split=0", False, True),
    ("epochs=3", False, True),
    ("**x", True, False),
]


@pytest.mark.parametrize("given, unknown, missing", MONITORS)
@pytest.mark.parametrize("version", VERSIONS)
def test_monitors_of_a_validation(given: str, unknown: bool, missing: bool, version: KerasVersion) -> None:
    code = f"new().fit(x, y, callbacks=[keras.callbacks.EarlyStopping('val_acc')], {given})"
    assert bool(_reported(code, "unknown-monitor", version)) is unknown
    assert bool(_reported(code, "monitor-without-validation", version)) is missing


def test_edit_distance_counts_slips() -> None:
    assert [edit_distance(a, "trainable") for a in ("trainable", "trainble", "trianable", "trainableee")] == [
        0,
        1,
        1,
        2,
    ]
    assert close_names("on_epoch_ends", ["on_epoch_end", "on_epoch_begin"], 2) == ["on_epoch_end"]
    assert close_names("on_save", ["on_epoch_end"], 2) == []
