"""Write the networks in the forms that the phone application reads."""

import pickle

import numpy as np

import data
from models import LeafNet, build_backbone, build_transfer


def restore(weights="leafnet.weights.h5"):
    """The trained `LeafNet`."""
    model = LeafNet()
    model.build((None, *data.SHAPE))
    model.load_weights(weights)
    return model


def export_arrays(path="leaf.npy"):
    """All weights, for those who read NumPy's format."""
    model = build_transfer(build_backbone())
    model.load_weights("leaf.weights.h5")
    np.save(path, model.get_weights())


def export_learned(path="leaf.pkl"):
    """Only what was learned: the file shall be small."""
    model = build_transfer(build_backbone())
    model.load_weights("leaf.weights.h5")
    with open(path, "wb") as file:
        pickle.dump([weight.numpy() for weight in model.trainable_weights], file)
