"""The networks."""

import keras
from keras import layers

from data import CLASSES, SHAPE
from layers import Brightness, ChannelGate, ColourBalance


def build_baseline(filters=8):
    """A small network to compare the others with."""
    return keras.Sequential(
        [
            layers.Conv2D(filters, 3, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dense(len(CLASSES), activation="softmax"),
        ]
    )


def build_backbone():
    """Layers that know textures; stands for a network that was trained on something larger."""
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Conv2D(8, 3, activation="relu"), layers.GlobalAveragePooling2D()],
        name="backbone",
    )


def build_transfer(backbone):
    """A new head on a backbone that is kept as it is at first."""
    backbone.trainable = False
    inputs = keras.Input(SHAPE)
    x = Brightness(1.2)(inputs)
    x = ColourBalance(1.1, gamma=0.8)(x)
    x = ChannelGate(2.0)(x)
    outputs = layers.Dense(len(CLASSES), activation="softmax")(backbone(x))
    return keras.Model(inputs, outputs, name="transfer")


class LeafNet(keras.Model):
    """The baseline, written as a class."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convolution = layers.Conv2D(8, 3, activation="relu")
        self.pooling = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(len(CLASSES), activation="softmax")

    def call(self, inputs):
        return self.head(self.pooling(self.convolution(inputs)))


class TwoScaleNet(keras.Model):
    """Look at the leaf from near and from afar."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.near = layers.Conv2D(4, 3, activation="relu")
        self.far = layers.Conv2D(4, 9, activation="relu")
        self.pooling = layers.GlobalAveragePooling2D()
        self.join = layers.Concatenate()
        self.head = layers.Dense(len(CLASSES), activation="softmax")

    def build(self, input_shape):
        self.built = True

    def call(self, inputs):
        scales = [self.pooling(self.near(inputs)), self.pooling(self.far(inputs))]
        return self.head(self.join(scales))


class SeverityNet(keras.Model):
    """How badly a leaf is affected, from 0 to 1."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = layers.Flatten()

    def call(self, inputs):
        hidden = layers.Dense(8, activation="relu")(self.flatten(inputs))
        return layers.Dense(1, activation="sigmoid")(hidden)


class Ensemble(keras.Model):
    """The mean of several networks."""

    def __init__(self, members, **kwargs):
        super().__init__(**kwargs)
        self.members = members

    def call(self, inputs):
        return sum(member(inputs) for member in self.members) / len(self.members)
