"""Reading pasted reports: what terminals add is gone, and the places in them are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasast.tracebacks import Frame, Place, clean, frames, places_here

PYTHON = """\
Traceback (most recent call last):
  File "/home/ann/net/train.py", line 12, in main
    model.fit(x, y)
  File "/venv/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py", line 122, in error_handler
    raise e.with_traceback(filtered_tb) from None
ValueError: You must call `compile()` before using the model.
"""


def test_frames_of_python() -> None:
    assert frames(PYTHON) == [
        Frame("/home/ann/net/train.py", 12, "main", "model.fit(x, y)"),
        Frame(
            "/venv/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py",
            122,
            "error_handler",
            "raise e.with_traceback(filtered_tb) from None",
        ),
    ]


@pytest.mark.parametrize(
    "text, frame",
    [
        (
            "File ~/net/train.py:12, in main(path)\n     11 def main(path):\n---> 12     model.fit(x)\n     13\n",
            Frame("~/net/train.py", 12, "main", "model.fit(x)"),
        ),
        (
            "~/net/train.py in main(path)\n     11 def main(path):\n---> 12     model.fit(x)\n",
            Frame("~/net/train.py", 12, "main", "model.fit(x)"),
        ),
        ("net/train.py:12: in main\n    model.fit(x)\n", Frame("net/train.py", 12, "main", "model.fit(x)")),
        ("net/train.py:12: UserWarning: No weights.\n  warn()\n", Frame("net/train.py", 12)),
        ("/a b/train.py:12 in main\n", Frame("/a b/train.py", 12, "main")),
        ('File "C:\\net\\train.py", line 12\n', Frame("C:\\net\\train.py", 12)),
    ],
)
def test_frames_of_other_tools(text: str, frame: Frame) -> None:
    assert frames(text) == [frame]


def test_text_without_places_has_no_frames() -> None:
    assert frames("ValueError: at 12:30: the ratio is 3:4, see https://keras.io:443/a\nx.py is missing") == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\x1b[1;31mValueError\x1b[0m: no", "ValueError: no"),
        ("[1mNo weight.[0m", "No weight."),
        ("E       ValueError: no", "ValueError: no"),
        ("> > ValueError: no", "ValueError: no"),
        ("│ ValueError: no   │", " ValueError: no".strip()),
        ("10/10 [====]\rValueError: no\r\n", "ValueError: no\n"),
        ("layer \u2018dense\u2019 and \u201cconv\u201d", "layer 'dense' and \"conv\""),
        ("dtype[0] of x[12m]", "dtype[0] of x[12m]"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_what_lies_in_a_package_is_of_a_library() -> None:
    assert [frame.in_library for frame in frames(PYTHON)] == [False, True]
    assert [frame.in_keras for frame in frames(PYTHON)] == [False, True]
    assert Frame("<frozen importlib._bootstrap>", 1).in_library
    assert not Frame("/home/ann/keras/train.py", 1).in_keras


def test_places_that_exist_here(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "train.py").write_text("import keras\nmodel.fit(x, y)\n")
    own = Place(folder / "train.py", 2)
    assert places_here([Frame(str(folder / "train.py"), 2)] * 2, tmp_path) == [own]
    assert places_here([Frame("net/train.py", 2)], tmp_path) == [own]
    assert places_here([Frame("net/other.py", 2)], tmp_path) == []


def test_a_path_of_another_machine_needs_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import keras\nmodel.fit(x, y)\n")
    there = "/mnt/job7/net/train.py"
    assert places_here([Frame(there, 2, "main", "model.fit(x, y)")], tmp_path) == [
        Place(tmp_path / "train.py", 2)
    ]
    for frame in (
        Frame(there, 2),
        Frame(there, 1, "", "model.fit(x, y)"),
        Frame(there, 9, "", "model.fit(x, y)"),
    ):
        assert places_here([frame], tmp_path) == []


def test_libraries_are_not_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "lib" / "python3.11" / "site-packages" / "keras" / "a.py"
    path.parent.mkdir(parents=True)
    path.write_text("x = 1\n")
    assert places_here([Frame(str(path), 1)], tmp_path) == []
