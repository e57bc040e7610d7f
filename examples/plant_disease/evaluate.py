"""How good is what `train.py` saved? `python evaluate.py`."""

import keras

import data
from models import build_baseline


def score_transfer(pictures, labels):
    model = keras.models.load_model("leaf.keras")
    return model.evaluate(pictures, labels, verbose=0)


def score_baseline(pictures, labels):
    model = build_baseline()
    model.load_weights("baseline.weights.h5")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.evaluate(pictures, labels, verbose=0)


def main():
    pictures, labels = data.load(seed=1)
    print("transfer", score_transfer(pictures, labels))
    print("baseline", score_baseline(pictures, labels))


if __name__ == "__main__":
    main()
