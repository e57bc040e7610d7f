"""Strings and paths of which parts are unknown, and which of them name the same file."""

from __future__ import annotations

import itertools

import pytest
from flow_helpers import record, reports

from kerasast.flow.text import (
    MAX_LENGTH,
    concatenate,
    format_braces,
    format_percent,
    join_path,
    known_suffix,
    path_key,
)
from kerasast.flow.values import UNKNOWN, Const, Text, Unknown

FOLDER = Unknown(7)

SAME = (
    'os.path.join(folder, "net.keras")',
    'folder + "/net.keras"',
    'f"{folder}/net.keras"',
    'pathlib.Path(folder) / "net.keras"',
    'str(pathlib.Path(folder, "net.keras"))',
    'pathlib.Path(folder).joinpath("net.keras")',
    'os.fspath(pathlib.Path(folder) / "net.keras")',
    'os.path.join(folder, name + ".keras")',
    'os.path.join(folder, "%s.keras" % name)',
    'os.path.join(folder, "{}.keras".format(name))',
    'f"{folder}/{name}.keras"',
)
"""Ways to write one path; the last ones with a constant `name`."""

DIFFERENT = (
    'os.path.join(folder, "other.keras")',
    'os.path.join(other, "net.keras")',
    'f"{other}/net.keras"',
    '"net.keras"',
    'folder + "net.keras"',
)

HEAD = """\
import os, pathlib, keras

def use(folder, other):
    name = "net"
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
"""


def _keys(*expressions: str) -> list[tuple[object, ...] | None]:
    code = HEAD + "".join(f"    model.save({text})\n" for text in expressions)
    return [site.path_key for site in record(code).facts.saves]


@pytest.mark.parametrize("text", SAME)
def test_one_path_written_in_several_ways(text: str) -> None:
    first, second = _keys(SAME[0], text)
    assert first is not None
    assert first == second


@pytest.mark.parametrize("text", DIFFERENT)
def test_other_paths(text: str) -> None:
    first, second = _keys(SAME[0], text)
    assert first != second


def test_what_differs_each_time_has_no_key() -> None:
    code = """\
    import keras, time

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    for name in open("names.txt"):
        model.save(f"{name}.keras")
        model.save(name)
    """
    assert [site.path_key for site in record(code).facts.saves] == [None, None]


def test_constants_are_put_together() -> None:
    assert concatenate(["a", Const("b"), Const(1)]) == Const("ab1")
    assert concatenate(["a", Const(True)]) != Const("aTrue")
    assert join_path([Const("a"), Const("/b")]) == Const("/b")
    assert join_path([Const("a/"), Const("b")]) == Const("a/b")
    assert join_path([]) is UNKNOWN


def test_the_ends_of_unknown_texts() -> None:
    path = join_path([FOLDER, Const("net.weights.h5")])
    assert isinstance(path, Text)
    assert known_suffix(path) == "/net.weights.h5"
    assert known_suffix(concatenate(["net_", FOLDER])) is None
    assert known_suffix(Const("net.h5")) == "net.h5"
    assert known_suffix(FOLDER) is None


@pytest.mark.parametrize(
    "template, suffix",
    [
        ("weights.%02d-%.2f.hdf5", ".hdf5"),
        ("weights.%(epoch)s.keras", ".keras"),
        ("%s.h5", ".h5"),
        ("%s", None),
        ("plain.h5", "plain.h5"),
        ("%5.1f", None),
    ],
)
def test_the_ends_of_texts_made_with_percent(template: str, suffix: str | None) -> None:
    assert known_suffix(format_percent(template, [FOLDER])) == suffix


@pytest.mark.parametrize(
    "template, suffix",
    [
        ("weights.{epoch:02d}.keras", ".keras"),
        ("weights.{0.name}{1!r}.h5", ".h5"),
        ("{}.h5", ".h5"),
        ("{{}}.h5", "{}.h5"),
        ("{:>3}", None),
        ("{", None),
    ],
)
def test_the_ends_of_texts_made_with_format(template: str, suffix: str | None) -> None:
    assert known_suffix(format_braces(template, [FOLDER], {})) == suffix


def test_plain_fields_are_filled() -> None:
    a, b = Const("a"), Const("b")
    assert format_percent("%s/%d%%/%s", [a, Const(3), b]) == Const("a/3%/b")
    assert format_braces("{}/{}", [a, b], {}) == Const("a/b")
    assert format_braces("{1}/{0}", [a, b], {}) == Const("b/a")
    assert format_braces("{x}{}", [a], {"x": b}) == Const("ba")
    assert format_braces("{x}/{y}{{}}", [], {"y": a, "x": b}) == Const("b/a{}")
    assert path_key(format_percent("%s/%s", [FOLDER, a])) == path_key(join_path([FOLDER, a]))
    assert path_key(format_braces("{}/{}", [a], {})) is None


def test_long_texts_are_not_kept() -> None:
    half = Const("a" * (MAX_LENGTH // 2 + 1))
    assert concatenate([half, half]) is UNKNOWN


def test_equal_keys_of_normal_paths() -> None:
    assert path_key(Const("./a/../net.keras")) == path_key(Const("net.keras"))
    assert path_key(Const("net.keras")) != path_key(Const("net.h5"))
    assert path_key(UNKNOWN) is None
    assert path_key(None) is None
    assert path_key(FOLDER) == path_key(Unknown(7)) != path_key(Unknown(8))


SAVES = """\
import keras

class Scale(keras.layers.Layer):
    def call(self, x):
        return x

path = {path}
model = keras.Sequential([keras.Input((4,)), Scale()])
model.save(path)
"""

LOADS = """\
import keras

class Other(keras.layers.Layer):
    def call(self, x):
        return x

path = {path}
model = keras.models.load_model(path)
"""


@pytest.mark.parametrize(
    "path, folders, found",
    [
        ('"net.keras"', ("a", "a"), True),
        ('"net.keras"', ("a", "b"), False),
        ('"/data/net.keras"', ("a", "b"), True),
        ("input()", ("a", "a"), False),
        ("open('x').read()", ("a", "a"), False),
    ],
)
def test_the_same_file_in_other_modules(path: str, folders: tuple[str, str], found: bool) -> None:
    files = {
        f"{folders[0]}/train.py": SAVES.format(path=path),
        f"{folders[1]}/predict.py": LOADS.format(path=path),
    }
    assert ("missing-custom-objects" in {rule for _, rule, _ in reports(files)}) is found


def test_the_same_file_where_modules_share_their_settings() -> None:
    files = {
        "settings.py": 'PATH = "net.keras"\n',
        "a/train.py": "from settings import PATH\n" + SAVES.format(path="PATH"),
        "b/predict.py": "import settings\n" + LOADS.format(path="settings.PATH"),
    }
    assert ("b/predict.py", "missing-custom-objects") in {item[:2] for item in reports(files)}


def test_unknown_values_of_two_places_differ() -> None:
    recorder = record("import keras\nmodel = keras.Sequential()\nmodel.save(input())\nmodel.save(input())\n")
    keys = [site.path_key for site in recorder.facts.saves]
    assert all(first != second for first, second in itertools.combinations(keys, 2))
