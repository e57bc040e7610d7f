"""Names resolved across the modules of a project."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath

import pytest
from index_helpers import make_index, make_project, show

from kerasast.flow.scopes import ModuleScope
from kerasast.flow.values import UNKNOWN, External, FunctionValue
from kerasast.index.naming import key_of, module_name
from kerasast.index.project import ApiSymbol, ProjectIndex
from kerasast.source import SourceFile

# What one file alone says.

SPELLINGS = [
    ("import keras", "keras.layers.Dense"),
    ("import keras as k", "k.layers.Dense"),
    ("import keras.layers", "keras.layers.Dense"),
    ("import keras.layers as L", "L.Dense"),
    ("from keras import layers", "layers.Dense"),
    ("from keras.layers import Dense", "Dense"),
    ("from keras.layers import Dense as D", "D"),
    ("from keras.layers import *", "Dense"),
    ("from tensorflow import keras", "keras.layers.Dense"),
    ("import tensorflow as tf", "tf.keras.layers.Dense"),
    ("import tensorflow as tf", "tf.compat.v1.keras.layers.Dense"),
    ("import tensorflow.keras.layers", "tensorflow.keras.layers.Dense"),
    ("import tensorflow.keras.layers as L", "L.Dense"),
    ("import tensorflow.compat.v1 as tf", "tf.keras.layers.Dense"),
    ("from tensorflow.python.keras.layers import Dense", "Dense"),
    ("from tensorflow.keras.layers import *", "Dense"),
    ("import tf_keras", "tf_keras.layers.Dense"),
    ("import tf_keras as keras", "keras.layers.Dense"),
    ("import tensorflow as tf\nkeras = tf.keras\nlayers = keras.layers", "layers.Dense"),
    ("import tensorflow as tf\nlayers: object = tf.keras.layers", "layers.Dense"),
    ("from keras import layers\nD, C = layers.Dense, layers.Conv2D", "D"),
    ("import tensorflow as tf\ntf = tf.compat.v1\n", "tf.keras.layers.Dense"),
    ("try:\n  import keras\nexcept ImportError:\n  from tensorflow import keras", "keras.layers.Dense"),
    ("try:\n  import tensorflow as tf\nexcept ImportError:\n  tf = None", "tf.keras.layers.Dense"),
    ("keras = None\ntry:\n  import keras\nexcept ImportError:\n  pass", "keras.layers.Dense"),
    ("if x:\n  import tensorflow as tf\nelse:\n  import tensorflow.compat.v1 as tf", "tf.keras.layers.Dense"),
    ("if x:\n  import tensorflow.compat.v2 as tf\nelse:\n  import tensorflow as tf", "tf.keras.layers.Dense"),
    ("if x:\n  import tensorflow as K\nelse:\n  import os as K\nK = None or keras", "missing"),
    ("keras = LazyLoader('keras', globals(), 'tensorflow.keras')", "keras.layers.Dense"),
    ("import importlib\nkeras = importlib.import_module('keras')", "keras.layers.Dense"),
    ("try:\n  from keras.layers import *\nexcept E:\n  from tensorflow.keras.layers import *", "Dense"),
]


@pytest.mark.parametrize(("code", "name"), SPELLINGS)
def test_every_spelling_leads_to_the_same_name(code: str, name: str) -> None:
    project = make_project({"train.py": code})
    expected = "unknown" if name == "missing" else "keras.layers.Dense"
    assert show(project.resolve("train", name)) == expected


MEANINGS = [
    ("import numpy as np", "np.save", "external numpy.save"),
    ("import tensorflow as tf", "tf", "external tensorflow"),
    ("import tensorflow as tf", "tf.Variable", "external tensorflow.Variable"),
    ("import tensorflow.compat.v2 as tf", "tf", "external tensorflow"),
    ("import tensorflow.compat.v2 as tf", "tf.Variable", "external tensorflow.Variable"),
    ("import tensorflow as tf", "tf.compat.v2.Variable", "external tensorflow.Variable"),
    ("import tensorflow.compat.v1 as tf", "tf.train.Saver", "external tensorflow.compat.v1.train.Saver"),
    ("import tensorflow as tf", "tf.compat.v1", "external tensorflow.compat.v1"),
    ("if x:\n  import tensorflow.compat.v1 as tf\nelse:\n  import tensorflow as tf", "tf.train.Saver",
     "external tensorflow.compat.v1.train.Saver"),
    ("import os", "os.path.join", "external os.path.join"),
    ("import my_layers", "my_layers.Dense", "external my_layers.Dense"),
    ("class Layer: pass", "Layer", "class m Layer"),
    ("def f(): pass", "f", "function m f"),
    ("class A:\n  x = 1", "A.x", "unknown"),
    ("def f(): pass\ng = f", "g", "function m f"),
    ("SIZE = 3", "SIZE", "literal 3"),
    ("SIZE = 3\nN = SIZE", "N", "literal 3"),
    ("nothing = None", "nothing", "literal None"),
    ("text = str", "text", "external builtins.str"),
    ("str = f()\ntext = str", "text", "unknown"),
    ("from x import *\ntext = str", "text", "unknown"),
    ("x = 1", "len", "unknown"),
    ("x = f()", "x", "unknown"),
    ("x = f()", "x.y", "unknown"),
    ("import keras\ndel keras", "keras", "unknown"),
    ("a = b\nb = a", "a", "unknown"),
    ("a = a.b", "a.c", "unknown"),
    ("from missing import *", "Dense", "unknown"),
    ("from keras.layers import *", "_private", "unknown"),
    ("from keras.layers import *", "NoSuchLayerEver", "unknown"),
    ("from keras.layers import *", "np", "unknown"),
    ("from keras.layers import *", "Model", "unknown"),
    ("from keras.models import *\nfrom keras.layers import *", "Model", "keras.Model"),
    ("from keras.layers.core import *", "Dense", "keras.layers.Dense"),
    ("from tensorflow.python.keras.layers import *", "Dense", "keras.layers.Dense"),
    ("from keras.layers import *\nfrom numpy import *", "Dense", "keras.layers.Dense"),
    ("from keras.layers import *\nfrom numpy import *", "save", "unknown"),
    ("import keras\nfrom tensorflow import keras", "keras", "keras"),
    ("try:\n  import keras\nexcept E:\n  import torch as keras", "keras", "unknown"),
    ("try:\n  import keras\nexcept E:\n  keras = fake()", "keras", "unknown"),
    ("try:\n  from keras.layers import Layer\nexcept E:\n  Layer = object", "Layer", "unknown"),
    ("try:\n  from keras.layers import Layer\nexcept E:\n  class Layer: pass", "Layer", "unknown"),
    ("a = 1\nif x:\n  a = True", "a", "unknown"),
    ("a = 1\nif x:\n  a = 1", "a", "literal 1"),
    ("a = None\nif x:\n  a = 1", "a", "unknown"),
    ("a = None\nif x:\n  a = None", "a", "literal None"),
    ("f = None\nif x:\n  def f(): pass", "f", "function m f"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "expected"), MEANINGS)
def test_what_a_name_means(code: str, name: str, expected: str) -> None:
    assert show(make_project({"m.py": code}).resolve("m", name)) == expected


def test_of_two_namespaces_the_first_is_taken() -> None:
    code = "try:\n  from tensorflow import keras\nexcept ImportError:\n  import keras\n"
    symbol = make_project({"m.py": code}).resolve("m", "keras.Model")
    assert isinstance(symbol, ApiSymbol)
    assert (symbol.api.namespace, symbol.api.dotted) == ("tf.keras", "tensorflow.keras.Model")


# What the other modules say.

PACKAGE = {
    "pkg/__init__.py": """
        from . import layers
        from .layers import Scale, Dense as D
        from .nets import *
        from .version import VERSION as __version__
    """,
    "pkg/layers.py": """
        from keras.layers import Dense, Layer
        class Scale(Layer): pass
        class _Hidden(Layer): pass
    """,
    "pkg/nets/__init__.py": "from pkg.nets.deep import *\nfrom pkg.nets.wide import Wide\n",
    "pkg/nets/deep.py": """
        import tensorflow as tf
        __all__ = ["Deep", "build"]
        K = tf.keras.backend
        class Deep(tf.keras.Model): pass
        def build(): pass
        build = tf.function(build)
    """,
    "pkg/nets/wide.py": "from ..layers import Scale as Wide\n",
    "pkg/version.py": "VERSION = '1.0'\n",
    "pkg/stars.py": "from keras.layers import *\nfrom .layers import *\n",
}

ACROSS = [
    ("import pkg", "pkg", "module pkg"),
    ("import pkg", "pkg.Scale", "class pkg.layers Scale"),
    ("import pkg", "pkg.D", "keras.layers.Dense"),
    ("import pkg.layers", "pkg.layers.Dense", "keras.layers.Dense"),
    ("import pkg.layers as L", "L", "module pkg.layers"),
    ("import pkg.layers as L", "L._Hidden", "class pkg.layers _Hidden"),
    ("from pkg import layers", "layers.Scale", "class pkg.layers Scale"),
    ("from pkg import nets", "nets.Wide", "class pkg.layers Scale"),
    ("from pkg import Deep", "Deep", "class pkg.nets.deep Deep"),
    ("from pkg import K", "K", "unknown"),  # not in __all__ of the star import
    ("from pkg.nets.deep import K", "K.floatx", "keras.backend.floatx"),
    ("from pkg import build", "build", "unknown"),
    ("from pkg import __version__", "__version__", "literal '1.0'"),
    ("from pkg import *", "Scale", "class pkg.layers Scale"),
    ("from pkg import *", "layers", "module pkg.layers"),
    ("from pkg import *", "Deep", "class pkg.nets.deep Deep"),
    ("from pkg import *", "__version__", "unknown"),
    ("from pkg.layers import *", "_Hidden", "unknown"),
    ("from pkg.stars import *", "Conv2D", "keras.layers.Conv2D"),
    ("from pkg.stars import *", "Scale", "class pkg.layers Scale"),
    ("from pkg.stars import Conv2D", "Conv2D", "keras.layers.Conv2D"),
    ("import pkg.stars as s", "s.Conv2D", "keras.layers.Conv2D"),
    ("import pkg", "pkg.nope", "unknown"),
    ("import pkg", "pkg.nope.Dense", "unknown"),
    ("from pkg.nope import Dense", "Dense", "unknown"),
    ("from pkg.layers import Nope", "Nope", "unknown"),
    ("from .pkg import D", "D", "keras.layers.Dense"),
    ("from .nope import D", "D", "unknown"),
    (
        "try:\n  from pkg import D\nexcept E:\n  from keras.layers import Dense as D",
        "D",
        "keras.layers.Dense",
    ),
    ("try:\n  from pkg import Scale as D\nexcept E:\n  from keras.layers import Dense as D", "D", "unknown"),
]


@pytest.mark.parametrize(("code", "name", "expected"), ACROSS)
def test_names_are_followed_through_the_project(code: str, name: str, expected: str) -> None:
    project = make_project({**PACKAGE, "main.py": code})
    assert show(project.resolve("main", name)) == expected


ABSOLUTE = [
    ("pkg.layers.Scale", "class pkg.layers Scale"),
    ("pkg.Scale", "class pkg.layers Scale"),
    ("pkg.nets", "module pkg.nets"),
    ("pkg.nets.deep.Deep", "class pkg.nets.deep Deep"),
    ("keras.layers.Dense", "keras.layers.Dense"),
    ("tensorflow.keras.Model", "keras.Model"),
    ("tensorflow.compat.v2.Variable", "external tensorflow.Variable"),
    ("numpy.save", "external numpy.save"),
    ("pkg.nope", "unknown"),
]


@pytest.mark.parametrize(("dotted", "expected"), ABSOLUTE)
def test_absolute_names(dotted: str, expected: str) -> None:
    assert show(make_project(PACKAGE).resolve_absolute(dotted)) == expected


def test_what_an_import_inside_a_function_means() -> None:
    project = make_project(PACKAGE)
    assert show(project.imported("pkg.nets.wide", "layers.Dense", 2)) == "keras.layers.Dense"
    assert show(project.imported("pkg.nets.wide", "deep", 1)) == "module pkg.nets.deep"
    assert show(project.imported("pkg.nets.wide", "keras.Model")) == "keras.Model"
    assert show(project.imported("pkg.nets.wide", "x", 4)) == "unknown"
    assert show(project.imported("not.there", "keras.Model")) == "keras.Model"
    assert show(project.imported("not.there", "x", 1)) == "unknown"


# Which file an import means.

LAYOUTS = [
    pytest.param(
        {"a/train.py": "import utils", "a/utils.py": "", "b/utils.py": "", "utils.py": ""},
        "a.train", "utils", "module a.utils", id="a script's own folder is nearest",
    ),
    pytest.param(
        {"a/b/train.py": "import utils", "a/utils.py": "", "utils.py": ""},
        "a.b.train", "utils", "module a.utils", id="then the folders above it",
    ),
    pytest.param(
        {"a/train.py": "import utils", "b/utils.py": ""},
        "a.train", "utils", "external utils", id="never a folder beside it",
    ),
    pytest.param(
        {"tests/test_a.py": "from pkg.a import A", "src/pkg/__init__.py": "", "src/pkg/a.py": "class A: pass"},
        "tests.test_a", "A", "class src.pkg.a A", id="src beside the tests",
    ),
    pytest.param(
        {"src/pkg/__init__.py": "", "src/pkg/a.py": "from pkg.b import B", "src/pkg/b.py": "class B: pass"},
        "src.pkg.a", "B", "class src.pkg.b B", id="a package in src by its own name",
    ),
    pytest.param(
        {"one/src/p/a.py": "from p.b import B", "one/src/p/b.py": "class B: 1", "two/src/p/b.py": "class B: 2"},
        "one.src.p.a", "B", "class one.src.p.b B", id="each project of a repository has its own src",
    ),
    pytest.param(
        {"tcn/__init__.py": "from tcn.tcn import TCN", "tcn/tcn.py": "class TCN: pass"},
        "tcn", "TCN", "class tcn.tcn TCN", id="a package with a module of its name",
    ),
    pytest.param(
        {"pkg/__init__.py": "", "pkg/train.py": "import utils", "pkg/utils.py": "", "utils.py": ""},
        "pkg.train", "utils", "module utils", id="a file in a package does not see its folder first",
    ),
    pytest.param(
        {"pkg/__init__.py": "", "pkg/train.py": "from utils import f", "pkg/utils.py": "def f(): pass"},
        "pkg.train", "f", "function pkg.utils f", id="but it may be run as a script",
    ),
    pytest.param(
        {"p/__init__.py": "", "p/a.py": "from utils import f", "p/utils.py": "def f(): 1", "utils.py": ""},
        "p.a", "f", "function p.utils f", id="which is so if only that module has the name",
    ),
    pytest.param(
        {"pkg/__init__.py": "", "pkg/a.py": "from jax import numpy", "pkg/jax/__init__.py": ""},
        "pkg.a", "numpy", "external jax.numpy", id="a subpackage does not hide a library",
    ),
    pytest.param(
        {"pkg/__init__.py": "", "pkg/a.py": "import random", "pkg/random.py": ""},
        "pkg.a", "random", "external random", id="nor a module of a package the standard library",
    ),
    pytest.param(
        {"pkg/__init__.py": "", "pkg/a.py": "import random", "random.py": ""},
        "pkg.a", "random", "external random", id="nor does one beside the package",
    ),
    pytest.param(
        {"test/__init__.py": "", "test/a.py": "from test.b import f", "test/b.py": "def f(): pass"},
        "test.a", "f", "function test.b f", id="but a package may be called like one of its modules",
    ),
    pytest.param(
        {"a.py": "import random", "random.py": ""},
        "a", "random", "module random", id="which a script beside it does hide",
    ),
    pytest.param(
        {"a.py": "import wandb", "wandb.py": "import wandb"},
        "wandb", "wandb", "external wandb", id="a file does not import itself",
    ),
    pytest.param(
        {"train.py": "from models.cnn import build", "models/cnn.py": "def build(): pass"},
        "train", "build", "function models.cnn build", id="a folder without __init__.py",
    ),
    pytest.param(
        {"train.py": "import models.cnn", "models/cnn.py": "def build(): pass"},
        "train", "models.cnn.build", "function models.cnn build", id="the same, as a module",
    ),
    pytest.param(
        {"train.py": "from models import cnn", "models/cnn.py": "def build(): pass"},
        "train", "cnn.build", "function models.cnn build", id="the same, as a member",
    ),
    pytest.param(
        {"a/train.py": "from models import f", "a/models/x.py": "", "models.py": "def f(): pass"},
        "a.train", "f", "function models f", id="a module wins over a folder without __init__.py",
    ),
    pytest.param(
        {"train.py": "from models import cnn", "models/other.py": ""},
        "train", "cnn", "external models.cnn", id="a folder that does not hold what is imported",
    ),
    pytest.param(
        {"examples/train.py": "import keras", "examples/keras/a.py": "", "keras/__init__.py": ""},
        "examples.train", "keras.Model", "keras.Model", id="Keras is not looked for in the project",
    ),
    pytest.param(
        {"keras/a.py": "from .b import B", "keras/b.py": "class B: pass"},
        "keras.a", "B", "class keras.b B", id="unless by a relative import",
    ),
    pytest.param(
        {"book/ch 1.ipynb": "from utils import f", "book/utils.py": "def f(): pass", "utils.py": ""},
        "book.ch 1.ipynb", "f", "function book.utils f", id="a notebook imports from its folder",
    ),
    pytest.param(
        {"train.ipynb": "x = 1", "train.py": "y = 2", "a.py": "import train"},
        "a", "train.y", "literal 2", id="a notebook is not what is imported",
    ),
    pytest.param(
        {"v1.0/train.py": "import utils", "v1.0/utils.py": "", "v2.0/utils.py": ""},
        "v1․0.train", "utils", "module v1․0.utils", id="folders that are no identifiers",
    ),
    pytest.param(
        {"p/__init__.py": "from p import a", "p/a.py": ""}, "p", "a", "module p.a", id="a package imports of itself",
    ),
]  # fmt: skip


def test_a_module_that_does_not_import_itself_is_imported_by_others() -> None:
    project = make_project({"a.py": "import wandb", "wandb.py": "import wandb"})
    assert show(project.resolve("wandb", "wandb")) == "external wandb"
    assert show(project.resolve("a", "wandb")) == "module wandb"


@pytest.mark.parametrize(("files", "module", "name", "expected"), LAYOUTS)
def test_the_nearest_module_is_meant(files: dict[str, str], module: str, name: str, expected: str) -> None:
    assert show(make_project(files).resolve(module, name)) == expected


# Cycles, depth, cost.


def test_import_cycles_end() -> None:
    project = make_project(
        {
            "a.py": "from b import *\nfrom b import x, y\n",
            "b.py": "from a import *\nfrom a import x\ny = 1\n",
            "p/__init__.py": "from .q import q\nfrom . import q as r\n",
            "p/q.py": "from . import q, r\nfrom p import s\n",
        }
    )
    assert show(project.resolve("a", "x")) == "unknown"
    assert show(project.resolve("a", "y")) == "literal 1"
    assert show(project.resolve("b", "nope")) == "unknown"
    assert show(project.resolve("p.q", "s")) == "unknown"
    assert show(project.resolve("p", "r")) == "module p.q"


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    files = {
        "a.py": "try:\n  from b import x\nexcept E:\n  from c import x\n",
        "b.py": "try:\n  from a import x\nexcept E:\n  x = 1\n",
        "c.py": "try:\n  from b import x\nexcept E:\n  x = 1\n",
    }
    fresh = {name: show(make_project(files).resolve(name, "x")) for name in "abc"}
    for order in ("abc", "cba", "bca"):
        project = make_project(files)
        assert {name: show(project.resolve(name, "x")) for name in order} == fresh


def test_long_chains_end_without_an_answer_or_an_error() -> None:
    files = {f"m{i}.py": f"from m{i + 1} import x\n" for i in range(3000)}
    files["m3000.py"] = "x = 1\n"
    project = make_project(files)
    assert show(project.resolve("m2990", "x")) == "literal 1"
    assert show(project.resolve("m0", "x")) == "unknown"


def test_resolving_again_is_cheap() -> None:
    project = make_project({**PACKAGE, "main.py": "from pkg import *"})
    project.resolve("main", "Deep")
    started = time.perf_counter()
    for _ in range(10_000):
        project.resolve("main", "Deep")
    assert time.perf_counter() - started < 0.5


def test_a_net_of_star_imports_does_not_explode() -> None:
    size = 30
    everything = "".join(f"from m{i} import *\n" for i in range(size))
    project = make_project({f"m{i}.py": everything + f"x{i} = {i}\n" for i in range(size)})
    started = time.perf_counter()
    assert show(project.resolve("m0", "x29")) == "literal 29"
    assert show(project.resolve("m0", "nowhere")) == "unknown"
    assert time.perf_counter() - started < 2


# The rest of a project.


def test_the_import_closure() -> None:
    project = make_project({**PACKAGE, "main.py": "def f():\n  from pkg.nets import wide\n", "other.py": ""})
    assert project.import_closure("main") == {
        *("main", "pkg", "pkg.layers", "pkg.nets", "pkg.nets.deep", "pkg.nets.wide", "pkg.version")
    }
    assert project.import_closure("other") == {"other"}
    assert project.import_closure("nope") == frozenset()


def test_sources_and_trees() -> None:
    project = make_project({"a.py": "x = 1\n"})
    source, tree = project.source("a"), project.tree("a")
    assert source is not None
    assert source.text == "x = 1\n"
    assert tree is not None
    assert project.tree("a") is tree
    assert project.source("b") is None
    assert project.tree("b") is None


def test_a_tree_of_a_file_that_changed_on_disk() -> None:
    contents = {"a": SourceFile("a.py", "def f(:\n"), "b": None}
    index = make_index("x = 1", "a.py")
    project = ProjectIndex({"a": index, "b": make_index("", "b.py")}, contents.get)
    assert project.tree("a") is None
    assert project.tree("b") is None
    assert ProjectIndex({"a": index}).tree("a") is None


def test_only_some_trees_are_kept() -> None:
    project = make_project({f"m{i}.py": "x = 1\n" for i in range(200)})
    first = project.tree("m0")
    for i in range(200):
        project.tree(f"m{i}")
    assert project.tree("m0") is not first


def test_the_interface_digest() -> None:
    one, two = make_project(PACKAGE), make_project({**PACKAGE, "pkg/version.py": "VERSION = '2.0'\n"})
    assert one.interface_digest("pkg.layers") == two.interface_digest("pkg.layers")
    assert one.interface_digest("pkg.version") != two.interface_digest("pkg.version")
    with pytest.raises(KeyError):
        one.interface_digest("nope")


def test_what_a_module_itself_binds() -> None:
    project = make_project({"a.py": "len = f()\nfrom x import *\n"})
    assert project.binds("a", "len")
    assert not project.binds("a", "sum")
    assert not project.binds("nope", "sum")


def test_a_name_that_a_module_binds_to_something_unknown_is_no_builtin() -> None:
    project = make_project({"a.py": "len = f()\n"})
    source = project.source("a")
    assert source is not None
    scope = ModuleScope("a", source, project)
    assert scope.lookup("len") is None
    assert scope.lookup("sum") == External("builtins.sum")


def test_a_function_under_a_decorator_of_the_project_is_not_followed() -> None:
    project = make_project(
        {
            "a.py": "from b import build, fast, plain\n",
            "b.py": """
                import functools
                from c import compiled
                @compiled
                def build(): pass
                @functools.lru_cache
                def fast(): pass
                def plain(): pass
            """,
            "c.py": "def compiled(f): return f\n",
        }
    )
    source = project.source("a")
    assert source is not None
    scope = ModuleScope("a", source, project)
    assert scope.lookup("build") == UNKNOWN
    assert isinstance(scope.lookup("fast"), FunctionValue)
    assert isinstance(scope.lookup("plain"), FunctionValue)


# The keys of files.


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("train.py", "train"),
        ("pkg/__init__.py", "pkg"),
        ("pkg/sub/mod.py", "pkg.sub.mod"),
        ("__init__.py", "__init__"),
        ("a.b/c.d.py", "a․b.c․d"),
        ("train.sh", "train․sh․"),
        ("/abs/train.py", "abs.train"),
        ("nb/train.ipynb", "nb.train.ipynb"),
        ("nb/01 intro.ipynb", "nb.01 intro.ipynb"),
        ("script", "script․"),
    ],
)
def test_the_key_of_a_relative_path(path: str, key: str) -> None:
    assert key_of(PurePosixPath(path)) == key


def test_the_key_of_a_file_starts_above_the_package_that_the_root_is_in(tmp_path: Path) -> None:
    package = tmp_path / "repo" / "pkg"
    inner = package / "sub"
    inner.mkdir(parents=True)
    (package / "__init__.py").touch()
    (inner / "__init__.py").touch()
    assert module_name(inner / "a.py", [tmp_path / "repo"]) == "pkg.sub.a"
    assert module_name(inner / "a.py", [package]) == "pkg.sub.a"
    assert module_name(inner / "a.py", [inner]) == "pkg.sub.a"
    assert module_name(inner / "__init__.py", [inner]) == "pkg.sub"
    assert module_name(inner / "a.py", [tmp_path, inner]) == "pkg.sub.a"
    assert module_name(inner / "a.py", [tmp_path]) == "repo.pkg.sub.a"
    assert module_name(inner / "a.py", []) == "pkg.sub.a"
    assert module_name(tmp_path / "repo" / "x.py", [package]) == "x"
