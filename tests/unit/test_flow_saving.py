"""What a file tells the project of the models that it saves and loads."""

from __future__ import annotations

import pytest
from flow_helpers import record

from kerasast.flow.facts import LoadSite, SaveSite

HEAD = """\
import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def call(self, x):
        return x


@keras.saving.register_keras_serializable(package="mine")
class Known(Scale):
    pass


@keras.utils.register_keras_serializable("pkg", name="Other")
class Named(Scale):
    pass


class Loss(keras.losses.Loss):
    def call(self, y, p):
        return y


def loss(y, p):
    return y


def relu(x):
    return x


"""


def _save(code: str) -> SaveSite:
    (site,) = record(HEAD + code).facts.saves
    return site


def _load(code: str) -> LoadSite:
    return record(HEAD + code).facts.loads[-1]


NEEDS = [
    ("[keras.layers.Dense(1)]", "", []),
    ("[Scale()]", "", [("Scale", "layer", None)]),
    ("[Known(), Named()]", "", [("Known", "layer", "mine>Known"), ("Named", "layer", "pkg>Other")]),
    ("[keras.Sequential([Scale()])]", "", [("Scale", "layer", None)]),
    ("[keras.layers.Bidirectional(Scale())]", "", [("Scale", "layer", None)]),
    ("[keras.layers.Dense(1, activation=relu)]", "", [("relu", "activation", None)]),
    ("[keras.layers.Lambda(lambda x: x)]", "", [("<lambda>", "lambda", None)]),
    ("[keras.layers.Lambda(relu)]", "", [("relu", "lambda", None)]),
    ("[]", "model.compile('sgd', loss)", [("loss", "loss", None)]),
    ("[]", "model.compile('sgd', loss=Loss())", [("Loss", "loss", None)]),
    ("[]", "model.compile('sgd', 'mse', metrics=[loss, 'mae'])", [("loss", "metric", None)]),
    ("[]", "model.compile('sgd', 'mse')", []),
]


@pytest.mark.parametrize("layers, compiling, needs", NEEDS)
def test_what_a_saved_model_needs(
    layers: str, compiling: str, needs: list[tuple[str, str, str | None]]
) -> None:
    code = f"model = keras.Sequential({layers})\n{compiling}\nmodel.save('m.keras')\n"
    assert [(item.name, item.role, item.registered) for item in _save(code).needs] == needs


@pytest.mark.parametrize(
    "path, expected",
    [
        ("'m.keras'", "keras"),
        ("'m.h5'", "h5"),
        ("'m.hdf5'", "hdf5"),
        ("'folder'", "tf"),
        ("f'{x}.keras'", "keras"),
        ("x", None),
    ],
)
def test_the_format_that_is_saved(path: str, expected: str | None) -> None:
    assert _save(f"keras.Sequential([Scale()]).save({path})").format == expected


@pytest.mark.parametrize(
    "code, complete",
    [
        ("model = keras.Sequential([Scale()])", True),
        ("model = keras.Sequential(unknown)", False),
        ("model = keras.Sequential([Scale()])\nunknown(model)", False),
        ("model = keras.models.load_model('x')", False),
    ],
)
def test_whether_all_that_is_needed_is_known(code: str, complete: bool) -> None:
    assert _save(f"{code}\nmodel.save('m.keras')").complete is complete


def test_every_way_of_saving_is_noted() -> None:
    code = """
model = keras.Sequential([Scale()])
model.compile("sgd", "mse")
model.save("a.keras")
keras.models.save_model(model, "b.keras")
model.fit(x, callbacks=[keras.callbacks.ModelCheckpoint("c.keras")])
model.fit(x, callbacks=[keras.callbacks.ModelCheckpoint("d.weights.h5", save_weights_only=True)])
model.save_weights("e.weights.h5")
"""
    keys = [site.path_key for site in record(HEAD + code).facts.saves]
    assert keys == [("path", "a.keras"), ("path", "b.keras"), ("path", "c.keras")]


PROVIDED = [
    ("keras.models.load_model('m')", set(), False),
    ("keras.models.load_model('m', custom_objects={'Scale': Scale})", {"Scale"}, False),
    ("keras.models.load_model('m', custom_objects=dict(Scale=Scale, loss=loss))", {"Scale", "loss"}, False),
    ("keras.models.load_model('m', {'Scale': Scale, **{'loss': loss}})", {"Scale", "loss"}, False),
    ("keras.models.load_model('m', custom_objects=unknown)", set(), True),
    ("keras.models.load_model('m', custom_objects={Scale.__name__: Scale})", set(), True),
    ("keras.models.load_model('m', **options)", set(), True),
    (
        "with keras.utils.custom_object_scope({'Scale': Scale}):\n    keras.models.load_model('m')",
        {"Scale"},
        False,
    ),
    (
        "with keras.saving.CustomObjectScope({'Scale': Scale}), tf.device('cpu'):\n    keras.models.load_model('m')",
        {"Scale"},
        False,
    ),
    ("with keras.saving.custom_object_scope(unknown):\n    keras.models.load_model('m')", set(), True),
    (
        "with keras.saving.custom_object_scope({'Scale': Scale}):\n    pass\nkeras.models.load_model('m')",
        set(),
        False,
    ),
    (
        "keras.utils.get_custom_objects().update({'Scale': Scale})\nkeras.models.load_model('m')",
        {"Scale"},
        False,
    ),
    ("keras.utils.get_custom_objects()['Scale'] = Scale\nkeras.models.load_model('m')", {"Scale"}, False),
    ("objects = {}\nobjects['Scale'] = Scale\nkeras.models.load_model('m', objects)", {"Scale"}, False),
    ("objects = {}\nobjects[unknown] = Scale\nkeras.models.load_model('m', objects)", set(), True),
    (
        "objects = {}\nif unknown:\n    objects['Scale'] = Scale\nkeras.models.load_model('m', objects)",
        set(),
        True,
    ),
]


@pytest.mark.parametrize("code, provided, unknown", PROVIDED)
def test_what_a_loading_site_provides(code: str, provided: set[str], unknown: bool) -> None:
    site = _load(code)
    assert site.provides_unknown is unknown
    if not unknown:
        assert site.provides == provided


def test_a_scope_around_the_caller() -> None:
    code = """
def load(path):
    return keras.models.load_model(path)

with keras.saving.custom_object_scope({'Scale': Scale}):
    load('m.keras')
"""
    assert all(
        site.provides_unknown or site.provides == {"Scale"} for site in record(HEAD + code).facts.loads
    )


@pytest.mark.parametrize(
    "arguments, compiled, safe",
    [
        ("'m'", True, True),
        ("'m', compile=False", False, True),
        ("'m', compile=unknown", True, True),
        ("'m', safe_mode=False", True, False),
        ("'m', safe_mode=unknown", True, False),
        ("'m', None, False", False, True),
    ],
)
def test_how_a_model_is_loaded(arguments: str, compiled: bool, safe: bool) -> None:
    site = _load(f"keras.models.load_model({arguments})")
    assert (site.compiled, site.safe_mode) == (compiled, safe)


def test_what_modules_run_together() -> None:
    recorder = record(
        "import layers\nimport keras\nmodel = keras.models.load_model('m.keras')\n",
        ("layers.py", "import more\n"),
        ("more.py", "import keras\n"),
        ("alone.py", "import keras\n"),
        ("main.py", "import program\n"),
    )
    (site,) = recorder.facts.loads
    assert site.modules == {"program", "layers", "more", "main"}
