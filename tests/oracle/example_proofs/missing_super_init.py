"""`GreenOnly` cannot be used."""

import keras

from layers import GreenOnly

try:
    keras.Sequential([keras.Input((4, 4, 3)), GreenOnly()])
except (AttributeError, RuntimeError) as error:
    observe(f"{type(error).__name__}: {error}")
else:
    raise AssertionError("it was used")
