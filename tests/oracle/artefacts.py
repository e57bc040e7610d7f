"""Watches what a program saves through Keras, and loads it back. Part of `runner.py`: for Python 3.9 too."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import sys
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Optional  # noqa: UP035  (Python 3.9)

import keras
import numpy as np
import tensorflow as tf


@dataclass
class Record:
    """One thing saved: which model, with which weights at that time, and a copy of the files."""

    kind: str
    path: str
    model: Any
    weights: list[Any]
    copy: str
    places: list[tuple[str, int]]


class Recorder:
    """Remembers every `Model.save`, `save_weights` and `export` while it is active."""

    def __init__(self) -> None:
        self.active = False
        self.folder = ""
        self.source = ""
        self.records: list[Record] = []

    def install(self) -> None:
        """Wrap the methods that save, and `save_model`, in every namespace that has them."""
        for name in ("save", "save_weights", "export"):
            if hasattr(keras.Model, name):
                setattr(keras.Model, name, self._wrap(name, getattr(keras.Model, name)))
        for package in (keras, tf.keras):
            for module in (getattr(package, name, None) for name in ("models", "saving")):
                if module is not None and hasattr(module, "save_model"):
                    module.save_model = self._wrap("save", module.save_model)

    def _wrap(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.active:
                return function(model, filepath, *args, **kwargs)
            self.active = False
            try:
                result = function(model, filepath, *args, **kwargs)
                weights = [np.array(array) for array in weights_of(model)]
                path = os.fspath(filepath)
                places = program_places(self.source)
                self.records.append(Record(kind, path, model, weights, self._copy(path), places))
            finally:
                self.active = True
            return result

        return wrapper

    def _copy(self, path: str) -> str:
        """Copy the files of an artefact, which the program may change later; `path` may be a prefix."""
        folder = os.path.join(self.folder, str(len(self.records)))
        os.makedirs(folder)
        target = os.path.join(folder, os.path.basename(path.rstrip("/")))
        if os.path.isdir(path):
            shutil.copytree(path, target)
        else:
            for file in glob.glob(glob.escape(path) + "*"):
                if os.path.isfile(file):
                    shutil.copy(file, folder)
        return target

    def latest(self) -> list[Record]:
        """The last record for each path."""
        return list({(record.kind, record.path): record for record in self.records}.values())

    def check(self, record: Record, source: str) -> dict[str, Any]:
        """Load an artefact back and compare it with the model as it was saved."""
        try:
            problem = _unsaved(record) or _CHECKS[record.kind](record, source)
        except Exception as error:  # whatever Keras raises here is the finding
            problem = f"cannot be loaded back: {type(error).__name__}: {error}"
        return {
            "kind": record.kind,
            "path": record.path,
            "arrays": len(record.weights),
            "problem": problem.replace(os.path.dirname(self.folder), "") if problem else None,
            "places": record.places,
        }


def _unsaved(record: Record) -> Optional[str]:  # noqa: UP045
    """Whether the model had variables missing when it was saved."""
    now = len(weights_of(record.model))
    if now > len(record.weights):
        return f"saved with {len(record.weights)} arrays, and the model has {now} in the end"
    if not record.weights and any(not layer.built for layer in _layers(record.model)):
        return "saved with no arrays, and the model has layers that are not built"
    return None


def weights_of(model: Any) -> list[Any]:
    """The values of a model's weights; none for a model that is not built."""
    try:
        return list(model.get_weights())
    except ValueError:  # Keras 2 raises this for a model that is not built
        return []


def program_places(source: str) -> list[tuple[str, int]]:
    """The files and lines of the program's own code that are being executed, outermost first."""
    frames = traceback.extract_stack()
    return [
        (os.path.relpath(frame.filename, source), frame.lineno or 0)
        for frame in frames
        if source and frame.filename.startswith(source)
    ]


def _layers(model: Any) -> list[Any]:
    flatten = getattr(model, "_flatten_layers", None)
    return list(flatten()) if flatten else [model]


def _check_model(record: Record, source: str) -> Optional[str]:  # noqa: UP045
    objects = custom_objects(source)
    loaded = keras.models.load_model(record.copy, custom_objects=objects, safe_mode=False)
    arrays = [np.array(array) for array in loaded.get_weights()]
    if problem := compare_arrays(record.weights, arrays):
        return problem
    return _compare_predictions(record, lambda inputs: loaded(inputs, training=False))


def _check_weights(record: Record, source: str) -> Optional[str]:  # noqa: UP045
    return compare_arrays(record.weights, read_arrays(record.copy))


def _check_export(record: Record, source: str) -> Optional[str]:  # noqa: UP045
    loaded = tf.saved_model.load(record.copy)
    if not hasattr(loaded, "serve"):
        return None
    return _compare_predictions(record, loaded.serve)


_CHECKS = {"save": _check_model, "save_weights": _check_weights, "export": _check_export}


def custom_objects(source: str) -> dict[str, Any]:
    """The classes and functions that the program's own modules define, by name."""
    objects = {}
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(source):
            for name, value in vars(module).items():
                if callable(value) and getattr(value, "__module__", None) == module.__name__:
                    objects[getattr(value, "__name__", name)] = value
    return objects


def read_arrays(path: str) -> list[Any]:
    """All arrays of a weights file: HDF5, or a checkpoint of TensorFlow."""
    if os.path.isfile(path):
        import h5py

        arrays: list[Any] = []
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
            )
        return arrays
    reader = tf.train.load_checkpoint(path)
    return [reader.get_tensor(name) for name in reader.get_variable_to_shape_map()]


def compare_arrays(saved: list[Any], loaded: list[Any]) -> Optional[str]:  # noqa: UP045
    """What is missing of `saved` in `loaded`, in any order."""
    rest = [np.asarray(array) for array in loaded]
    lost = 0
    for array in saved:
        for index, other in enumerate(rest):
            if array.shape == other.shape and np.allclose(array, other, equal_nan=True):
                del rest[index]
                break
        else:
            lost += 1
    return f"{lost} of {len(saved)} arrays do not come back" if lost else None


def _compare_predictions(record: Record, predict: Callable[[Any], Any]) -> Optional[str]:  # noqa: UP045
    inputs = sample_inputs(record.model)
    if inputs is None:
        return None
    current = record.model.get_weights()
    record.model.set_weights(record.weights)
    expected = tf.nest.flatten(record.model(inputs, training=False))
    record.model.set_weights(current)
    actual = tf.nest.flatten(predict(inputs))
    same = len(expected) == len(actual) and all(
        np.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True)
        for a, b in zip(expected, actual)  # noqa: B905
    )
    return None if same else "what is loaded predicts other values than what was saved"


def sample_inputs(model: Any) -> Any:
    """Inputs of the model's own structure, shapes and types; `None` where these are not known."""
    for name in ("_inputs_struct", "_nested_inputs", "_saved_model_inputs_spec"):
        specs = getattr(model, name, None)
        if specs is not None:
            return tf.nest.map_structure(lambda spec: _sample(spec.shape, spec.dtype), specs)
    if getattr(model, "inputs", None):
        specs = [_sample(spec.shape, spec.dtype) for spec in model.inputs]
        return specs[0] if len(specs) == 1 else specs
    shapes = getattr(model, "_build_shapes_dict", None)
    shape = next(iter(shapes.values())) if shapes and len(shapes) == 1 else None
    if isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape):
        return _sample(shape, "float32")
    return None


def _sample(shape: Any, dtype: Any) -> Any:
    sizes = [2 if size is None else int(size) for size in tuple(shape)]
    kind = tf.as_dtype(dtype)
    if kind.is_floating:
        return tf.constant(np.random.RandomState(0).uniform(size=sizes), kind)
    return tf.fill(sizes, "a") if kind == tf.string else tf.ones(sizes, kind)
