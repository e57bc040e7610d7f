"""A fix that renames a file changes every place that names it, or there is none."""

from __future__ import annotations

import pytest

from kerasast.fix_checks import repair_files
from kerasast.registry import all_rules
from kerasast.versions import KERAS_3

_MODEL = "import os\nimport keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
_RULES = {name: all_rules()[name] for name in ("wrong-file-extension", "weights-loaded-as-model")}


def _repaired(**files: str) -> dict[str, str]:
    """The changed lines of a project of which `main.py` begins with a model."""
    texts = {f"{name}.py": _MODEL + text if name == "main" else text for name, text in files.items()}
    return {
        path: text.removeprefix(_MODEL)
        for path, text in repair_files(texts, KERAS_3, _RULES)[0].items()
        if text != texts[path]
    }


def test_a_name_is_changed_in_all_modules_that_run_together() -> None:
    repaired = _repaired(
        paths='ROOT = "out/"\nBEST = ROOT + "best.h5"\n',
        main='import paths\nmodel.save_weights("out/best.h5")\nmodel.load_weights(paths.BEST)\n',
    )
    assert repaired == {
        "paths.py": 'ROOT = "out/"\nBEST = ROOT + "best.weights.h5"\n',
        "main.py": 'import paths\nmodel.save_weights("out/best.weights.h5")\nmodel.load_weights(paths.BEST)\n',
    }


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ('model.save_weights("weights.h5")', 'model.save_weights("model.weights.h5")'),
        ('model.save_weights("net_weights.hdf5")', 'model.save_weights("net.weights.h5")'),
        ("model.save_weights(r'a/b.ckpt')", "model.save_weights(r'a/b.weights.h5')"),
        ('model.save_weights(f"{os.sep}/b.h5")', 'model.save_weights(f"{os.sep}/b.weights.h5")'),
        ('model.save("v1.0")', 'model.save("v1.0.keras")'),
        ('path = "a.h5"; model.save_weights(path)', 'path = "a.weights.h5"; model.save_weights(path)'),
    ],
)
def test_the_new_name_is_written_as_the_old_one(line: str, changed: str) -> None:
    assert _repaired(main=f"{line}\n") == {"main.py": f"{changed}\n"}


@pytest.mark.parametrize(
    "others",
    [
        'open("best.h5")',
        'path = "best" + ".h5"',
        'path = f"{os.sep}st.h5"',
        'path = "%s.h5" % os.sep',
        'path = "best.weights.h5"',
        'import glob; glob.glob("*.h5")',
        'paths = ["best.h5"]',
        'def load(path="best.h5"): model.load_weights(path)',
        'model.load_weights("best.h5", by_name=True)',
        'model.save("best.h5")',
        'keras.models.load_model("best.h5"); x = lambda: 0; model.compile(loss=lambda a, b: a)',
        'with open(os.path.join("a", "best.h5")) as file: pass',
    ],
)
def test_there_is_no_fix_where_another_place_is_not_understood(others: str) -> None:
    assert _repaired(main=f'model.save_weights("best.h5")\n{others}\n') == {}


def test_there_is_no_fix_where_the_files_of_a_checkpoint_are_looked_for() -> None:
    assert _repaired(main='model.save_weights("cp")\nos.path.exists("cp.index")\n') == {}
    assert (
        _repaired(
            main='model.save_weights("d/cp")\nimport tensorflow as tf\ntf.train.latest_checkpoint("d")\n'
        )
        == {}
    )


_DUMPS = {name: all_rules()[name] for name in ("raw-weights-dump",)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            'import numpy as np\nnp.save("a/w.npy", model.get_weights())\n'
            'model.set_weights(np.load("a/w.npy", allow_pickle=True))\n',
            'import numpy as np\nmodel.save_weights("a/w.weights.h5")\nmodel.load_weights("a/w.weights.h5")\n',
        ),
        (
            'import pickle\nwith open("w.pkl", "wb") as f:\n    pickle.dump(model.get_weights(), f)\n'
            'with open("w.pkl", "rb") as f:\n    model.set_weights(pickle.load(f))\n',
            'import pickle\nmodel.save_weights("w.weights.h5")\nmodel.load_weights("w.weights.h5")\n',
        ),
    ],
)
def test_dumped_weights_are_written_and_read_by_keras(old: str, new: str) -> None:
    repaired, _ = repair_files({"main.py": _MODEL + old}, KERAS_3, _DUMPS)
    assert repaired["main.py"].removeprefix(_MODEL) == new


@pytest.mark.parametrize(
    "rest",
    [
        'weights = np.load("w.npy")',
        'print("w.npy")',
        'model.set_weights(list(np.load("w.npy")))',
        'x = "w.weights.h5"',
    ],
)
def test_dumped_weights_that_are_used_otherwise_stay(rest: str) -> None:
    text = f'{_MODEL}import numpy as np\nnp.save("w.npy", model.get_weights())\n{rest}\n'
    assert repair_files({"main.py": text}, KERAS_3, _DUMPS)[0]["main.py"] == text
