"""Canonical names: the many paths that lead to one object of Keras, and the one name that rules compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ApiName:
    """A name of Keras: `name` is canonical (`keras.layers.Dense`), `dotted` the absolute path as written.

    `namespace` is where the path starts: `keras`, `tf.keras`, `tf_keras` or `tensorflow.python.keras`.
    """

    name: str
    namespace: str
    dotted: str


_ALIASES = {
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.layers.Input": "keras.Input",
    "keras.Layer": "keras.layers.Layer",
    "keras.engine.Layer": "keras.layers.Layer",
    "keras.engine.topology.Layer": "keras.layers.Layer",
    "keras.engine.base_layer.Layer": "keras.layers.Layer",
    "keras.engine.training.Model": "keras.Model",
    "keras.utils.register_keras_serializable": "keras.saving.register_keras_serializable",
    "keras.utils.get_custom_objects": "keras.saving.get_custom_objects",
    "keras.utils.custom_object_scope": "keras.saving.custom_object_scope",
    "keras.utils.CustomObjectScope": "keras.saving.custom_object_scope",
    "keras.saving.CustomObjectScope": "keras.saving.custom_object_scope",
    "keras.saving.load_model": "keras.models.load_model",
    "keras.saving.save_model": "keras.models.save_model",
}


@lru_cache(maxsize=65536)
def canonical(dotted: str) -> ApiName | None:
    """The name of Keras that an absolute dotted path means, or `None` for a path outside Keras."""
    parts = dotted.split(".")
    if parts[0] == "tensorflow":
        if "keras" not in parts:
            return None
        namespace = "tensorflow.python.keras" if parts[1] == "python" else "tf.keras"
        rest = parts[parts.index("keras") + 1 :]
    elif parts[0] in ("keras", "tf_keras"):
        namespace, rest = parts[0], parts[1:]
    else:
        return None
    while rest and rest[0] in ("src", "api", "_v1", "_v2", "keras", "_tf_keras"):
        rest = rest[1:]
    name = ".".join(["keras", *rest])
    return ApiName(_ALIASES.get(name, name), namespace, dotted)
