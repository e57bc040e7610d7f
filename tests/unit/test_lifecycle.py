"""The life of a model as it is told: what happens, in which order, where, and what kerasast does not know."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from kerasast.cli import cli
from kerasast.config import Settings
from kerasast.diagnostics import Span
from kerasast.engine import Analyzer
from kerasast.lifecycle import Story, stories_at
from kerasast.versions import KerasVersion

CURSOR = "▲"
"""Stands in a program before what the cursor is on."""


def stories(*files: tuple[str, str], keras: str = "3.15", line: bool = False) -> list[Story]:
    """The stories at the cursor of a project in memory, or of all on its line."""
    programs = {path: textwrap.dedent(text) for path, text in files}
    path = next(path for path, text in programs.items() if CURSOR in text)
    offset = programs[path].index(CURSOR)
    programs[path] = programs[path].replace(CURSOR, "")
    text = programs[path]
    span = Span(text.rfind("\n", 0, offset) + 1, text.find("\n", offset)) if line else Span(offset, offset)
    analyzer = Analyzer(Settings(root=Path("/nowhere")))
    opened = analyzer.open_files(programs, KerasVersion.parse(keras))
    return stories_at(opened, path, span, lambda paths: analyzer.check(opened).diagnostics)


def story(*files: tuple[str, str], keras: str = "3.15") -> Story:
    """The one story at the cursor."""
    (found,) = stories(*files, keras=keras)
    return found


def program(text: str, keras: str = "3.15") -> Story:
    """The story at the cursor of a program of one file."""
    return story(("a.py", "import keras\nfrom data import x, y\n" + textwrap.dedent(text)), keras=keras)


def kinds(told: Story) -> list[str]:
    return [moment.kind for moment in told.moments]


def texts(told: Story) -> str:
    return "\n".join(moment.text for moment in told.moments)


def test_a_life_in_order() -> None:
    told = program(
        """
        model = keras.Sequential([keras.layers.Dense(1)])
        model.summary()
        ▲model.compile("adam", loss="mse")
        model.fit(x, y, epochs=3)
        model.save("m.keras")
        model.load_weights("w.weights.h5")
        """
    )
    assert told.title == "model"
    assert told.subtitle == "Sequential model, built, compiled, trained"
    assert kinds(told)[:5] == ["created", "called", "compiled", "trained", "saved"]
    assert "without weights yet, 1 layer" in told.moments[0].text
    assert told.moments[1].text == "`summary()`, which does not build it"
    assert told.moments[2].text == "compiled with optimizer `adam`, loss `mse`"
    assert told.moments[3].text == "trained by `fit()` for 3 epochs, which builds it"
    assert told.moments[4].text == "saved to `m.keras`"
    assert told.moments[-1].text == "weights loaded from `w.weights.h5`"


def test_what_never_happens_is_said_only_where_all_is_seen() -> None:
    made = "model = keras.Sequential([keras.layers.Dense(1)])\n"
    assert program(f"▲{made}").subtitle == "Sequential model, never built, never compiled, never trained"
    lost = program(f"import other\n▲{made}other.tune(model)\nmodel.save('m.keras')\n")
    assert "never" not in lost.subtitle
    assert lost.subtitle.endswith("partly out of sight")
    assert kinds(lost) == ["created", "other", "saved"]
    assert lost.moments[1].text.startswith("reaches `other.tune()`; from here on kerasast does not follow it")
    returned = program(f"def make():\n    ▲{made}    return model\n")
    assert returned.subtitle == "Sequential model, not built here, not compiled here, not trained here"
    assert returned.moments[-1].text == "returned by `make()`, of which no call is seen from here"


def test_a_problem_is_at_the_moment_that_it_is_about() -> None:
    told = program('▲model = keras.Sequential([keras.layers.Dense(1)])\nmodel.save_weights("m.weights.h5")\n')
    assert [moment.problem.rule if moment.problem else None for moment in told.moments] == [
        None,
        "save-before-build",
    ]
    assert told.moments[1].text == "weights saved to `m.weights.h5`, before it is built"


def test_a_problem_of_a_layer_inside_is_not_one_of_the_model() -> None:
    told = program(
        "▲model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation='reluu')])\n"
    )
    assert [moment.problem for moment in told.moments] == [None]


BUILDER = (
    "models.py",
    """\
    import keras

    def build(units):
        return ▲keras.Sequential([keras.layers.Dense(units)])
    """,
)
TRAINING = (
    "train.py",
    """\
    from data import x, y
    from models import build

    def main():
        model = build(3)
        model.compile("adam", "mse")
        model.fit(x, y)

    main()
    """,
)


def test_a_model_is_followed_from_the_module_that_makes_it_to_the_one_that_trains_it() -> None:
    told = story(BUILDER, TRAINING)
    assert [(moment.kind, moment.path) for moment in told.moments] == [
        ("created", "models.py"),
        ("compiled", "train.py"),
        ("trained", "train.py"),
    ]
    assert told.subtitle == "Sequential model, built, compiled, trained"


def test_and_back() -> None:
    path, text = TRAINING
    told = story(
        (BUILDER[0], BUILDER[1].replace(CURSOR, "")), (path, text.replace("model.fit", "▲model.fit"))
    )
    assert (told.moments[0].kind, told.moments[0].path) == ("created", "models.py")
    assert told.title == "model"


def test_code_that_makes_several_models_is_about_the_one_of_which_most_is_told() -> None:
    other = ("score.py", "from models import build\n\nbuild(3).load_weights('w.weights.h5')\n")
    told = story(BUILDER, TRAINING, other)
    assert [moment.kind for moment in told.moments] == ["created", "compiled", "trained"]
    assert told.subtitle.endswith("; one of 2 that are made or used here")


def test_the_problems_of_another_model_of_the_same_code_are_not_its_own() -> None:
    other = ("score.py", "from models import build\n\nmodel = build(3)\nmodel.save_weights('w.weights.h5')\n")
    told = story(BUILDER, TRAINING, other)
    assert not any(moment.problem for moment in told.moments)


@pytest.mark.parametrize(
    ("branch", "suffix"),
    [
        ("if fast:\n    ", " (only if `fast`)"),
        ("if fast:\n    pass\nelse:\n    ", " (unless `fast`)"),
        ("for epoch in rounds:\n    ", " (in a loop)"),
        ("try:\n    fast()\nexcept ValueError:\n    ", " (after an exception)"),
        ("if __name__ == '__main__':\n    ", ""),
        ("try:\n    ", ""),
        ("with fast:\n    ", ""),
    ],
)
def test_circumstances(branch: str, suffix: str) -> None:
    rest = "\nexcept ValueError:\n    pass\n" if branch == "try:\n    " else "\n"
    told = program(
        f"from settings import fast, rounds\n▲model = keras.Sequential()\n{branch}model.compile('adam', 'mse'){rest}"
    )
    assert texts(told).endswith(f"compiled with optimizer `adam`, loss `mse`{suffix}")
    expected = "perhaps compiled" if suffix or "try" in branch else "compiled"
    assert f", {expected}," in told.subtitle


def test_what_a_model_is_created_under_is_no_circumstance() -> None:
    told = program(
        "from settings import fast\nif fast:\n    ▲model = keras.Sequential()\n    model.compile('adam', 'mse')\n"
    )
    assert told.moments[-1].text == "compiled with optimizer `adam`, loss `mse`"


def test_what_happens_again_and_again_is_told_once() -> None:
    told = program(
        "▲model = keras.Sequential()\nfor epoch in range(3):\n    model.save(f'm-{epoch}.keras')\n"
    )
    assert [moment.text for moment in told.moments][1:] == [
        "saved to `f'm-{epoch}.keras'`, before it is built (in a loop)"
    ]


def test_two_models_that_become_one() -> None:
    told = program(
        """
        from settings import fast
        if fast:
            model = keras.Sequential([keras.layers.Dense(1)])
        else:
            model = keras.Sequential([keras.layers.Dense(1), keras.layers.Dense(2)])
        ▲model.compile("adam", "mse")
        """
    )
    assert kinds(told) == ["created", "created", "other", "compiled"]
    assert told.moments[0].text.endswith("1 layer (only if `fast`)")
    assert told.moments[1].text.endswith("2 layers (unless `fast`)")
    assert told.moments[2].text.startswith("from here on it is one of two")


FROZEN = """
base = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
base.trainable = False
▲model = keras.Sequential([base, keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y)
base.trainable = True
model.fit(x, y)
"""


def test_parts_that_are_frozen() -> None:
    told = program(FROZEN)
    assert kinds(told) == ["frozen", "created", "compiled", "trained", "unfrozen", "trained"]
    assert told.moments[0].text == "a part of it, Sequential model: frozen by `base.trainable = False`"
    assert "`base`, a part of it, is unfrozen by `base.trainable = True`; too late" in told.moments[4].text
    part = program(FROZEN.replace(CURSOR, "").replace("base.trainable = True", "▲base.trainable = True"))
    assert part.title == "base"
    assert kinds(part) == ["created", "frozen", "other", "unfrozen"]
    assert part.subtitle == "Sequential model, built, part of another model"


def test_layers_frozen_in_a_loop() -> None:
    told = program(
        "▲base = keras.applications.VGG16()\nfor layer in base.layers[:-4]:\n    layer.trainable = False\n"
    )
    assert told.moments[0].text == "`VGG16` model created by `keras.applications.VGG16`, built"
    assert told.moments[1].text == "some of its layers are frozen by `layer.trainable = False`"
    assert told.moments[1].kind == "frozen"


@pytest.mark.parametrize(("keras", "built"), [("2.15", True), ("3.15", False)])
def test_the_words_are_for_the_version(keras: str, built: bool) -> None:
    told = program(
        """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(1)

            def call(self, x):
                return self.dense(x)

        ▲net = Net()
        net.build((None, 2))
        """,
        keras,
    )
    assert told.moments[0].text == "`Net` model created, without weights yet"
    assert (told.moments[1].kind == "built") is built
    assert ("which does not build it" in told.moments[1].text) is not built
    assert (", built," in told.subtitle) is built


def test_a_model_that_is_an_attribute() -> None:
    told = program(
        """
        class Trainer:
            def __init__(self):
                self.model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])

            def train(self, x, y):
                self.▲model.compile("adam", "mse")
                self.model.fit(x, y)
        """
    )
    assert told.title == "self.model"
    assert kinds(told) == ["created", "other", "compiled", "trained"]
    assert told.moments[1].text == "in `train()`, whenever that is called:"
    assert told.subtitle == "Sequential model, built, perhaps compiled, perhaps trained; partly out of sight"


def test_a_parameter_that_nobody_is_seen_to_give() -> None:
    told = program("def train(model, x):\n    ▲model.fit(x)\n")
    assert told.subtitle.startswith("kerasast does not know what this is")
    assert [moment.text for moment in told.moments] == [
        "a parameter of `train()`; no call is seen that gives it a known model"
    ]


def test_a_parameter_that_is_given_a_model() -> None:
    told = program(
        "def train(▲model, x):\n    model.fit(x)\n\ntrain(keras.Sequential([keras.layers.Dense(1)]), x)\n"
    )
    assert kinds(told) == ["created", "trained"]


@pytest.mark.parametrize(
    "text",
    [
        "▲import os\n",
        "x = ▲[1, 2]\n",
        "▲\n",
        "def f(▲x):\n    return x\n",
        "optimizer = ▲keras.optimizers.Adam()\n",
    ],
)
def test_nothing_to_tell(text: str) -> None:
    assert stories(("a.py", "import keras\n" + text)) == []


def test_layers_have_a_life_too() -> None:
    told = program(
        "dense = keras.layers.Dense(1)\n▲dense.trainable = False\nmodel = keras.Sequential([dense])\n"
    )
    assert told.title == "dense"
    assert told.subtitle == "Dense layer, never built, frozen, part of another model"
    assert kinds(told) == ["created", "frozen", "other"]
    inside = program("model = keras.Sequential([keras.layers.▲Dense(1)])\n")
    assert inside.title == "model"


def test_all_models_of_a_line() -> None:
    found = stories(
        ("a.py", "import keras\na, b = ▲keras.Sequential(), keras.Sequential()\na.summary()\n"), line=True
    )
    assert [(told.title, len(told.moments)) for told in found] == [("a", 2), ("b", 1)]


def test_layers_that_are_added_are_counted() -> None:
    told = program(
        "▲model = keras.Sequential()\nmodel.add(keras.layers.Dense(1))\nmodel.add(keras.layers.Dense(2))\n"
    )
    assert texts(told).endswith("2 layers are added")


def test_loading() -> None:
    told = program("▲model = keras.models.load_model('m.keras', compile=False)\n")
    assert told.moments[0].kind == "loaded"
    assert told.moments[0].text == "model loaded from `'m.keras'`, built, without its compile state"
    assert told.subtitle == "loaded model, built, never compiled"


def test_lists_that_meet_are_no_models() -> None:
    told = program(
        """
        from settings import fast
        layers = [keras.layers.Dense(1)] if fast else [keras.layers.Dense(2)]
        if fast:
            rest = [1]
        else:
            rest = [x]
        ▲model = keras.Sequential(layers)
        """
    )
    assert kinds(told) == ["created"]


def test_weights_loaded_into_what_is_built_leave_it_built() -> None:
    told = program(
        """
        inputs = keras.Input((2,))
        ▲model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        model.load_weights("w.weights.h5")
        model.predict(x)
        """
    )
    assert told.moments[-1].text == "`predict()`"
    assert told.subtitle == "functional model, built, never compiled, never trained"


def test_weights_that_are_set_are_no_proof() -> None:
    told = program(
        """
        model = keras.Sequential([keras.layers.Dense(1)])
        ▲clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        """
    )
    assert told.subtitle == "Sequential model, perhaps built, never compiled, never trained"


RULES = Path(__file__).parents[2] / "rules"
_BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("first", range(8))
def test_every_example_of_the_rules_can_be_told(first: int) -> None:
    told = 0
    for path in sorted(RULES.glob("*.md"))[first::8]:
        block = _BLOCK.search(path.read_text(encoding="utf-8"))
        if block is None:  # the rule is about files that are no Python
            continue
        opened = Analyzer(Settings(root=Path("/nowhere"))).open_files({"a.py": block[1]})
        told += len(stories_at(opened, "a.py", Span(0, len(block[1])), lambda paths: ()))
    assert told


# The command.

COMMAND = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.save("m.keras")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kerasast.toml").write_text('keras-version = "3.15"\n')
    (tmp_path / "a.py").write_text(COMMAND)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_shows_the_code_and_the_problem(folder: Path) -> None:
    run = CliRunner().invoke(cli, ["lifecycle", "a.py:4"])
    assert run.exit_code == 0
    assert run.output == textwrap.dedent(
        """\
        model: Sequential model, never built, never compiled, never trained

          created  Sequential model created by `keras.Sequential`, without weights yet, 1 layer
                   a.py:3:9 | model = keras.Sequential([keras.layers.Dense(1)])

          saved    saved to `m.keras`, before it is built
                   error[save-before-build]: `save()` writes a file without any weights: nothing has built
                   this model yet
                   a.py:4:1 | model.save("m.keras")
        """
    )


def test_the_command_as_json(folder: Path) -> None:
    run = CliRunner().invoke(cli, ["lifecycle", "a.py:3:2", "--output-format", "json"])
    (told,) = json.loads(run.output)
    assert told["title"] == "model"
    assert [event["kind"] for event in told["events"]] == ["created", "saved"]
    assert told["events"][1]["problem"]["rule"] == "save-before-build"
    assert told["events"][1]["location"] == {"row": 4, "column": 1}


def test_the_command_in_a_notebook(folder: Path) -> None:
    cells = [
        {"cell_type": "code", "source": text}
        for text in ("import keras", "m = keras.Sequential()\nm.summary()")
    ]
    (folder / "a.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    run = CliRunner().invoke(cli, ["lifecycle", "a.ipynb:cell 2:2"])
    assert "a.ipynb:cell 2:1:5 | m = keras.Sequential()" in run.output


def test_the_version_of_the_command(folder: Path) -> None:
    (folder / "b.py").write_text("import keras\nm = keras.Sequential()\nm.build((None, 2))\n")
    for version in ("2.15", "3.15"):
        run = CliRunner().invoke(cli, ["lifecycle", "b.py:2", "--keras-version", version])
        assert run.exit_code == 0


@pytest.mark.parametrize(
    ("place", "code", "said"),
    [
        ("a.py:1", 1, "no model or layer is seen at a.py:1"),
        ("a.py", 2, "is no place"),
        ("b.py:1", 2, "there is no file b.py"),
        ("a.py:99", 2, "the file has 5 lines"),
        ("a.py:cell 3:1", 2, "no such code cell"),
    ],
)
def test_places_without_a_story(folder: Path, place: str, code: int, said: str) -> None:
    run = CliRunner().invoke(cli, ["lifecycle", place])
    assert run.exit_code == code
    assert said in run.output + run.stderr


def test_of_a_large_project_what_lies_beside_the_file_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerasast.cli.lifecycle.MANY", 1)
    (folder / "sub").mkdir()
    (folder / "sub" / "b.py").write_text(COMMAND)
    run = CliRunner().invoke(cli, ["lifecycle", "sub/b.py:3"])
    assert run.exit_code == 0
    assert "the project has 2 files" in run.stderr
    assert "saved to `m.keras`" in run.stdout
