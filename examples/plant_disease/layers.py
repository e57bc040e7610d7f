"""Layers of the leaf classifiers."""

import keras
import tensorflow as tf
from keras import layers, ops


class ChannelGate(layers.Layer):
    """Weigh the channels of a picture."""

    def __init__(self, sharpness=1.0):
        super().__init__()
        self.sharpness = sharpness

    def build(self, input_shape):
        self.gate = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="gate")

    def call(self, inputs):
        return inputs * ops.sigmoid(self.sharpness * self.gate)


class ColourBalance(layers.Layer):
    """Undo the white balance of the camera."""

    def __init__(self, gain, gamma=1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain
        self.gamma = gamma

    def call(self, inputs):
        return ops.power(inputs * self.gain, self.gamma)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


class WeightedAverage(layers.Dense):
    """A dense layer whose weights stay positive."""

    def __init__(self, units, **kwargs):
        kwargs.setdefault("kernel_constraint", "non_neg")
        super().__init__(units, **kwargs)

    def get_config(self):
        return {"units": self.units}


class Temperature(layers.Layer):
    """Divide the logits by a temperature that is learned."""

    def build(self, input_shape):
        self.temperature = tf.Variable(1.0, name="temperature")

    def call(self, inputs):
        return inputs / self.temperature


class GreenOnly(layers.Layer):
    """Blank what is not green."""

    def __init__(self, limit=0.4, **kwargs):
        self.limit = limit

    def call(self, inputs):
        return inputs * ops.cast(inputs[..., 1:2] > self.limit, inputs.dtype)


class SpotAttention(layers.Layer):
    """Look where the spots are."""

    def build(self, input_shape):
        self.score = self.add_weight(shape=(input_shape[-1], 1), name="score")

    def call(self, inputs):
        attention = ops.softmax(ops.matmul(inputs, self.scores), axis=1)
        return ops.sum(inputs * attention, axis=1)


@keras.saving.register_keras_serializable(package="plant_disease")
class Brightness(layers.Layer):
    """Multiply by a fixed number. (Nothing is wrong with this one.)"""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
