"""How long kerasast takes, as ratios against `ast.parse` of the same files in the same process.

    python benchmarks/run.py TREE                    # prints Markdown; TREE should have 40,000 lines or more
    python benchmarks/run.py TREE --write            # writes it to docs/performance.md
    python benchmarks/run.py TREE --others FOLDER    # with the total for each project in a folder as well

Times are processor times, the least of several rounds: other programs on the machine only ever add to them. Ratios
move little between machines, milliseconds do. While `ast.parse` is timed, garbage is collected as Python does it by
itself, for the rest as rarely as in `kerasast check`. Nothing is kept while `ast.parse` is timed: it would take twice
as long with the trees of a project around, through which Python then looks for garbage again and again.
"""

from __future__ import annotations

import argparse
import ast
import gc
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import keystrokes  # noqa: E402
from kerasast.config import Settings  # noqa: E402
from kerasast.discovery import discover  # noqa: E402
from kerasast.engine import Analyzer  # noqa: E402
from kerasast.garbage import rare_collection  # noqa: E402
from kerasast.index.module_index import ModuleIndex, index_module  # noqa: E402
from kerasast.parsing import ParsedFile, parse_bytes  # noqa: E402
from kerasast.prefilter import select_files  # noqa: E402
from kerasast.registry import select_rules  # noqa: E402
from kerasast.survey import module_key  # noqa: E402
from kerasast.versions import KERAS_3  # noqa: E402

DOCS = ROOT / "docs" / "performance.md"
CLI_IMPORT_BUDGET_MS = 100
ANALYSIS_BUDGET = 3.0

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds that each part of the analysis of some files took; `parse` is `ast.parse` alone.

    `bare` is the same with garbage collected as rarely as in the analysis.
    """

    lines: int
    parse: float
    bare: float
    read: float
    index: float
    total: float

    @property
    def check(self) -> float:
        """Phase 2: what is left of the total."""
        return self.total - self.read - self.index

    def ratio(self, seconds: float) -> float:
        return seconds / self.parse


def seconds_of(action: Callable[[], object], *, rarely: bool) -> float:
    """Processor time of one run in this process, with the garbage of what ran before collected first.

    `rarely`: collect garbage as `kerasast check` does until it ends, otherwise as Python does by itself.
    """
    gc.collect()
    with rare_collection() if rarely else nullcontext():
        started = time.process_time()
        action()
        return time.process_time() - started


def least(rounds: int, actions: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The least time of each action in several rounds of all of them, in turn; `parse` is not kerasast's."""
    times = [
        {name: seconds_of(action, rarely=name != "parse") for name, action in actions.items()}
        for _ in range(rounds)
    ]
    return {name: min(times_of_round[name] for times_of_round in times) for name in actions}


def read_tree(tree: Path) -> dict[str, bytes]:
    """The Python files of a tree that kerasast would parse, by path."""
    found = discover([tree], root=tree).files
    contents = {module_key(file.relative)[0]: (file.relative, file.path.read_bytes()) for file in found}
    selection = select_files({key: data for key, (_, data) in contents.items()})
    return {
        path: data
        for key, (path, data) in contents.items()
        if key in selection.check and path.endswith(".py")
    }


def parse_all(files: Files) -> None:
    """The yardstick."""
    for data in files.values():
        ast.parse(data)


def read_all(files: Files) -> dict[str, ParsedFile]:
    """The first half of phase 1."""
    return {path: parse_bytes(path, data) for path, data in files.items()}


def index_all(parsed: Mapping[str, ParsedFile]) -> dict[str, ModuleIndex]:
    """Phase 1."""
    modules = {}
    for path, file in parsed.items():
        name, is_package = module_key(path)
        if file.tree is not None:
            modules[name] = index_module(file.source, file.tree, name, is_package=is_package)
    return modules


def measure(files: Files, rounds: int) -> Stages:
    """Time each part on the same files."""
    analyzer = Analyzer(Settings())
    times = least(
        rounds,
        {
            "parse": lambda: parse_all(files),
            "bare": lambda: parse_all(files),
            "read": lambda: read_all(files),
            "total": lambda: analyzer.analyze_files(files, KERAS_3),
        },
    )
    parsed = read_all(files)
    times |= least(rounds, {"index": lambda: index_all(parsed)})
    return Stages(sum(data.count(b"\n") for data in files.values()), **times)


def time_python(rounds: int, code: str) -> float:
    """The least time that a new interpreter needs for `code`, in seconds."""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return min(times)


_UNIT = """
class Block{n}(keras.layers.Layer):
    def __init__(self, units, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.rate = rate
        self.dense = keras.layers.Dense(units)
        self.dropout = keras.layers.Dropout(rate)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.scale = self.add_weight(shape=(self.units,), name="scale")

    def call(self, inputs, training=None):
        return self.dropout(self.dense(inputs), training=training) * self.scale

    def get_config(self):
        return {{**super().get_config(), "units": self.units, "rate": self.rate}}


def build_{n}(width):
    model = keras.Sequential([keras.Input((4,)), Block{n}(width), keras.layers.Dense(1)])
    for layer in model.layers[:-1]:
        layer.trainable = width > 3
    model.compile("adam", "mse")
    return model


model_{n} = build_{n}(8)
if len(X) > {n}:
    model_{n}.fit(X, Y)
else:
    model_{n}.load_weights("model_{n}.weights.h5")
model_{n}.save("model_{n}.keras")
"""


def synthetic(units: int) -> Files:
    """One file with a class, a builder and a script, `units` times."""
    text = "import keras\nimport numpy as np\n\nX = np.ones((8, 4))\nY = np.ones((8, 1))\n"
    return {"made.py": (text + "".join(_UNIT.format(n=n) for n in range(units))).encode()}


def growth(files: Files, rounds: int) -> Iterator[tuple[str, Stages]]:
    """The same measurement on growing parts of a tree, and on growing files."""
    names = sorted(files)
    for step in (8, 4, 2, 1):
        part = {name: files[name] for name in names[::step]}
        yield f"{len(part)} files", measure(part, rounds)
    for units in (10, 20, 40, 80):
        yield f"one file, {units} models", measure(synthetic(units), rounds)


def is_python(data: bytes) -> bool:
    """Whether a file can be parsed."""
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


def others(folder: Path) -> Iterator[list[str]]:
    """What the analysis of each project in a folder takes, the largest first; only Python files are looked at."""
    trees = {path.name: read_tree(path) for path in folder.resolve().iterdir() if path.is_dir()}
    for name in sorted(trees, key=lambda name: -sum(map(len, trees[name].values()))):
        files = {path: data for path, data in trees[name].items() if is_python(data)}
        if not files:
            continue
        stages = measure(files, 2)
        ratio = f"{stages.ratio(stages.total):.1f}"
        yield [name.replace("+", "/"), f"{len(files):,}", f"{stages.lines:,}", _ms(stages.total), ratio]


def report(tree: Path, rounds: int, folder: Path | None) -> str:
    """The measurements as Markdown."""
    files = read_tree(tree)
    whole = measure(files, rounds)
    bare = time_python(3 * rounds, "pass")
    cli = time_python(3 * rounds, "import kerasast.cli")
    extra = 1000 * (cli - bare)
    rows = [
        ["what", "time", "× `ast.parse`", "budget"],
        ["---", "---:", "---:", "---:"],
        ["`ast.parse` of the files", _ms(whole.parse), "1.00", ""],
        ["the same, with garbage collected rarely", _ms(whole.bare), f"{whole.ratio(whole.bare):.2f}", ""],
        ["decode and parse, with positions", _ms(whole.read), f"{whole.ratio(whole.read):.2f}", ""],
        ["phase 1: index", _ms(whole.index), f"{whole.ratio(whole.index):.2f}", ""],
        ["phase 2: follow objects, all rules", _ms(whole.check), f"{whole.ratio(whole.check):.2f}", ""],
        [
            "**all of it, cold**",
            _ms(whole.total),
            f"**{whole.ratio(whole.total):.2f}**",
            f"≤ {ANALYSIS_BUDGET:.0f}",
        ],
    ]
    imports = [
        ["what", "time", "more than Python alone", "budget"],
        ["---", "---:", "---:", "---:"],
        ["`python -c pass`", _ms(bare), "", ""],
        [
            "`import kerasast.cli`",
            _ms(cli),
            f"{extra:.0f} ms (× {cli / bare:.1f})",
            f"≤ {CLI_IMPORT_BUDGET_MS} ms",
        ],
    ]
    grown = [["input", "lines", "µs for each line", "× `ast.parse`"], ["---", "---:", "---:", "---:"]]
    for name, stages in growth(files, max(1, rounds - 1)):
        per_line = f"{1e6 * stages.total / stages.lines:.1f}"
        grown.append([name, f"{stages.lines:,}", per_line, f"{stages.ratio(stages.total):.2f}"])
    about = (
        f"{tree.resolve().name.replace('+', '/')}: {len(files)} files of Python that mention Keras, "
        f"{whole.lines:,} lines, {len(select_rules())} rules; Python {platform.python_version()}, one process, "
        f"processor time, the least of {rounds} rounds."
    )
    more = [] if folder is None else list(others(folder))
    heads = [["project", "files", "lines", "time", "× `ast.parse`"], ["---", "---:", "---:", "---:", "---:"]]
    compared = [
        "## Other projects",
        "The projects of [the ecosystem](ecosystem.md): their Python files that mention Keras, cold, the lesser of\n"
        "two rounds. Scripts with models at their top level, and tests that lead deep into a library, take longest.",
        _table([*heads, *more]),
    ]
    return "\n\n".join(
        [
            "# Speed",
            "Measured by `python benchmarks/run.py TREE --write`. Ratios are against `ast.parse` of the same files in\n"
            "the same process. Garbage is collected as Python does it by itself while those are parsed, and as\n"
            "`kerasast check` does it for the rest: once a million objects were made.",
            about,
            _table(rows),
            "## Starting up",
            _table(imports),
            "## Growth",
            "The cost of a line must not depend on how many there are.",
            _table(grown),
            *(compared if more else ()),
            keystrokes.report(tree) + "\n",
        ]
    )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path, help="a folder of Python files that use Keras")
    parser.add_argument("--rounds", type=int, default=5, help="how often each measurement is repeated (5)")
    parser.add_argument(
        "--others", type=Path, metavar="FOLDER", help="a folder of projects to measure as well"
    )
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    text = report(options.tree, options.rounds, options.others)
    print(text, end="")
    if options.write:
        DOCS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
