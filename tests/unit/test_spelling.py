"""Swapping the spelling of Keras keeps every statement on its line, and gives up where there is no other."""

from __future__ import annotations

import pytest

from kerasast.spelling import swap_spelling


def swap(code: str) -> str | None:
    result = swap_spelling({"program.py": code})
    return None if result is None else result["program.py"]


@pytest.mark.parametrize(
    "plain, tensorflow",
    [
        ("import keras\n", "from tensorflow import keras\n"),
        ("import keras as k\n", "from tensorflow import keras as k\n"),
        ("from keras import layers\n", "from tensorflow.keras import layers\n"),
        ("from keras.layers import Dense as D\n", "from tensorflow.keras.layers import Dense as D\n"),
        ("from keras.layers import *\n", "from tensorflow.keras.layers import *\n"),
        ("def f():\n    from keras import layers\n", "def f():\n    from tensorflow.keras import layers\n"),
        (
            "from keras.layers import (\n    Dense,\n)\n",
            "from tensorflow.keras.layers import (\n    Dense,\n)\n",
        ),
    ],
)
def test_both_ways(plain: str, tensorflow: str) -> None:
    assert swap(plain) == tensorflow
    assert swap(tensorflow) == plain


@pytest.mark.parametrize(
    "code, expected",
    [
        ("import keras.layers as L\n", "from tensorflow.keras import layers as L\n"),
        ("import keras.layers\n", "from tensorflow import keras\n"),
        ("import numpy as np, keras\n", "import numpy as np; from tensorflow import keras\n"),
        ("import tensorflow.keras.layers as L\n", "import keras.layers as L\n"),
        ("from tensorflow import keras, nn\n", "import keras; from tensorflow import nn\n"),
        (
            "from tensorflow import (\n    keras,\n    nn,\n)\nx\n",
            "import keras; from tensorflow import nn\n\n\n\nx\n",
        ),
        (
            "import tensorflow as t\nt.keras.Model(t.nn)\n",
            "import tensorflow as t; import keras\nkeras.Model(t.nn)\n",
        ),
        ("é = 1; import keras\n", "é = 1; from tensorflow import keras\n"),
    ],
)
def test_one_way(code: str, expected: str) -> None:
    assert swap(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "import numpy\n",
        "from . import keras\n",
        "from keras.src import layers\n",
        "from tensorflow.python.keras import layers\n",
        "import keras\ndef broken(:\n",
    ],
)
def test_without_a_counterpart(code: str) -> None:
    assert swap(code) is None


def test_files_of_a_project_are_swapped_in_one_direction() -> None:
    files = {"a.py": "import keras\n", "b.py": "from tensorflow.keras import nn\n", "c.py": "import os\n"}
    assert swap_spelling(files) == {
        "a.py": "import keras\n",
        "b.py": "from keras import nn\n",
        "c.py": "import os\n",
    }
