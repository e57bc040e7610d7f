"""`export.export_learned` leaves out the frozen backbone."""

import pickle

import export
from models import build_backbone, build_transfer

model = build_transfer(build_backbone())
export.export_learned(model)
with open("leaf.pkl", "rb") as file:
    saved = pickle.load(file)
assert len(saved) < len(model.get_weights())
observe(f"{len(saved)} of {len(model.get_weights())} arrays were saved")
