"""`SpotAttention` stops at its first call."""

import keras
from layers import SpotAttention

try:
    keras.Sequential([keras.Input((5, 4)), SpotAttention()])
except AttributeError as error:
    assert "scores" in str(error)
    observe(str(error).splitlines()[0])
else:
    raise AssertionError("it was called")
