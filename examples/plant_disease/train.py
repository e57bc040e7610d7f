"""Train the networks: `python train.py`."""

import keras

import data
from models import build_backbone, build_baseline, build_transfer


def save_start(path="start.keras"):
    """Keep the network as it was before training, to start the other experiments from the same weights."""
    model = build_baseline()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.summary()
    model.save(path)


def train_baseline(pictures, labels):
    model = build_baseline()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures, labels, epochs=2, verbose=0)
    model.save_weights("baseline.h5")
    return model


def train_transfer(pictures, labels):
    backbone = build_backbone()
    model = build_transfer(backbone)
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    model.fit(pictures, labels, epochs=2, verbose=0)

    # Second stage: let the backbone learn as well, slowly.
    backbone.trainable = True
    model.optimizer.learning_rate = 1e-4
    model.fit(pictures, labels, epochs=2, verbose=0)

    model.save("leaf.keras")
    return model


def train_denoiser(pictures):
    model = keras.Sequential(
        [
            keras.Input(data.SHAPE),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", metrics=["mae"])
    model.fit(pictures, pictures, verbose=0)
    return model


def main():
    pictures, labels = data.load()
    save_start()
    train_transfer(pictures, labels)
    train_baseline(pictures, labels)
    train_denoiser(pictures)


if __name__ == "__main__":
    main()
