"""`ChannelGate` cannot be loaded, even where it is known."""

import keras
from layers import ChannelGate

model = keras.Sequential([keras.Input((4,)), ChannelGate(2.0)])
model.save("gate.keras")
try:
    keras.models.load_model("gate.keras", custom_objects={"ChannelGate": ChannelGate})
except TypeError as error:
    assert "unexpected keyword argument" in str(error)
    observe(str(error).splitlines()[0])
else:
    raise AssertionError("it was loaded")
