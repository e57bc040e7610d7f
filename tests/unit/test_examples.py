"""`kerasast check examples/` finds every mistake of the example project, at its line, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasast.config import settings_for
from kerasast.diagnostics import Diagnostic
from kerasast.documents import read_document
from kerasast.engine import Analyzer, Result
from kerasast.registry import all_rules
from kerasast.versions import KERAS_3

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "plant_disease"

MISTAKES = [
    ("evaluate.py", 'keras.models.load_model("leaf.keras")', "missing-custom-objects"),
    ("evaluate.py", 'model.load_weights("baseline.weights.h5")', "load-before-build"),
    ("explore.ipynb", "probe.fit(pictures, labels, epochs=3, verbose=0)", "nothing-to-train"),
    ("explore.ipynb", "twin.fit(pictures, labels, verbose=0)", "fit-without-compile"),
    ("export.py", "model.build((None, *data.SHAPE))", "subclass-build-noop"),
    ("export.py", "model.load_weights(weights)", "load-before-build"),
    ("export.py", "np.save(path, model.get_weights())", "raw-weights-dump"),
    ("export.py", "pickle.dump([weight.numpy() for weight in", "trainable-weights-only"),
    ("layers.py", "def __init__(self, sharpness=1.0):", "init-without-kwargs"),
    ("layers.py", "def get_config(self):", "incomplete-get-config"),
    ("layers.py", "def get_config(self):", "get-config-without-super"),
    ("layers.py", "self.temperature = tf.Variable(", "untracked-variable"),
    ("layers.py", "def __init__(self, limit=0.4, **kwargs):", "missing-super-init"),
    ("layers.py", "self.scores", "undefined-weight"),
    ("models.py", "def build(self, input_shape):", "unbuilt-children"),
    ("models.py", 'layers.Dense(8, activation="relu")', "state-created-in-call"),
    ("models.py", 'layers.Dense(1, activation="sigmoid")', "state-created-in-call"),
    ("models.py", "class Ensemble(keras.Model):", "missing-get-config"),
    ("tests/test_models.py", 'model.save(tmp_path / "baseline.keras")', "save-before-build"),
    ("tests/test_models.py", "model.get_weights()", "save-before-build"),
    ("train.py", "model.save(path)", "save-before-build"),
    ("train.py", 'model.save_weights("baseline.h5")', "wrong-file-extension"),
    ("train.py", "backbone.trainable = True", "trainable-after-compile"),
    ("train.py", "model.fit(pictures, pictures, verbose=0)", "fit-without-loss"),
]
"""File, what stands on the line of the report, and the rule; in the order of the files."""


@pytest.fixture(scope="module")
def result() -> Result:
    folder = ROOT / "examples"
    return Analyzer(settings_for(folder, isolated=True)).analyze_paths([folder])


def line_of(result: Result, diagnostic: Diagnostic) -> tuple[str, str]:
    """The file, relative to the project, and the text of the line that a diagnostic starts on."""
    source = result.sources[diagnostic.path]
    path = Path(diagnostic.path).resolve().relative_to(PROJECT).as_posix()
    return path, source.line_text(source.line_at(diagnostic.span.start))


def test_each_mistake_is_found_at_its_line_and_nothing_else(result: Result) -> None:
    found = [(*line_of(result, diagnostic), diagnostic.rule) for diagnostic in result.diagnostics]
    assert [(path, rule) for path, _, rule in found] == [(path, rule) for path, _, rule in MISTAKES]
    for (_, line, rule), (path, text, _) in zip(found, MISTAKES, strict=True):
        assert text in line, f"{path}: {rule}"


def test_the_project_says_which_keras_it_is_for(result: Result) -> None:
    [(version, reason)] = result.versions
    assert version == KERAS_3
    assert "requirements.txt" in reason


def test_the_mistakes_are_many_and_of_all_sorts() -> None:
    shown = {rule for _, _, rule in MISTAKES}
    assert len(shown) >= 20
    categories = {all_rules()[name].category for name in shown}
    assert {"saving", "loading", "custom-objects", "training"} <= categories


def test_every_mistake_has_a_proof_in_real_keras() -> None:
    proofs = read_document(ROOT / "tests" / "oracle" / "example_proofs.md")
    assert {rule for _, _, rule in MISTAKES} == {block.section for block in proofs.blocks}


def test_stories_lead_through_other_files(result: Result) -> None:
    [late] = [item for item in result.diagnostics if item.rule == "trainable-after-compile"]
    assert {Path(step.path).name for step in late.steps} == {"models.py", "train.py"}
