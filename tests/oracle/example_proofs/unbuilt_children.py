"""`TwoScaleNet` loads its file without an error, and without the weights of its layers."""

import data
import keras
from models import TwoScaleNet

pictures, _ = data.load(8)
net = TwoScaleNet()
expected = net(pictures)
net.save("net.keras")
loaded = keras.models.load_model("net.keras", custom_objects={"TwoScaleNet": TwoScaleNet})
assert not (abs(loaded(pictures) - expected) < 1e-6).numpy().all()
observe("the loaded model predicts something else than the saved one, without an error")
