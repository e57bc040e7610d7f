"""What the imports of a project tell about the Keras that it is for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from kerasast.keras_api.names import canonical, split_namespace
from kerasast.keras_api.symbols import exists
from kerasast.versions import KERAS_2, KERAS_3

LEGACY_SWITCH = "TF_USE_LEGACY_KERAS"
"""The environment variable that makes `tf.keras` Keras 2 in a TensorFlow that brings Keras 3."""

_CERTAIN, _LIKELY, _HINT = 4, 2, 1
"""How much an import tells: it fails in the other generation, is useless there, or is merely unusual there."""


@dataclass(frozen=True, slots=True)
class ImportEvidence:
    """What imports tell: the generation (2 or 3), the names that tell it, the most frequent first.

    `legacy` if they show that Keras 2 is used next to a TensorFlow that brings Keras 3. `is_weak` if none of the
    names is more than unusual in the other generation.
    """

    generation: int
    names: tuple[str, ...]
    legacy: bool
    is_weak: bool = False

    def __str__(self) -> str:
        shown = ", ".join(self.names[:3])
        return f"{shown} and {len(self.names) - 3} more" if len(self.names) > 3 else shown


def weigh_imports(imports: Iterable[str]) -> ImportEvidence | None:
    """What absolute imported names tell, or `None` if they tell nothing or contradict each other evenly.

    A name counts as often as it is given, so that the many outweigh the few; one alone is believed.
    """
    weights = {2: 0, 3: 0}
    names: dict[int, Counter[str]] = {2: Counter(), 3: Counter()}
    heaviest = {2: 0, 3: 0}
    legacy = False
    for name, count in Counter(imports).items():
        told = _tells(name)
        if told is None:
            continue
        generation, weight = told
        weights[generation] += weight * count
        heaviest[generation] = max(heaviest[generation], weight)
        names[generation][_shown(name)] += weight * count
        legacy = legacy or _root(name) in ("tf_keras", LEGACY_SWITCH)
    if weights[2] == weights[3]:
        return None
    generation = max(weights, key=lambda number: weights[number])
    return ImportEvidence(
        generation,
        _ranked(names[generation]),
        legacy and generation == 2,
        is_weak=heaviest[generation] == _HINT,
    )


def telling_once(imports: Iterable[str]) -> list[str]:
    """The names that one file imports, those of a package that tells by itself as one: it tells no more by them."""
    return sorted({name if _root(name) not in _PACKAGES else _root(name) for name in imports})


def _root(name: str) -> str:
    return name.partition(".")[0]


def _ranked(names: Counter[str]) -> tuple[str, ...]:
    """The heaviest first; a module that is itself among them speaks for its members."""
    outermost = [name for name in names if not any(name.startswith(f"{other}.") for other in names)]
    weight = {
        name: sum(names[other] for other in names if f"{other}.".startswith(f"{name}.")) for name in outermost
    }
    return tuple(sorted(outermost, key=lambda name: (-weight[name], name)))


def _shown(name: str) -> str:
    """What tells: of a package without which there is nothing to tell, only its name."""
    if _root(name) in _PACKAGES:
        return _root(name)
    whole = re.match(
        r"tensorflow(_core)?\.(contrib|estimator|examples\.tutorials|python\.keras|compat\.v1)\b", name
    )
    return whole[0] if whole else name


_PACKAGES = {
    LEGACY_SWITCH: (2, _CERTAIN),
    "bert4keras": (2, _LIKELY),  # Requires keras<=2.3.1.
    "keras_applications": (2, _LIKELY),
    "keras_contrib": (2, _LIKELY),
    "keras_core": (3, _CERTAIN),
    "keras_hub": (3, _CERTAIN),
    "keras_preprocessing": (2, _HINT),
    "keras_rs": (3, _CERTAIN),
    "tensorflow_addons": (2, _LIKELY),  # Its last release is for TensorFlow 2.12 to 2.15.
    "tf_keras": (2, _CERTAIN),
}

_TENSORFLOW_1 = re.compile(r"tensorflow\.(contrib|estimator|examples\.tutorials)(\.|$)")
"""Packages that no TensorFlow with Keras 3 has: `contrib` went with 2.0, `estimator` with 2.16."""

_OLD_MODULES = re.compile(
    r"(engine|objectives|optimizer_v[12]|wrappers\.scikit_learn|backend\.\w+_backend|backend\.common"
    r"|layers\.(advanced_activations|convolutional|convolutional_recurrent|core|embeddings|local|merge|noise"
    r"|normalization|pooling|recurrent|wrappers)"
    r"|legacy\.(interfaces|layers)"
    r"|utils\.(conv_utils|data_utils|generic_utils|io_utils|layer_utils|np_utils|test_utils|training_utils|vis_utils))"
    r"(\.|$)"
)
"""Modules that releases of Keras 2 before 2.15 have and later ones do not, without the leading `keras.`."""


@lru_cache(maxsize=16384)
def _tells(name: str) -> tuple[int, int] | None:
    """The generation that one imported name is for, and how much it tells."""
    known = _PACKAGES.get(_root(name))
    if known is not None:
        return known
    if _TENSORFLOW_1.match(name):
        return 2, _CERTAIN
    split = split_namespace(name)
    if split is None:
        return (2, _HINT) if name.startswith("tensorflow.compat.v1") else None
    namespace, path = split
    if namespace == "tensorflow.python.keras":
        return 2, _LIKELY  # Importable with Keras 3, whose models refuse its layers.
    if name.startswith("tensorflow.compat.v1"):
        return 2, _HINT
    return _tells_by_existence(name, namespace, path)


def _tells_by_existence(name: str, namespace: str, path: str) -> tuple[int, int] | None:
    in_2, in_3 = exists(name, namespace, KERAS_2), exists(name, namespace, KERAS_3)
    if in_2 is None or in_3 is None:
        return None
    if in_2 != in_3:
        return (2, _CERTAIN) if in_2 else (3, _CERTAIN)
    if in_2:
        # Releases of Keras 2 have it since 2.12 or so.
        return (3, _HINT) if namespace == "keras" and re.match(r"saving(\.|$)", path) else None
    api = canonical(name)
    moved = api is not None and api.name != f"keras.{path}"
    return (2, _CERTAIN) if moved or _OLD_MODULES.match(path) else None
