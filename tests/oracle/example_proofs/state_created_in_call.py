"""`SeverityNet` has other weights at every call, and keeps none."""

import data
from models import SeverityNet

pictures, _ = data.load(8)
net = SeverityNet()
first, second = net(pictures), net(pictures)
assert net.get_weights() == []
assert not (abs(first - second) < 1e-6).numpy().all()
observe("two calls with the same pictures give different results, and the model has no weights")
