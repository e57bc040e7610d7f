"""Paths that are worked out from others: from `__file__`, in other modules, in class bodies, of arguments."""

from __future__ import annotations

import pytest
from flow_helpers import record

HEAD = "import os, pathlib, keras\nfrom pathlib import Path\n"
MODEL = "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"

Key = tuple[object, ...] | None


def saved(code: str, *others: tuple[str, str], path: str = "program.py") -> list[Key]:
    """The keys of the paths that a program saves models to."""
    return [site.path_key for site in record(HEAD + MODEL + code, *others, path=path).facts.saves]


def of_constant(expression: str, *, before: str = "", path: str = "config.py") -> Key:
    """The key of a path that another module binds to a name."""
    config = (path, f"{HEAD}{before}\nPATH = {expression}\n")
    (key,) = saved("import config\nmodel.save(config.PATH)\n", config)
    assert [key] == saved("from config import PATH\nmodel.save(PATH)\n", config)
    return key


@pytest.mark.parametrize(
    "expression",
    [
        '"models/net.keras"',
        'os.path.join("models", "net.keras")',
        'os.path.join(os.getcwd(), "models", "net.keras")',
        'Path("models") / "net.keras"',
        'Path.cwd() / "models" / "net.keras"',
        'str(pathlib.Path("models", "net.keras"))',
        'Path("models").joinpath("net.keras").resolve()',
        'Path("models/net.h5").with_suffix(".keras")',
        'os.path.abspath("./models/net.keras")',
        'f"{FOLDER}/{NAME}.keras"',
        'FOLDER + "/" + NAME + ".keras"',
        '"%s/%s.keras" % (FOLDER, NAME)',
        '"{}/{}.keras".format(FOLDER, NAME)',
        '"{folder}/net.keras".format(folder=FOLDER)',
        'os.path.join(os.path.dirname("models/x.txt"), "net.keras")',
    ],
)
def test_a_relative_path_of_another_module(expression: str) -> None:
    before = 'FOLDER = "models"\nNAME = "net"'
    assert of_constant(expression, before=before) == ("path", "models/net.keras")


@pytest.mark.parametrize(
    "expression",
    [
        'os.path.join(os.path.dirname(__file__), "net.keras")',
        'os.path.join(os.path.dirname(os.path.abspath(__file__)), "net.keras")',
        'Path(__file__).parent / "net.keras"',
        'Path(__file__).resolve().with_suffix(".py").parent.joinpath("net.keras")',
        'Path(__file__).parents[1] / "lab" / "net.keras"',
        'os.path.join(os.path.dirname(__file__), "..", "lab", "net.keras")',
        'os.path.dirname(__file__) + "/net.keras"',
    ],
)
def test_a_path_from_the_file_is_the_same_everywhere(expression: str) -> None:
    expected = ("folder", "lab/net.keras")
    assert saved(f"model.save({expression})\n", path="lab/train.py") == [expected]
    assert saved(f"P = {expression}\nmodel.save(P)\n", path="lab/predict.py") == [expected]


def test_a_path_from_the_file_of_another_module_is_in_the_folder_of_that_one() -> None:
    assert of_constant('Path(__file__).parent / "net.keras"') == ("folder", "net.keras")
    assert saved('model.save(os.path.join(os.path.dirname(__file__), "net.keras"))', path="lab/train.py") == [
        ("folder", "lab/net.keras")
    ]


@pytest.mark.parametrize(
    "config",
    [
        "PATH = compute()\n",
        'PATH = "a.keras"\nPATH = PATH + "x"\n',
        'PATH = os.path.join("a", "b.keras")\nif os.name == "nt":\n    PATH = "c.keras"\n',
        'PATH = os.path.join("a", "b.keras")\ndef change():\n    global PATH\n    PATH = "c.keras"\n',
        'PATH = os.path.join(tempfile.mkdtemp(), "b.keras")\n',
        'PATH = os.path.join(PATH, "b.keras")\n',
    ],
)
def test_a_constant_that_is_not_certain_is_no_known_file(config: str) -> None:
    (key,) = saved(
        "import config\nmodel.save(config.PATH)\n", ("config.py", HEAD + "import tempfile\n" + config)
    )
    assert key is None or key[0] != "path"


def test_a_constant_that_somebody_assigns_is_unknown() -> None:
    config = "config.py", HEAD + 'PATH = os.path.join("a", "b.keras")\n'
    (key,) = saved("import config\nconfig.PATH = input()\nmodel.save(config.PATH)\n", config)
    assert key is None or key[0] == "value"


def test_an_unknown_folder_of_another_module_is_the_same_folder() -> None:
    config = "config.py", HEAD + 'ROOT = os.environ["ROOT"]\nPATH = os.path.join(ROOT, "net.keras")\n'
    first, second, other = saved(
        "import config\nmodel.save(config.PATH)\n"
        "def again(model):\n    model.save(config.PATH)\nagain(model)\n"
        'model.save(os.path.join(config.ROOT, "other.keras"))\n',
        config,
    )
    assert first is not None
    assert first == second
    assert first != other


def test_class_attributes() -> None:
    code = (
        "ROOT = 'models'\n"
        "class Config:\n"
        "    PATH = os.path.join(ROOT, 'net.keras')\n"
        "    NAME = 'x'\n"
        "    OTHER = os.path.join(ROOT, NAME)\n"
        "model.save(Config.PATH)\n"
        "model.save(Config().PATH)\n"
        "model.save(Config.OTHER)\n"
    )
    first, second, other = saved(code)
    assert first == second == ("path", "models/net.keras")
    assert other is None


def test_arguments_of_the_command_line_are_the_same_within_a_file() -> None:
    code = (
        "import argparse\n"
        "args = argparse.ArgumentParser().parse_args()\n"
        "model.save(args.out)\n"
        "model.save(os.path.join(args.folder, 'net.keras'))\n"
        "model.save(args.out)\n"
        "model.save(os.path.join(args.folder, 'net.keras'))\n"
    )
    out, joined, again, joined_again = saved(code)
    assert out == again is not None
    assert joined == joined_again is not None
    assert out != joined


def test_an_argument_that_is_assigned_is_unknown() -> None:
    code = (
        "import argparse\n"
        "args = argparse.ArgumentParser().parse_args()\n"
        "model.save(args.out)\n"
        "args.out = input()\n"
        "model.save(args.out)\n"
    )
    first, second = saved(code)
    assert first != second
