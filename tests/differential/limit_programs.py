"""How the programs begin that show the limits."""

START = """\
import keras
import numpy as np

x = np.random.normal(size=(6, 4)).astype("float32")
y = np.random.normal(size=(6, 2)).astype("float32")
"""

TF = """\
import tensorflow as tf

"""

REGISTERED = """

@keras.saving.register_keras_serializable()
"""

MODEL = """\
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
"""

NET = """

class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.head = keras.layers.Dense(2)

    def call(self, inputs):
        return self.head(inputs)
"""

STEPPING = f"""\
{START}
import tensorflow as tf
{NET}
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {{"error": loss}}


model = Net()
"""
