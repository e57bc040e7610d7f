"""Tests of the networks: `python -m pytest tests`."""

import keras
import numpy as np

from data import CLASSES, SHAPE
from models import LeafNet, build_baseline


def test_leaf_net_gives_a_probability_for_each_class():
    output = LeafNet()(np.zeros((2, *SHAPE), "float32"))
    assert output.shape == (2, len(CLASSES))


def test_the_baseline_survives_saving(tmp_path):
    model = build_baseline()
    model.save(tmp_path / "baseline.keras")
    loaded = keras.models.load_model(tmp_path / "baseline.keras")
    for saved, restored in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(saved, restored)
