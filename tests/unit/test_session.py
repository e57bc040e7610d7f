"""What the server knows of a project after changes is what it would find if it began anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasast.engine import Result
from kerasast.lsp.session import Session

ROOT = Path(__file__).resolve().parents[2]

LIBRARY = """\
import keras

UNITS = 8
FOLDER = "weights"
PATH = FOLDER + "/best.h5"


class Block(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)


def build(path=PATH):
    model = keras.Sequential([Block(UNITS), keras.layers.Dense(1)])
    return model


def finish(model):
    model.compile("adam", "mse")
    return model
"""

MIDDLE = """\
import library
from library import finish


def prepared():
    return finish(library.build())
"""

SCRIPT = """\
import middle

model = middle.prepared()
model.save_weights("model.weights.h5")
"""

SPELLINGS = (
    ("Sequential([Block(UNITS), ", "Sequential([keras.Input((4,)), Block(UNITS), "),
    ("    return model\n\n\n", "    model.build((None, 4))\n    return model\n\n\n"),
    ("/best.h5", "/best.weights.h5"),
    ("super().__init__(**kwargs)", "pass"),
    ("return self.dense(inputs)", "return self.dens(inputs)"),
    ("UNITS = 8", "UNITS = 16"),
    ("def finish(model):", "def finish(model"),
    ('model.compile("adam", "mse")', "model = keras.Sequential()"),
    ("class Block(keras.layers.Layer)", "class Block(keras.Model)"),
)
"""Changes of the library: of bodies, of constants, of bases, and one that is no Python."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.kerasast]\nkeras-version = '3'\n")
    for name, text in (("library", LIBRARY), ("middle", MIDDLE), ("script", SCRIPT)):
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def told(result: Result) -> list[tuple[object, ...]]:
    return [
        (item.path, item.rule, item.span, item.message, tuple(step.message for step in item.steps))
        for item in result.diagnostics
    ]


def anew(folder: Path, texts: dict[Path, str]) -> list[tuple[object, ...]]:
    session = Session(folder)
    for path, text in texts.items():
        session.set_text(path, text)
    return told(session.analyze())


def test_a_change_of_a_library_is_seen_where_it_is_used(project: Path) -> None:
    session = Session(project)
    script, library = project / "script.py", project / "library.py"
    session.set_text(script, SCRIPT)
    rules = [item.rule for item in session.analyze().diagnostics if item.path == "script.py"]
    assert rules == ["save-before-build"]
    session.set_text(library, LIBRARY.replace("Sequential([Block", "Sequential([keras.Input((4,)), Block"))
    session.analyze(["library.py"])
    assert session.pending == ["script.py", "middle.py"]
    assert session.catch_up("script.py")
    assert [item for item in session.analyze([]).diagnostics if item.path == "script.py"] == []


@pytest.mark.parametrize(("old", "new"), SPELLINGS)
def test_after_a_change_all_is_as_if_it_had_always_been_so(project: Path, old: str, new: str) -> None:
    assert old in LIBRARY
    session = Session(project)
    library = project / "library.py"
    session.analyze()
    for text in (LIBRARY.replace(old, new), "\n" + LIBRARY, LIBRARY):
        session.set_text(library, text)
        session.analyze(["library.py"])
        if new.endswith(":") or "(model" not in new:
            assert told(session.analyze()) == anew(project, {library: text})


def test_a_syntax_error_does_not_take_away_what_a_module_defines(project: Path) -> None:
    session = Session(project)
    before = [item for item in told(session.analyze()) if item[0] == "script.py"]
    session.set_text(project / "library.py", LIBRARY + "model.compile(\n")
    after = told(session.analyze(["library.py"]))
    assert [item[1] for item in after if item[0] == "library.py"] == ["syntax-error"]
    assert [item for item in after if item[0] == "script.py"] == before


def test_a_module_with_a_syntax_error_stays_what_it_was_while_another_changes(project: Path) -> None:
    session = Session(project)
    before = [item for item in told(session.analyze()) if item[0] == "script.py"]
    session.set_text(project / "library.py", "def broken(:\n" + LIBRARY)
    for text in (MIDDLE + "\n\ndef other():\n    pass\n", MIDDLE.replace("prepared", "renamed")):
        session.set_text(project / "middle.py", text)
        found = told(session.analyze())
        assert [item[1] for item in found if item[0] == "library.py"] == ["syntax-error"]
        assert [item for item in found if item[0] == "script.py"] == (before if "prepared" in text else [])


def edits(text: str) -> Iterator[str]:
    """What somebody might type at many places of a text."""
    lines = text.split("\n")
    for number in range(0, len(lines), max(1, len(lines) // 7)):
        before, line, after = lines[:number], lines[number], lines[number + 1 :]
        yield "\n".join([*before, line, "", *after])
        yield "\n".join([*before, f"{line}  # noted", *after])
        yield "\n".join([*before, *after])
    yield text


@pytest.mark.parametrize("name", ["models.py", "train.py", "layers.py", "evaluate.py"])
def test_typing_in_the_example_leads_to_what_a_new_look_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(ROOT / "examples", folder)
    monkeypatch.chdir(folder)
    path = next(folder.rglob(name))
    shown = str(path.relative_to(folder))
    session = Session(folder)
    session.analyze()
    for text in edits(path.read_text()):
        session.set_text(path, text)
        hasty, found = told(session.analyze([shown], hasty=True)), told(session.analyze())
        if not any(item[1] == "syntax-error" for item in found):
            assert found == anew(folder, {path: text})
            assert [item for item in hasty if item[0] == shown] == [
                item for item in found if item[0] == shown
            ]


TOGETHER = """\
import keras


def build():
    model = keras.Sequential([keras.layers.Dense(1)])
    return model


def save():
    model = build()
    model.save_weights("model.weights.h5")


def other():
    pass
"""


def test_what_a_hasty_look_has_left_out_follows(project: Path) -> None:
    session = Session(project)
    path = project / "script.py"
    session.set_text(path, TOGETHER)
    assert [item.rule for item in session.analyze().diagnostics if item.path == "script.py"] == [
        "save-before-build"
    ]
    text = TOGETHER.replace("    return model", "    model.build((None, 2))\n    return model")
    session.set_text(path, text)
    (hasty,) = [
        item for item in session.analyze(["script.py"], hasty=True).diagnostics if item.path == "script.py"
    ]
    assert text[hasty.span.start :].startswith(
        "model.save_weights"
    )  # where it is now, though it is not so any more
    assert hasty.fix is None
    assert session.is_outdated("script.py")
    assert not session.is_outdated("script.py", hasty=True)
    assert [item for item in session.analyze(["script.py"]).diagnostics if item.path == "script.py"] == []
    assert not session.is_outdated("script.py")


def test_a_change_of_another_file_is_no_matter_of_haste(project: Path) -> None:
    session = Session(project)
    session.set_text(project / "script.py", SCRIPT)
    session.analyze()
    session.set_text(project / "library.py", LIBRARY.replace("([Block", "([keras.Input((4,)), Block"))
    found = session.analyze(["script.py", "library.py"], hasty=True)
    assert [item for item in found.diagnostics if item.path == "script.py"] == []
