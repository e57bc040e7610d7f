"""`Ensemble` cannot be saved, because nothing says how to make it again."""

import data
from models import Ensemble, LeafNet

pictures, _ = data.load(8)
net = Ensemble([LeafNet(), LeafNet()])
net(pictures)
try:
    net.save("ensemble.keras")
except NotImplementedError as error:
    assert "was created by passing" in str(error)
    observe("NotImplementedError: " + str(error).strip().split("\n")[0])
else:
    raise AssertionError("it was saved")
