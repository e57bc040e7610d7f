"""`ColourBalance` comes back with another gamma."""

import keras
from layers import ColourBalance

model = keras.Sequential([keras.Input((4,)), ColourBalance(1.1, gamma=0.5)])
model.save("balance.keras")
loaded = keras.models.load_model("balance.keras", custom_objects={"ColourBalance": ColourBalance})
assert loaded.layers[0].gamma == 1.0
observe("saved with gamma=0.5, loaded with gamma=1.0")
