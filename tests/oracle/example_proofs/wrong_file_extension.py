"""`train.train_baseline` trains, and cannot save."""

import data
import train

try:
    train.train_baseline(*data.load(8))
except ValueError as error:
    assert "The filename must end in `.weights.h5`" in str(error)
    observe(f"ValueError: {error}")
else:
    raise AssertionError("the weights were saved")
