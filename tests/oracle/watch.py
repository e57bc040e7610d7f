"""Watches how a program trains and loads models, and says what was lost. Part of `runner.py`: for Python 3.9 too.

What is lost is seen in the models themselves: in what training changed and left as it was, in the weights that
came back from a file, in variables that hang on a model and that the model does not know.
"""

from __future__ import annotations

import collections
import functools
import gc
import inspect
import os
import sys
import tempfile
import types
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple  # noqa: UP035  (Python 3.9)

import artefacts
import keras
import numpy as np
import tensorflow as tf

Loss = Dict[str, Any]  # noqa: UP006  (Python 3.9)


@dataclass
class Loading:
    """Weights that came from a file: into which model, and how many arrays it had then."""

    model: Any
    path: str
    arrays: int
    places: List[Tuple[str, int]]  # noqa: UP006


@dataclass
class Snapshot:
    """A model while it is trained: `(layer, variable, value, whether training should change it)` of its variables.

    `statistics` are the batch normalisations that should collect them, with those they have.
    """

    items: List[Tuple[Any, Any, Any, bool]] = field(default_factory=list)  # noqa: UP006
    statistics: List[Tuple[Any, Any]] = field(default_factory=list)  # noqa: UP006


class Watch:
    """Follows the models of one program while it is active; `losses` are what it found to be lost."""

    def __init__(self, recorder: artefacts.Recorder) -> None:
        self.active = False
        self.recorder = recorder
        self.losses: list[Loss] = []
        self.loadings: list[Loading] = []

    def install(self) -> None:
        """Wrap what trains and what loads."""
        for name in ("fit", "train_on_batch"):
            setattr(keras.Model, name, self._wrap_training(name, getattr(keras.Model, name)))
        keras.Model.evaluate = self._wrap_evaluate(keras.Model.evaluate)
        keras.optimizers.SGD.__init__ = self._wrap_optimizer(keras.optimizers.SGD.__init__)
        keras.Model.load_weights = self._wrap_load_weights(keras.Model.load_weights)
        for package in (keras, tf.keras):
            for module in (getattr(package, name, None) for name in ("models", "saving")):
                if module is not None and hasattr(module, "load_model"):
                    module.load_model = self._wrap_load_model(module.load_model)

    def _lose(self, kind: str, text: str, places: list[tuple[str, int]]) -> None:
        loss = {"kind": kind, "text": text, "places": places}
        if loss not in self.losses:
            self.losses.append(loss)

    # What is done to models.

    def _wrap_training(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(model: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.active:
                return function(model, *args, **kwargs)
            places = artefacts.program_places(self.recorder.source)
            taker = _SnapshotTaker(model)
            callbacks = list(kwargs.get("callbacks") or [])
            if name == "fit":
                kwargs["callbacks"] = [*callbacks, taker]
                if isinstance(args[0] if args else kwargs.get("x"), (np.ndarray, list)):
                    kwargs.setdefault("batch_size", 4)
            else:
                if not _variables(model) and args:
                    _predict(model, args[0])  # One batch is too short for a look in between.
                taker.take()
            self.active = False
            try:
                result = function(model, *args, **kwargs)
            finally:
                self.active = True
            logs = getattr(result, "history", None)
            for kind, text in [*_compare(taker.snapshot), *_unlogged(logs, callbacks), *_unadapted(model)]:
                self._lose(kind, text, places)
            return result

        return wrapper

    def _wrap_evaluate(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(model: Any, *args: Any, **kwargs: Any) -> Any:
            was, self.active = self.active, False
            try:
                result = function(model, *args, **kwargs)
            finally:
                self.active = was
            if self.active and np.ravel(result)[0] == 0.0:
                places = artefacts.program_places(self.recorder.source)
                self._lose("log", "the loss is evaluated as 0.0", places)
            return result

        return wrapper

    def _wrap_optimizer(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            function(optimizer, *args, **kwargs)
            if (
                self.active
                and "lr" in kwargs
                and not np.isclose(kwargs["lr"], float(optimizer.learning_rate))
            ):
                places = artefacts.program_places(self.recorder.source)
                self._lose("ignored", "the optimizer has another learning rate than it was given", places)

        return wrapper

    def _wrap_load_weights(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
            result = function(model, filepath, *args, **kwargs)
            if self.active:
                self._loaded(model, os.fspath(filepath))
            return result

        return wrapper

    def _wrap_load_model(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(filepath: Any, *args: Any, **kwargs: Any) -> Any:
            was, self.active = self.active, False
            try:
                model = function(filepath, *args, **kwargs)
            finally:
                self.active = was
            if self.active:
                self._loaded(model, os.fspath(filepath))
            return model

        return wrapper

    def _loaded(self, model: Any, path: str) -> None:
        places = artefacts.program_places(self.recorder.source)
        arrays = [np.array(array) for array in artefacts.weights_of(model)]
        deferred = not arrays and keras.__version__.startswith("2")
        self.loadings.append(Loading(model, path, -1 if deferred else len(arrays), places))
        saved = [record for record in self.recorder.records if record.path == path]
        if saved and not deferred and not _same(saved[-1].weights, arrays):
            self._lose("load", f"`{path}` does not give back the weights that were saved to it", places)

    # The end of the program.

    def finish(self, inputs: Any) -> None:
        """What is to be seen once the program has ended; `inputs` is data that fits its models."""
        self.active = False
        for model in [item for item in gc.get_objects() if isinstance(item, keras.Model)]:
            self._probe(model, inputs)
        for loading in self.loadings:
            self._probe_loading(loading)

    def _probe(self, model: Any, inputs: Any) -> None:
        """Call a model twice: it must give the same twice, and then hold all the variables that hang on it."""
        first = _predict(model, inputs)
        second = _predict(model, inputs)
        if first is not None and second is not None and not np.allclose(first, second, equal_nan=True):
            self._lose("unstable", "the model gives another result each time it is called", [])
        known = {id(variable) for variable in _variables(model)}
        for name in _lost_variables(model, known):
            self._lose("untracked", f"{name} is not among the weights of the model", [])
        for text in [*_broken_configs(model), *_broken_file(model, first, inputs)]:
            self._lose("contract", text, [])

    def _probe_loading(self, loading: Loading) -> None:
        now = artefacts.weights_of(loading.model)
        if loading.arrays >= 0 and len(now) > loading.arrays:
            text = f"{loading.arrays} arrays were loaded, and the model has {len(now)} in the end"
            self._lose("load", text, loading.places)
        saved = [record for record in self.recorder.records if record.path == loading.path]
        if saved and loading.arrays < 0 and not _same(saved[-1].weights, [np.array(item) for item in now]):
            self._lose("load", f"`{loading.path}` does not give back the weights", loading.places)


class _SnapshotTaker(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes a snapshot when training begins, or after its first batch if the model has no variables before."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.trained = model
        # Keras 2 has other flags while it trains: those from when the model was compiled.
        self.meant = _trainable_layers(model)
        self.snapshot: Optional[Snapshot] = None  # noqa: UP045

    def on_train_begin(self, logs: Any = None) -> None:
        self.take()

    def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
        self.take()

    def take(self) -> None:
        """Remember the variables, once there are some."""
        if self.snapshot is not None or not _variables(self.trained):
            return
        self.snapshot = Snapshot()
        for layer in self.trained._flatten_layers():
            for variable in _own_trainable(layer):
                value = np.array(variable)
                self.snapshot.items.append((layer, variable, value, id(layer) in self.meant))
            if id(layer) in self.meant and isinstance(layer, keras.layers.BatchNormalization) and layer.built:
                self.snapshot.statistics.append((layer, _statistics(layer)))


def _compare(snapshot: Optional[Snapshot]) -> Iterator[Tuple[str, str]]:  # noqa: UP006, UP045
    """What training did other than the `trainable` flags at its beginning say."""
    if snapshot is None:
        return
    moved: dict[int, bool] = {}
    names: dict[int, str] = {}
    for layer, variable, value, meant in snapshot.items:
        changed = not np.array_equal(value, np.array(variable))
        if meant:
            moved[id(layer)] = moved.get(id(layer), False) or changed
            names[id(layer)] = layer.name
        elif changed:
            yield "frozen", f"training changed `{layer.name}`, which is frozen"
            break
    for layer, value in snapshot.statistics:
        if np.array_equal(value, _statistics(layer)):
            yield "statistics", f"training did not change the statistics of `{layer.name}`"
            break
    if not moved:
        yield "idle", "there is nothing that training can change"
    still = [names[layer] for layer, change in moved.items() if not change]
    if still:
        yield "untrained", f"training did not change `{', '.join(still)}`, which is trainable"


def _statistics(layer: Any) -> Any:
    """The statistics of a batch normalisation."""
    return np.concatenate([np.array(layer.moving_mean), np.array(layer.moving_variance)])


def _unlogged(logs: Any, callbacks: list[Any]) -> Iterator[Tuple[str, str]]:  # noqa: UP006
    """What the log of a training does not say, or says wrongly; `logs` is the `history`, if there is one."""
    if logs is None:
        return
    for name in ("loss", "val_loss"):
        if name in logs and not any(logs[name]):
            yield "log", f"`{name}` is logged as 0.0"
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if monitor is not None and monitor not in logs and getattr(callback, "save_best_only", True):
            yield "monitor", f"{type(callback).__name__} does nothing: nobody logs `{monitor}`"


def _unadapted(model: Any) -> Iterator[Tuple[str, str]]:  # noqa: UP006
    """The layers of a model that were to be adapted to data, and know nothing of it."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            mean = getattr(layer, "adapt_mean", None)
            if mean is None or not np.any(np.array(mean)):
                yield "unadapted", f"`{layer.name}` normalises with statistics of nothing"


def _trainable_layers(layer: Any) -> set[int]:
    """The layers in a layer, and itself, that are trainable and in nothing that is frozen."""
    if not layer.trainable:
        return set()
    inside = layer._flatten_layers(recursive=False, include_self=False)
    return {id(layer)}.union(*(_trainable_layers(item) for item in inside))


def _own_trainable(layer: Any) -> list[Any]:
    """The variables that a layer itself was made with as trainable, whatever its flag says now."""
    return list(
        getattr(layer, "_trainable_variables", None) or getattr(layer, "_trainable_weights", None) or ()
    )


def _source() -> str:
    """The folder with the program's files."""
    return os.path.dirname(sys.modules["__main__"].__file__ or "")


def _is_own(cls: type) -> bool:
    """Whether a class is one of the program's own."""
    module = sys.modules.get(cls.__module__)
    return (getattr(module, "__file__", None) or "").startswith(_source())


def _variables(model: Any) -> list[Any]:
    try:
        return list(model.weights)
    except ValueError:  # Keras 2 raises this for a model that is not built
        return []


def _same(saved: list[Any], loaded: list[Any]) -> bool:
    """Whether the same arrays come back; Keras 2 lists those of frozen layers after the others."""
    return len(saved) == len(loaded) and artefacts.compare_arrays(saved, loaded) is None


def _predict(model: Any, inputs: Any) -> Any:
    try:
        outputs = tf.nest.flatten(model(inputs, training=False))
        return np.concatenate([np.ravel(output) for output in outputs])
    except Exception:  # A model that cannot be called was not used in the program, or the program raised.
        return None


def _lost_variables(model: Any, known: set[int]) -> Iterator[str]:
    """The names of attributes of the program's own classes that hold variables which the model does not know."""
    for layer in model._flatten_layers():
        if not _is_own(type(layer)):
            continue
        for name, value in vars(layer).items():
            if name.startswith("_") or name in ("optimizer", "loss", "metrics", "history", "tracker"):
                continue
            if any(id(variable) not in known for variable in _held(value, set())):
                yield f"`{name}` of `{type(layer).__name__}`"


def _held(value: Any, seen: set[int]) -> Iterator[Any]:
    """The variables in a value: those of a layer, or those inside a container or an object of the program's."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, keras.layers.Layer):
        yield from _variables(value)
    elif isinstance(value, (tf.Variable, getattr(keras, "Variable", tf.Variable))):
        yield value
    elif isinstance(value, dict):
        for item in list(value.values()):
            yield from _held(item, seen)
    elif isinstance(value, (list, tuple, set, collections.deque)):
        for item in list(value):
            yield from _held(item, seen)
    elif isinstance(value, types.SimpleNamespace) or _is_own(type(value)):
        yield from _held(dict(getattr(value, "__dict__", {})), seen)


def _broken_configs(model: Any) -> Iterator[str]:
    """What `from_config(get_config())` does not give back of the program's own layers in a model."""
    for layer in model._flatten_layers():
        cls = type(layer)
        if not _is_own(cls):
            continue
        try:
            config = layer.get_config()
            with keras.utils.custom_object_scope(artefacts.custom_objects(_source())):
                again = cls.from_config(config)
        except Exception as error:  # whatever is raised here is the finding
            yield f"`{cls.__name__}` cannot be made again from its config: {type(error).__name__}: {error}"
            continue
        for name, value in _plain(layer).items():
            if _plain(again).get(name) != value:
                yield f"`{cls.__name__}` loses `{name}` with its config"


def _broken_file(model: Any, expected: Any, inputs: Any) -> Iterator[str]:
    """What goes wrong when a model with classes of the program's own is saved as a whole and loaded."""
    own = any(_is_own(type(layer)) for layer in model._flatten_layers())
    if not own or expected is None or not _variables(model):
        return
    path = os.path.join(tempfile.mkdtemp(), "contract.keras")
    try:
        model.save(path)
        objects = artefacts.custom_objects(_source())
        loaded = keras.models.load_model(path, custom_objects=objects, compile=False)
        actual = _predict(loaded, inputs)
    except Exception as error:  # whatever is raised here is the finding
        yield f"the model cannot be saved and loaded: {type(error).__name__}: {error}"
        return
    if actual is None or not np.allclose(expected, actual, rtol=1e-3, atol=1e-5):
        yield "the model predicts other values when it is saved and loaded"


def _plain(layer: Any) -> dict[str, Any]:
    """The attributes that keep what the layer was made with."""
    parameters = set(inspect.signature(type(layer).__init__).parameters) - {"name"}
    values = {name: vars(layer)[name] for name in parameters if name in vars(layer)}
    plain = {name: getattr(value, "__name__", value) for name, value in values.items()}
    return {name: value for name, value in plain.items() if isinstance(value, (int, float, str))}
