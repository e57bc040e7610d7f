"""Canonical names, signatures, ancestry and facts of Keras's public API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kerasast.keras_api import (
    ancestors,
    canonical,
    exists,
    lookup,
    lookup_method,
    members,
    non_trainable_state,
    weightless,
)
from kerasast.keras_api.data import GENERATIONS, read
from kerasast.keras_api.data import __file__ as DATA
from kerasast.keras_api.symbols import Parameter
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

BOTH = pytest.mark.parametrize("version", [KERAS_2, KERAS_3], ids=str)


@pytest.mark.parametrize(
    ("dotted", "name", "namespace"),
    [
        ("keras", "keras", "keras"),
        ("keras.layers", "keras.layers", "keras"),
        ("keras.layers.Dense", "keras.layers.Dense", "keras"),
        ("tensorflow.keras", "keras", "tf.keras"),
        ("tensorflow.keras.layers.Dense", "keras.layers.Dense", "tf.keras"),
        ("tensorflow.compat.v1.keras.layers.Dense", "keras.layers.Dense", "tf.keras"),
        ("tensorflow.compat.v2.keras.models.Model", "keras.Model", "tf.keras"),
        ("tensorflow._api.v2.v2.keras.Input", "keras.Input", "tf.keras"),
        ("tensorflow.contrib.keras.api.keras.layers.Dense", "keras.layers.Dense", "tf.keras"),
        ("tensorflow_core.keras.layers.Dense", "keras.layers.Dense", "tf.keras"),
        ("keras._tf_keras.keras.layers.Dense", "keras.layers.Dense", "tf.keras"),
        ("tf_keras.layers.Dense", "keras.layers.Dense", "tf_keras"),
        ("tf_keras.src.layers.core.dense.Dense", "keras.layers.Dense", "tf_keras"),
        ("tensorflow.python.keras.layers.Dense", "keras.layers.Dense", "tensorflow.python.keras"),
        ("tensorflow.python.keras.engine.training.Model", "keras.Model", "tensorflow.python.keras"),
        ("keras.src.layers.core.dense.Dense", "keras.layers.Dense", "keras"),
        ("keras.src.models.sequential.Sequential", "keras.Sequential", "keras"),
        ("keras.api._v2.keras.layers.Dense", "keras.layers.Dense", "keras"),
        ("keras.api.models.Model", "keras.Model", "keras"),
    ],
)
def test_canonical_of_each_namespace(dotted: str, name: str, namespace: str) -> None:
    api = canonical(dotted)
    assert api is not None
    assert (api.name, api.namespace, api.dotted) == (name, namespace, dotted)


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("keras.models.Model", "keras.Model"),
        ("keras.models.Sequential", "keras.Sequential"),
        ("keras.layers.Input", "keras.Input"),
        ("keras.Layer", "keras.layers.Layer"),
        ("keras.saving.load_model", "keras.models.load_model"),
        ("keras.models.clone_model", "keras.models.clone_model"),
        ("keras.utils.register_keras_serializable", "keras.saving.register_keras_serializable"),
        ("keras.utils.get_custom_objects", "keras.saving.get_custom_objects"),
        ("keras.utils.custom_object_scope", "keras.saving.custom_object_scope"),
        ("keras.utils.CustomObjectScope", "keras.saving.custom_object_scope"),
        ("keras.saving.CustomObjectScope", "keras.saving.custom_object_scope"),
        ("keras.layers.Convolution2D", "keras.layers.Conv2D"),
        ("keras.layers.MaxPool2D", "keras.layers.MaxPooling2D"),
        ("keras.initializers.he_normal", "keras.initializers.HeNormal"),
        ("keras.losses.mse", "keras.losses.mean_squared_error"),
        ("keras.metrics.mean_squared_error", "keras.losses.mean_squared_error"),
        ("keras.applications.vgg16.VGG16", "keras.applications.VGG16"),
        ("keras.optimizers.experimental.Adam", "keras.optimizers.Adam"),
        ("keras.layers.experimental.preprocessing.Normalization", "keras.layers.Normalization"),
        ("keras.ops.numpy.add", "keras.ops.add"),
        ("keras.utils.Sequence", "keras.utils.PyDataset"),
    ],
)
def test_aliases_share_a_name(dotted: str, name: str) -> None:
    api = canonical(dotted)
    assert api is not None
    assert api.name == name


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("keras.regularizers.l1_l2", "keras.regularizers.l1_l2"),
        ("keras.optimizers.legacy.Adam", "keras.optimizers.legacy.Adam"),
        ("keras.applications.vgg16.preprocess_input", "keras.applications.vgg16.preprocess_input"),
        ("keras.preprocessing.image.ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
    ],
)
def test_different_objects_keep_different_names(dotted: str, name: str) -> None:
    api = canonical(dotted)
    assert api is not None
    assert api.name == name


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("keras.layers.core.Dense", "keras.layers.Dense"),
        ("keras.layers.normalization.BatchNormalization", "keras.layers.BatchNormalization"),
        ("keras.layers.merge.concatenate", "keras.layers.concatenate"),
        ("keras.engine.Layer", "keras.layers.Layer"),
        ("keras.engine.topology.Layer", "keras.layers.Layer"),
        ("keras.engine.training.Model", "keras.Model"),
        ("keras.engine.saving.load_model", "keras.models.load_model"),
        ("keras.optimizer_v2.adam.Adam", "keras.optimizers.Adam"),
        ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
        ("keras.applications.mobilenetv2.MobileNetV2", "keras.applications.MobileNetV2"),
        ("keras.backend.tensorflow_backend.set_session", "keras.backend.set_session"),
    ],
)
def test_paths_of_old_releases_find_their_object(dotted: str, name: str) -> None:
    api = canonical(dotted)
    assert api is not None
    assert api.name == name


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("keras.foo.Bar", "keras.foo.Bar"),
        ("keras.src.foo.Bar", "keras.foo.Bar"),
        ("keras.engine", "keras.engine"),
        ("keras.wrappers.scikit_learn.KerasClassifier", "keras.wrappers.scikit_learn.KerasClassifier"),
        # Another library's names, seen through a module of Keras.
        ("keras.backend.tf.Variable", "keras.backend.tf.Variable"),
        ("keras.backend.foo.Variable", "keras.backend.foo.Variable"),
        # A member of an object is not the object that ends alike.
        ("keras.models.Model.fit", "keras.Model.fit"),
        ("keras.layers.Dense.Input", "keras.layers.Dense.Input"),
    ],
)
def test_unknown_paths_are_still_of_keras(dotted: str, name: str) -> None:
    api = canonical(dotted)
    assert api is not None
    assert api.name == name


@pytest.mark.parametrize(
    "dotted",
    [
        "",
        "numpy.save",
        "tensorflow",
        "tensorflow.Variable",
        "tensorflow.io.keras",
        "keras_tuner.Tuner",
        "kerasast",
        "mykeras.layers.Dense",
        "tensorflow.losses.mean_squared_error",
        "tensorflow.losses.Nonsense",
        "tensorflow.compat.v1.losses.Huber",
    ],
)
def test_names_outside_keras(dotted: str) -> None:
    assert canonical(dotted) is None


def test_tensorflow_shows_classes_of_keras_at_its_top_level() -> None:
    api = canonical("tensorflow.losses.Huber")
    assert api is not None
    assert (api.name, api.namespace) == ("keras.losses.Huber", "tf.keras")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_symbol_is_its_own_canonical_name(generation: str) -> None:
    for name in read("symbols", generation):
        api = canonical(f"keras.{name}")
        assert api is not None
        assert api.name == f"keras.{name}"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_alias_leads_to_a_symbol(generation: str) -> None:
    symbols = read("symbols", generation)
    for alias, name in read("names", generation)["aliases"].items():
        assert name in symbols, alias


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_signature_can_be_read(generation: str) -> None:
    version = KerasVersion.parse(generation)
    for name, entry in read("symbols", generation).items():
        symbol = lookup(f"keras.{name}", version)
        assert symbol is not None
        assert (symbol.parameters is None) == ("signature" not in entry)
        for method in entry.get("methods", ()):
            assert lookup_method(f"keras.{name}", method, version) is not None


@BOTH
def test_kinds(version: KerasVersion) -> None:
    kinds = {
        name: symbol.kind if (symbol := lookup(name, version)) else None
        for name in (
            "keras",
            "keras.layers",
            "keras.layers.Dense",
            "keras.models.load_model",
            "keras.foo.Bar",
        )
    }
    assert list(kinds.values()) == ["module", "module", "class", "function", None]


@BOTH
def test_parameters_of_a_layer_keep_what_hides_behind_kwargs(version: KerasVersion) -> None:
    symbol = lookup("keras.layers.Dense", version)
    assert symbol is not None
    assert symbol.parameters is not None
    assert symbol.parameters[:2] == (
        Parameter("units", "positional_or_keyword", False, None),
        Parameter("activation", "positional_or_keyword", True, "None"),
    )
    assert symbol.parameters[-1] == Parameter("kwargs", "var_keyword", False, None)


def test_generations_differ() -> None:
    old, new = lookup("keras.Input", KERAS_2), lookup("keras.Input", KERAS_3)
    assert old is not None
    assert new is not None
    assert [parameter.name for parameter in old.parameters or ()][1:3] == ["batch_size", "name"]
    assert [parameter.name for parameter in new.parameters or ()][1:3] == ["batch_size", "dtype"]
    assert lookup("keras.ops.add", KERAS_2) is None
    assert lookup("keras.layers.LocallyConnected1D", KERAS_3) is None


def test_older_releases_use_the_data_of_their_generation() -> None:
    assert lookup("keras.Input", KerasVersion(2, 2)) == lookup("keras.Input", KERAS_2)
    assert lookup("keras.Input", KerasVersion(3, 0)) == lookup("keras.Input", KERAS_3)


@BOTH
def test_the_functional_constructor_of_a_model(version: KerasVersion) -> None:
    symbol = lookup("keras.Model", version)
    assert symbol is not None
    parameters = symbol.parameters or ()
    assert [parameter.name for parameter in parameters][:3] == ["inputs", "outputs", "name"]
    assert parameters[0].has_default


def test_a_signature_with_every_kind_of_parameter() -> None:
    parameters = lookup_method("keras.layers.Layer", "add_weight", KERAS_3)
    assert parameters is not None
    assert parameters[0] == Parameter("args", "var_positional", False, None)
    assert parameters[1] == Parameter("shape", "keyword_only", True, "None")


@BOTH
def test_ancestors_are_in_the_order_of_the_mro(version: KerasVersion) -> None:
    assert ancestors("keras.Sequential", version)[:2] == ("keras.Model", "keras.layers.Layer")
    assert ancestors("keras.layers.LSTM", version)[:2] == ("keras.layers.RNN", "keras.layers.Layer")
    assert ancestors("keras.callbacks.ModelCheckpoint", version) == ("keras.callbacks.Callback",)
    assert ancestors("keras.models.load_model", version) == ()
    assert ancestors("keras.foo.Bar", version) == ()


@BOTH
def test_bases_are_the_nearest_ancestors(version: KerasVersion) -> None:
    symbol = lookup("keras.Sequential", version)
    assert symbol is not None
    assert symbol.bases == ("keras.Model",)


def test_methods_are_inherited() -> None:
    old = lookup_method("keras.Sequential", "save_weights", KERAS_2)
    new = lookup_method("keras.Sequential", "save_weights", KERAS_3)
    assert [parameter.name for parameter in old or ()] == ["filepath", "overwrite", "save_format", "options"]
    assert [parameter.name for parameter in new or ()] == ["filepath", "overwrite", "max_shard_size"]
    assert lookup_method("keras.Sequential", "fit_generator", KERAS_2) is not None
    assert lookup_method("keras.Sequential", "fit_generator", KERAS_3) is None


def test_members_include_properties_and_what_is_inherited() -> None:
    assert {"fit", "get_weights", "layers", "trainable", "input_shape"} <= members("keras.Model", KERAS_2)
    assert "input_shape" not in members("keras.Model", KERAS_3)


@BOTH
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("Dropout", True),
        ("Flatten", True),
        ("Activation", True),
        ("ReLU", True),
        ("MaxPooling2D", True),
        ("AveragePooling2D", True),
        ("Reshape", True),
        ("InputLayer", True),
        ("Dense", False),
        ("PReLU", False),
        ("BatchNormalization", False),
        ("LSTMCell", False),
        ("Attention", None),
        ("TimeDistributed", None),
        ("Layer", None),
        ("Nonsense", None),
    ],
)
def test_weightless_layers(layer: str, expected: bool | None, version: KerasVersion) -> None:
    assert weightless(f"keras.layers.{layer}", version) is expected


@BOTH
@pytest.mark.parametrize(
    ("layer", "expected"),
    [("BatchNormalization", True), ("Normalization", True), ("Dense", False), ("Layer", None)],
)
def test_layers_with_state_that_is_not_trained(
    layer: str, expected: bool | None, version: KerasVersion
) -> None:
    assert non_trainable_state(f"keras.layers.{layer}", version) is expected


@pytest.mark.parametrize(
    ("path", "namespace", "in_2", "in_3"),
    [
        ("keras.layers.Dense", "keras", True, True),
        ("tensorflow.keras.layers.Dense", "tf.keras", True, True),
        ("keras.layers", "tf.keras", True, True),
        ("keras.layers.core.Dense", "keras", False, False),
        ("keras.engine", "keras", False, False),
        ("keras.ops", "keras", False, True),
        ("keras.preprocessing.image.ImageDataGenerator", "keras", True, False),
        ("keras.preprocessing.image.ImageDataGenerator", "tf.keras", True, True),
        ("keras.losses.MSE", "keras", True, False),
        ("keras.losses.MSE", "tf.keras", True, True),
        ("keras.losses.mean_squared_error", "keras", True, True),
        ("keras.losses.mean_squared_error", "tf.keras", True, False),
        ("keras.backend.mean", "keras", True, False),
        ("keras.backend.mean", "tf.keras", True, True),
        # In TensorFlow 2.21 `from tensorflow.keras.saving import …` works and `tf.keras.saving` does not.
        ("keras.saving.load_model", "tf.keras", True, None),
        ("keras.saving.load_model", "keras", True, True),
        ("keras.Model.fit", "keras", True, True),
        ("keras.Model.fit_generator", "keras", True, None),
        ("keras.src.layers.Dense", "keras", None, None),
        ("tensorflow.compat.v1.keras.layers.CuDNNLSTM", "tf.keras", None, None),
        ("keras.layers.Dense", "tensorflow.python.keras", None, None),
        ("keras.layers.Dense", "tf_keras", True, True),
        ("keras.ops", "tf_keras", None, None),
        ("numpy.save", "keras", None, None),
    ],
)
def test_exists(path: str, namespace: str, in_2: bool | None, in_3: bool | None) -> None:
    assert exists(path, namespace, KERAS_2) is in_2
    assert exists(path, namespace, KERAS_3) is in_3


def test_exists_in_releases_that_were_not_measured() -> None:
    assert exists("keras.layers.Dense", "keras", KerasVersion(3, 3)) is True
    assert exists("keras.layers.LocallyConnected1D", "keras", KerasVersion(3, 3)) is False
    assert exists("keras.layers.core.Dense", "keras", KerasVersion(2, 2)) is None


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kind", ["names", "symbols"])
def test_the_data_stay_small(kind: str, generation: str) -> None:
    assert (Path(DATA).parent / f"{kind}-{generation}.json").stat().st_size < 250_000


def test_nothing_is_read_before_it_is_needed() -> None:
    code = (
        "import sys, kerasast.keras_api as api\n"
        "from kerasast.keras_api import names, symbols\n"
        "api.canonical('numpy.save')\n"
        "print(names._tables.cache_info().misses, symbols._symbols.cache_info().misses)\n"
        "api.canonical('keras.layers.Dense')\n"
        "print(names._tables.cache_info().misses, symbols._symbols.cache_info().misses)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["0", "0", "1", "0"]


def test_layers_that_only_tensorflow_1_shows_are_known() -> None:
    assert weightless("keras.layers.CuDNNLSTM", KERAS_2) is False
    assert ancestors("keras.layers.CuDNNLSTM", KERAS_2) == ("keras.layers.RNN", "keras.layers.Layer")
