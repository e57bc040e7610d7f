"""The rules about saving and loading: what their documents cannot say (spans, stories, severities, confidence)."""

from __future__ import annotations

import pytest

from kerasast.config import Settings
from kerasast.diagnostics import Confidence, Diagnostic, Severity
from kerasast.engine import Analyzer
from kerasast.registry import select_rules
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

MODEL = """\
import keras
import numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
"""


def reports(
    files: str | dict[str, str], *rules: str, version: KerasVersion = KERAS_3
) -> list[tuple[Diagnostic, str]]:
    """What the rules report, low confidence included, each with the text of its span."""
    settings = Settings(select=rules, min_confidence=Confidence.LOW)
    contents = {"main.py": files} if isinstance(files, str) else files
    result = Analyzer(settings).analyze_files(contents, version)
    return [
        (item, result.sources[item.path].text[item.span.start : item.span.end]) for item in result.diagnostics
    ]


def test_rules_are_found() -> None:
    assert {
        "load-before-build",
        "missing-custom-objects",
        "raw-weights-dump",
        "save-before-build",
        "subclass-build-noop",
        "trainable-weights-only",
        "wrong-file-extension",
    } <= select_rules().keys()


def test_the_story_begins_where_the_model_was_made() -> None:
    files = {
        "nets.py": "import keras\n\n\ndef net():\n    return keras.Sequential([keras.layers.Dense(1)])\n",
        "main.py": "from nets import net\n\nnet().save('m.keras')\n",
    }
    [(item, text)] = reports(files, "save-before-build")
    assert (item.path, text) == ("main.py", "net().save('m.keras')")
    assert [step.path for step in item.steps] == ["nets.py"]


@pytest.mark.parametrize(
    "call, version, outcome",
    [
        ("save('m.keras')", KERAS_2, "writes a file without any weights"),
        ("save('m.h5')", KERAS_2, "fails"),
        ("save('m.h5')", KERAS_3, "writes a file without any weights"),
        ("save('m')", KERAS_3, "fails"),
        ("save_weights('m.weights.h5')", KERAS_2, "writes a file without any weights"),
        ("save_weights('m.h5')", KERAS_2, "fails"),
        ("save_weights('m.weights.h5')", KERAS_3, "saves nothing"),
        ("get_weights()", KERAS_2, "fails"),
        ("get_weights()", KERAS_3, "returns an empty list"),
        ("export('m')", KERAS_3, "fails"),
    ],
)
def test_what_saving_an_unbuilt_model_does(call: str, version: KerasVersion, outcome: str) -> None:
    code = f"import keras\nkeras.Sequential([keras.layers.Dense(3)]).{call}\n"
    [(item, _)] = reports(code, "save-before-build", version=version)
    assert item.message == f"`{call.partition('(')[0]}()` {outcome}: nothing has built this model yet"


def test_the_span_is_the_name_of_the_file() -> None:
    [(item, text)] = reports(MODEL + "model.save_weights('w.h5')\n", "wrong-file-extension")
    assert text == "'w.h5'"
    assert item.severity is Severity.ERROR


def test_a_misleading_name_is_a_warning() -> None:
    [(item, _)] = reports(MODEL + "model.save('m.weights.h5')\n", "wrong-file-extension")
    assert item.severity is Severity.WARNING


@pytest.mark.parametrize("name", ["f'{name}.h5'", "name + '.h5'", "'%s.h5' % name", "'{}.h5'.format(name)"])
def test_an_ending_that_something_unknown_may_complete_is_less_sure(name: str) -> None:
    code = f"def store(name):\n    model.save_weights({name})\n"
    [(item, _)] = reports(MODEL + code, "wrong-file-extension")
    assert item.confidence is Confidence.LOW


def test_a_name_in_another_module_is_reported_there_only() -> None:
    files = {
        "store.py": "def store(model):\n    model.save_weights('w.h5')\n",
        "main.py": "import store\n" + MODEL + "store.store(model)\n",
    }
    assert not [item for item, _ in reports(files, "wrong-file-extension") if item.path == "main.py"]


def test_a_name_given_to_another_module_is_reported_where_it_is_given() -> None:
    files = {
        "store.py": "def store(model, path):\n    model.save_weights(path)\n",
        "main.py": "import store\n" + MODEL + "PATH = 'w.h5'\nstore.store(model, PATH)\n",
    }
    [(item, text)] = reports(files, "wrong-file-extension")
    assert (item.path, text) == ("main.py", "store.store(model, PATH)")


@pytest.mark.parametrize(
    "code, severity",
    [
        ("np.save('w.npy', model.get_weights())", Severity.ERROR),
        ("import pickle\npickle.dump(model.get_weights(), open('w', 'wb'))", Severity.INFO),
    ],
)
def test_the_severity_of_a_dump_depends_on_the_harm(code: str, severity: Severity) -> None:
    [(item, _)] = reports(MODEL + code, "raw-weights-dump")
    assert item.severity is severity


def test_a_model_that_is_not_seen_through_may_have_lost_something() -> None:
    code = (
        "import keras, pickle\nmodel = keras.models.load_model('m.keras')\n"
        "pickle.dump([w.numpy() for w in model.trainable_weights], open('w', 'wb'))\n"
    )
    [(item, _)] = reports(code, "trainable-weights-only")
    assert item.confidence is Confidence.LOW


def test_what_is_lost_is_named() -> None:
    code = "import pickle\npickle.dump(model.trainable_weights, open('w', 'wb'))\n"
    [(statistics, _)] = reports(MODEL + code, "trainable-weights-only")
    assert "`BatchNormalization`" in statistics.message
    frozen_code = MODEL.replace(", keras.layers.BatchNormalization()", "") + "model.trainable = False\n"
    [(frozen, _)] = reports(frozen_code + code, "trainable-weights-only")
    assert "frozen" in frozen.message


PROJECT = {
    "layers.py": "import keras\n\n\nclass Double(keras.layers.Layer):\n    pass\n",
    "train.py": (
        "import keras\nfrom layers import Double\n"
        "keras.Sequential([keras.Input((4,)), Double()]).save('m.keras')\n"
    ),
    "predict.py": "import keras\nmodel = keras.models.load_model('m.keras')\n",
}


@pytest.mark.parametrize("version", [KERAS_2, KERAS_3])
def test_the_story_of_a_missing_object_spans_files(version: KerasVersion) -> None:
    [(item, text)] = reports(PROJECT, "missing-custom-objects", version=version)
    assert (item.path, text) == ("predict.py", "keras.models.load_model('m.keras')")
    assert [step.path for step in item.steps] == ["layers.py", "train.py"]
    assert item.help is not None
    assert '{"Double": Double}' in item.help


@pytest.mark.parametrize(
    "load",
    [
        "keras.models.load_model('m.keras', custom_objects=names())",
        "keras.models.load_model('m.keras', **options())",
        "keras.models.load_model(path())",
        "keras.models.load_model('m.keras', custom_objects={**names()})",
        "keras.models.load_model('m.keras', custom_objects=dict(Double=1))",
    ],
)
def test_what_cannot_be_read_may_provide_everything(load: str) -> None:
    files = {**PROJECT, "predict.py": f"import keras\nfrom elsewhere import *\nmodel = {load}\n"}
    assert not reports(files, "missing-custom-objects")


def test_an_object_that_only_one_of_two_savers_needs_is_not_missing() -> None:
    second = "import keras\nkeras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]).save('m.keras')\n"
    assert not reports({**PROJECT, "other.py": second}, "missing-custom-objects")
