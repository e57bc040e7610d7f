"""`evaluate.score_transfer` cannot load what `train.train_transfer` saved, in a process that evaluates only."""

import data
import train

pictures, labels = data.load(8)
train.train_transfer(pictures, labels)

import evaluate  # noqa: E402

try:
    evaluate.score_transfer(pictures, labels)
except TypeError as error:
    [reason] = [line for line in str(error).splitlines() if "Could not locate class" in line]
    observe(f"TypeError: {reason.partition('. ')[0]}")
else:
    raise AssertionError("the model was loaded")
