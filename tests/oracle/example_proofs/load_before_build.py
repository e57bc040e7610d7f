"""`evaluate.score_baseline` loads weights into a model that has none."""

import data
import evaluate
from models import build_baseline

pictures, labels = data.load(8)
model = build_baseline()
model(pictures)
model.save_weights("baseline.weights.h5")
try:
    evaluate.score_baseline(pictures, labels)
except ValueError as error:
    assert "You are loading weights into a model that has not yet been built" in str(error)
    observe(str(error).splitlines()[0])
else:
    raise AssertionError("the weights were loaded")
