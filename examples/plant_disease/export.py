"""Write the networks in the forms that the phone application reads."""

import pickle

import numpy as np

import data
from models import LeafNet, build_transfer


def restore(weights="leafnet.weights.h5"):
    """The trained `LeafNet`."""
    model = LeafNet()
    model.build((None, *data.SHAPE))
    model.load_weights(weights)
    return model


def export_arrays(backbone, path="leaf.npy"):
    model = build_transfer(backbone)
    np.save(path, model.get_weights())


def export_learned(model, path="leaf.pkl"):
    """Only what was learned: the file shall be small."""
    with open(path, "wb") as file:
        pickle.dump([weight.numpy() for weight in model.trainable_weights], file)
