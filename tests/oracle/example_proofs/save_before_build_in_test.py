"""The test of saving compares nothing with nothing."""

import pathlib

import keras
from models import build_baseline
from tests.test_models import test_the_baseline_survives_saving

test_the_baseline_survives_saving(pathlib.Path())
assert build_baseline().get_weights() == []
assert keras.models.load_model("baseline.keras").get_weights() == []
observe("the test passes, and compares no arrays at all")
