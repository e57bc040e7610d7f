"""`WeightedAverage` forgets its activation and its name."""

import keras
from layers import WeightedAverage

model = keras.Sequential([keras.Input((4,)), WeightedAverage(3, activation="relu", name="average")])
model.save("average.keras")
loaded = keras.models.load_model("average.keras", custom_objects={"WeightedAverage": WeightedAverage})
assert loaded.layers[0].activation is not keras.activations.relu
observe("saved with activation relu, loaded without")
