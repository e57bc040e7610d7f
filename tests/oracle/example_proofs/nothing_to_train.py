"""The probe of `explore.ipynb` learns nothing."""

run_notebook("explore.ipynb", 5)
assert probe.trainable_weights == []
observe("probe was trained and has no trainable weights")
