"""The ancestry of classes from installed packages, which are read and never run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from kerasast.index import third_party
from kerasast.index.third_party import ancestry

Install = Callable[[dict[str, str]], None]

BOOM = "raise RuntimeError('this package was imported')\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts files of packages on `sys.path`; every one of them raises when it runs."""

    def write(files: dict[str, str]) -> None:
        for path, code in files.items():
            file = tmp_path / "site" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(BOOM + dedent(code))
        monkeypatch.syspath_prepend(tmp_path / "site")

    return write


PACKAGE = {
    "fakecv/__init__.py": "from fakecv.src import layers, models\nfrom fakecv.src.layers import Blur as TopBlur\n",
    "fakecv/layers/__init__.py": """
        from fakecv.src.layers import *
        from fakecv.src.layers.blur import Blur as Blurred
    """,
    "fakecv/src/__init__.py": "",
    "fakecv/src/backend.py": """
        from fakecv.src import config
        if config.multi():
            import keras
        else:
            from tensorflow import keras
    """,
    "fakecv/src/layers/__init__.py": "from .blur import Blur\nfrom .base import *\n",
    "fakecv/src/layers/base.py": """
        import abc
        from typing import Generic, TypeVar
        from fakecv.src.backend import keras
        from ..mixins import Serializable

        T = TypeVar("T")
        Base = keras.layers.Layer

        class BaseLayer(Base, Serializable, Generic[T], metaclass=abc.ABCMeta):
            def __init__(self):
                keras.surprise = self.other = 1
    """,
    "fakecv/src/layers/blur.py": """
        from fakecv.src.layers import base

        class Blur(base.BaseLayer[int]):
            pass
    """,
    "fakecv/src/mixins.py": "class Serializable(object): pass\n",
    "fakecv/src/models.py": """
        import tensorflow as tf
        import notinstalled.parts as parts
        from helpers import make

        class Task(tf.keras.Model, parts.Mixin, make()): pass
        try:
            from fakecv.src.fast import Fast
        except ImportError:
            class Fast(Task): pass

        class Loop(Loop): pass
        class A(B): pass
        class B(A): pass
        def function(): pass
        class Legacy(tf.compat.v1.train.Optimizer): pass
        class Late(Later): pass
        class Later(tf.keras.losses.Loss): pass
    """,
}

CASES = [
    (
        "fakecv.TopBlur",
        ("fakecv.src.layers.base.BaseLayer", "keras.layers.Layer", "fakecv.src.mixins.Serializable"),
    ),
    ("fakecv.layers.Blur", ("fakecv.src.layers.base.BaseLayer", "keras.layers.Layer")),
    ("fakecv.layers.Blurred", ("fakecv.src.layers.base.BaseLayer", "keras.layers.Layer")),
    ("fakecv.layers.BaseLayer", ("keras.layers.Layer", "fakecv.src.mixins.Serializable", "builtins.object")),
    ("fakecv.src.layers.base.BaseLayer", ("keras.layers.Layer",)),
    ("fakecv.src.models.Task", ("keras.Model", "notinstalled.parts.Mixin")),
    ("fakecv.src.models.Legacy", ("tensorflow.compat.v1.train.Optimizer",)),
    ("fakecv.models.Task", ("keras.Model",)),
]


@pytest.mark.parametrize(("dotted", "expected"), CASES)
def test_ancestors_are_found_through_the_package(
    install: Install, dotted: str, expected: tuple[str, ...]
) -> None:
    install(PACKAGE)
    found = ancestry(dotted)
    assert found is not None
    assert set(expected) <= set(found)
    assert dotted not in found
    assert not any(name.startswith("fakecv") for name in sys.modules)


def test_nearer_ancestors_come_first(install: Install) -> None:
    install(PACKAGE)
    found = ancestry("fakecv.layers.Blur")
    assert found is not None
    assert found.index("fakecv.src.layers.base.BaseLayer") < found.index("keras.layers.Layer")
    assert found.index("fakecv.src.mixins.Serializable") < found.index("builtins.object")


@pytest.mark.parametrize(
    "dotted",
    [
        "notinstalled.Layer",
        "fakecv",
        "fakecv.layers",
        "fakecv.layers.Nope",
        "fakecv.layers.Blur.call",
        "fakecv.nope.Layer",
        "fakecv.src.models.function",
        "fakecv.src.models.Fast",  # depends on whether another module can be imported
        "keras.layers.Dense",
        "tensorflow.Module",
        "builtins.dict",
        "collections.OrderedDict",
        "",
    ],
)
def test_what_is_not_known_to_be_a_class_of_a_package(install: Install, dotted: str) -> None:
    install({**PACKAGE, "fakecv/src/fast.py": "class Fast: pass\n"})
    assert ancestry(dotted) is None


def test_cycles_end(install: Install) -> None:
    install(PACKAGE)
    assert ancestry("fakecv.src.models.Loop") == ()
    assert ancestry("fakecv.src.models.A") in ((), ("fakecv.src.models.B",))
    install({"ring/__init__.py": "from ring.a import X\n", "ring/a.py": "from ring import X\n"})
    assert ancestry("ring.X") is None
    install({"alias.py": "while x:\n  A = B\n  B = A\nC = C\nclass L(A): pass\nclass M(C): pass\n"})
    assert ancestry("alias.L") == ancestry("alias.M") == ()
    install({"stars/__init__.py": "from stars.a import *\n", "stars/a.py": "from stars import *\n"})
    assert ancestry("stars.X") is None


def test_namespace_packages(install: Install) -> None:
    install(
        {
            "spaces/inner/deep/layers.py": "from keras import layers\nclass L(layers.Layer): pass\n",
            "mixed/__init__.py": "",
            "mixed/inner/layers.py": "from ..other import Base\nclass L(Base): pass\n",
            "mixed/other.py": "from keras import Model as Base\n",
        }
    )
    assert ancestry("spaces.inner.deep.layers.L") == ("keras.layers.Layer",)
    assert ancestry("mixed.inner.layers.L") == ("keras.Model",)


def test_broken_files_are_unknown(install: Install, tmp_path: Path) -> None:
    install({"broken/__init__.py": "def (:\n", "broken/enc.py": "", "broken/a.py": "from ..... import b\n"})
    (tmp_path / "site/broken/enc.py").write_bytes(b"# coding: nope\n")
    for name in ("broken.X", "broken.enc.X", "broken.a.b"):
        assert ancestry(name) is None


def test_no_more_than_so_many_files_are_read(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {f"chain/m{i}.py": f"from chain.m{i + 1} import L\n" for i in range(200)}
    install({**chain, "chain/__init__.py": "", "chain/m200.py": "import keras\nclass L(keras.Model): pass\n"})
    read: list[str] = []
    parse = third_party._parse

    def note(file: str, name: str) -> object:
        read.append(name)
        return parse(file, name)

    monkeypatch.setattr(third_party, "_parse", note)
    assert ancestry("chain.m190.L") == ("keras.Model",)
    read.clear()
    assert ancestry("chain.m0.L") is None
    assert len(read) <= third_party.MAX_FILES


def test_large_files_are_not_read(install: Install) -> None:
    install({"large.py": "class L: pass\n" + "#" * third_party.MAX_BYTES})
    assert ancestry("large.L") is None


def test_asking_again_costs_nothing(install: Install) -> None:
    install(PACKAGE)
    ancestry("fakecv.layers.Blur")
    started = time.perf_counter()
    for _ in range(1000):
        ancestry("fakecv.layers.Blur")
    assert time.perf_counter() - started < 0.2


def test_the_answer_follows_sys_path(install: Install) -> None:
    assert ancestry("fakecv.layers.Blur") is None
    install(PACKAGE)
    assert ancestry("fakecv.layers.Blur") is not None


def test_astroid_is_imported_only_when_asked_for() -> None:
    code = (
        "import sys; from kerasast.index.third_party import ancestry;"
        "assert 'astroid' not in sys.modules; ancestry('keras.layers.Dense'); ancestry('no_such_package.X');"
        "assert 'astroid' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
