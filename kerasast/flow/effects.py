"""What the methods of Keras models and layers do to them, as data.

Observed on Keras 2.15.0 and 3.15.1; the documents of the rules that rest on a line show the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from kerasast.flow.values import Kind, Tri
from kerasast.versions import KerasRange, KerasVersion

MODELS = frozenset(kind for kind in Kind if kind.is_model)
WEIGHTED = frozenset(kind for kind in Kind if kind.has_weights)
GRAPHS = frozenset({Kind.SEQUENTIAL, Kind.FUNCTIONAL, Kind.LAYER})


CHECKPOINT = "tensorflow.train.Checkpoint"
"""The class of TensorFlow that saves and restores what it holds; `restore` is told of the models in it."""

ANY = KerasRange.parse(">=2")


@dataclass(frozen=True, slots=True)
class Effect:
    """What calling one of `methods` on an object of one of `kinds` changes in its state, in the range `keras`.

    `told` is the step that it adds to the story: a clause after the method's name, without a full stop.
    """

    methods: frozenset[str]
    kinds: frozenset[Kind]
    changes: dict[str, Tri] = field(default_factory=dict)
    told: str = ""
    keras: KerasRange = ANY


def _effect(
    methods: str, kinds: frozenset[Kind], told: str = "", keras: str = ">=2", **changes: Tri
) -> Effect:
    return Effect(frozenset(methods.split()), kinds, changes, told, KerasRange.parse(keras))


EFFECTS = (
    _effect(
        "fit train_on_batch fit_generator",
        MODELS,
        "builds and trains it",
        built=Tri.YES,
        trained=Tri.YES,
        learned=Tri.YES,
    ),
    _effect(
        "evaluate predict test_on_batch predict_on_batch evaluate_generator predict_generator "
        "predict_classes predict_proba predict_step test_step",
        MODELS,
        "builds it",
        built=Tri.YES,
    ),
    _effect("train_step", MODELS, "builds it", built=Tri.YES, learned=Tri.YES),
    _effect("__call__", WEIGHTED, "builds it", built=Tri.YES),
    _effect("call", WEIGHTED, "builds it", keras="<3", built=Tri.YES),
    # In Keras 3 the layers inside have their weights then, and yet the model is not built.
    _effect("call", WEIGHTED, keras=">=3", built=Tri.MAYBE),
    _effect("build", GRAPHS, "builds it", built=Tri.YES),
    _effect("build", MODELS - GRAPHS, "builds it", keras="<3", built=Tri.YES),
    _effect("compute_output_shape", MODELS - GRAPHS, "builds it", keras="<3", built=Tri.YES),
    _effect("adapt", WEIGHTED, "builds it", built=Tri.YES, adapted=Tri.YES),
    _effect("set_vocabulary update_state finalize_state", WEIGHTED, built=Tri.MAYBE, adapted=Tri.YES),
    _effect("build_from_config", WEIGHTED, built=Tri.YES, adapted=Tri.MAYBE),
    _effect("set_weights", WEIGHTED, built=Tri.YES, adapted=Tri.MAYBE, learned=Tri.YES),
    _effect("compile", MODELS, "compiles it", compiled=Tri.YES, trained=Tri.NO),
    _effect("add_loss", WEIGHTED, has_loss=Tri.YES),
    _effect("restore", WEIGHTED, adapted=Tri.MAYBE, learned=Tri.YES),
    _effect("load_weights", WEIGHTED, built=Tri.MAYBE, adapted=Tri.MAYBE, learned=Tri.YES),
)

HARMLESS = frozenset(
    [
        "summary",
        "get_config",
        "get_layer",
        "_flatten_layers",
        "to_json",
        "get_weights",
        "save",
        "save_weights",
        "export",
        "count_params",
        "get_build_config",
        "get_compile_config",
        "save_own_variables",
        "load_own_variables",
        "reset_states",
        "reset_state",
        "reset_metrics",
        "compute_mask",
        "compute_output_shape",
        "compute_output_spec",
        "to_yaml",
        "add_weight",
        "add_metric",
        "make_train_function",
        "make_test_function",
        "make_predict_function",
        "get_input_at",
        "get_output_at",
        "get_weight_paths",
        "add_variable",
        "stateless_call",
        "non_trainable_variables",
        "quantize",
    ]
)
"""Methods that leave the lifecycle of the object they are called on as it is."""


@lru_cache(maxsize=4096)
def effect_of(method: str, kind: Kind, version: KerasVersion) -> Effect | None:
    """The effect of a method on an object of a kind; `None` where the table has none."""
    for effect in EFFECTS:
        if method in effect.methods and kind in effect.kinds and version in effect.keras:
            return effect
    return None
