"""`train.train_denoiser` stops at its first step."""

import data
import train

try:
    train.train_denoiser(data.load(8)[0])
except ValueError as error:
    assert "No loss to compute" in str(error)
    observe(f"ValueError: {error}")
else:
    raise AssertionError("it trained")
