"""Several files, and the cells of notebooks: where things are reported, and what their stories say."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from flow_helpers import record, reports

from kerasast.diagnostics import Diagnostic
from kerasast.flow.events import ModelCall
from kerasast.testing import ProgramFile, analyze_files, encode
from kerasast.versions import KERAS_3

HELPERS = """
import numpy as np


def train(model):
    model.summary()
    model.fit(np.zeros((2, 4)), np.zeros((2, 1)))


def store(model, path):
    model.save(path)
"""

NETS = """
import keras


def built():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


def unbuilt(units=2):
    model = keras.Sequential()
    model.add(keras.layers.Dense(units))
    return model
"""


def _diagnostics(files: Mapping[str, str]) -> list[Diagnostic]:
    return analyze_files({path: textwrap.dedent(text) for path, text in files.items()}, KERAS_3)


def _line(files: Mapping[str, str], path: str, offset: int) -> str:
    text = textwrap.dedent(files[path])
    return text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0].strip()


def test_what_a_helper_of_another_module_does_is_reported_at_the_call() -> None:
    files = {
        "helpers.py": HELPERS,
        "nets.py": NETS,
        "main.py": """
            import helpers
            from nets import built

            model = built()
            helpers.train(model)
        """,
    }
    (found,) = _diagnostics(files)
    assert (found.rule, found.path) == ("fit-without-compile", "main.py")
    assert _line(files, "main.py", found.span.start) == "helpers.train(model)"


def test_stories_point_into_the_other_files() -> None:
    files = {
        "helpers.py": HELPERS,
        "nets.py": NETS,
        "main.py": """
            import nets
            from helpers import store

            model = nets.unbuilt(units=3)
            model.compile("sgd", "mse")
            store(model, "m.keras")
        """,
    }
    (found,) = _diagnostics(files)
    assert (found.rule, found.path) == ("save-before-build", "main.py")
    assert _line(files, "main.py", found.span.start) == 'store(model, "m.keras")'
    told = [(step.path, _line(files, step.path, step.span.start)) for step in found.steps]
    assert told == [
        ("nets.py", "model = keras.Sequential()"),
        ("main.py", 'model.compile("sgd", "mse")'),
    ]


def test_a_mistake_within_another_module_is_reported_there_alone() -> None:
    files = {
        "nets.py": NETS
        + "\n\ndef stored():\n    model = unbuilt()\n    model.save('m.keras')\n    return model\n",
        "main.py": "import nets\n\nmodel = nets.stored()\nmodel = nets.stored()\n",
    }
    (found,) = _diagnostics(files)
    assert found.path == "nets.py"
    assert _line(files, "nets.py", found.span.start) == "model.save('m.keras')"


def test_events_in_another_module_are_told_of_objects_of_this_one_only() -> None:
    recorder = record(
        """
        from helpers import both

        import keras

        mine = keras.Sequential([keras.layers.Dense(1)])
        both(mine)
        """,
        (
            "helpers.py",
            """
            import keras

            def both(theirs):
                mine = keras.Sequential([keras.layers.Dense(1)])
                mine.summary()
                theirs.compile("sgd", "mse")
            """,
        ),
    )
    calls = [event for event in recorder.events if isinstance(event, ModelCall)]
    assert [(event.method, getattr(event.node, "lineno", 0)) for event in calls] == [("compile", 7)]


def test_classes_of_other_modules() -> None:
    files = {
        "base.py": """
            import keras

            class Base:
                def __init__(self, compiled=True):
                    self.model = self.make()
                    if compiled:
                        self.model.compile("sgd", "mse")

                def make(self):
                    raise NotImplementedError
        """,
        "main.py": """
            import base
            import keras

            class Small(base.Base):
                def make(self):
                    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

            Small().model.fit(x, y)
            Small(compiled=False).model.fit(x, y)
        """,
    }
    found = [item for item in reports(files) if item[1] == "fit-without-compile"]
    assert found == [("main.py", "fit-without-compile", "Small(compiled=False).model.fit(x, y)")]


def test_modules_that_import_one_another() -> None:
    files = {
        "a.py": "import keras, b\n\ndef make():\n    return keras.Sequential([keras.layers.Dense(1)])\n\nb.use()\n",
        "b.py": "import a\n\ndef use():\n    a.make().save('m.keras')\n",
    }
    assert {(path, rule) for path, rule, _ in reports(files)} == {("b.py", "save-before-build")}


def test_relative_imports_and_packages() -> None:
    files = {
        "pkg/__init__.py": "from .nets import unbuilt\n",
        "pkg/nets.py": NETS,
        "pkg/use.py": """
            from . import unbuilt
            from .nets import built as make

            unbuilt().save('m.keras')
            make().save('n.keras')
        """,
    }
    assert [item[:1] + item[2:] for item in reports(files)] == [("pkg/use.py", "unbuilt().save('m.keras')")]


def test_a_name_that_another_module_gives_under_conditions() -> None:
    files = {
        "flags.py": "import sys\nFAST = len(sys.argv) > 1\nif FAST:\n    COMPILE = False\nelse:\n    COMPILE = True\n",
        "main.py": """
            import keras
            from flags import COMPILE

            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            if COMPILE:
                model.compile("sgd", "mse")
            model.fit(x, y)
        """,
    }
    assert reports(files) == []


def test_a_module_attribute_that_is_assigned_elsewhere() -> None:
    files = {
        "flags.py": "COMPILE = False\n",
        "setup.py": "import flags\nflags.COMPILE = True\n",
        "main.py": """
            import flags
            import keras

            flags.COMPILE = True
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            if flags.COMPILE:
                model.compile("sgd", "mse")
            model.fit(x, y)
        """,
    }
    assert reports(files) == []
    files["main.py"] = files["main.py"].replace("flags.COMPILE = True\n", "import setup\n")
    assert reports(files) == []


def _notebook(*cells: str) -> str:
    code = "\n".join(f"# %%\n{textwrap.dedent(cell).strip()}" for cell in cells)
    return encode(ProgramFile("nb.ipynb", code, 1))


def test_the_cells_of_a_notebook_follow_one_another() -> None:
    files = {
        "nb.ipynb": _notebook(
            "import keras\nimport numpy as np\n%matplotlib inline\n!pip install keras",
            "model = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')",
            "model.save('early.keras')",
            "model.fit(np.zeros((2, 4)), np.zeros((2, 1)))",
            "model.save('late.keras')",
        )
    }
    (found,) = analyze_files(files, KERAS_3)
    assert (found.rule, found.cell) == ("save-before-build", 3)
    assert [step.message for step in found.steps] == [
        "Sequential model created here, without weights yet",
        "`compile()` compiles it here",
    ]


def test_a_module_imported_by_a_notebook() -> None:
    files = {
        "nets.py": NETS,
        "nb.ipynb": _notebook("from nets import built", "built().fit(x, y)"),
    }
    (found,) = analyze_files(files, KERAS_3)
    assert (found.rule, found.path, found.cell) == ("fit-without-compile", "nb.ipynb", 2)
