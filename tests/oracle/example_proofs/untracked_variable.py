"""The temperature of `Temperature` belongs to no model."""

import keras
from layers import Temperature

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Temperature()])
assert len(model.trainable_weights) == 2
observe("the model has the two weights of its Dense layer and no temperature")
