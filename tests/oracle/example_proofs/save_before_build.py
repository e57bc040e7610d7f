"""`train.save_start` writes a model without weights."""

import keras
import train

train.save_start("start.keras")
assert keras.models.load_model("start.keras").get_weights() == []
observe("start.keras holds no weights")
