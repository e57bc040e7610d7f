"""Which files are found, and which of them are worth analysing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kerasast.discovery import DEFAULT_EXCLUDE, Discovery, discover, mentions_keras
from kerasast.prefilter import imported_words, select_files


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is also the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")


def ignore(root: Path, text: str, folder: str = ".") -> None:
    (root / folder / ".gitignore").write_text(text)


def found(root: Path, *paths: str, **options: Any) -> list[str]:
    return names(discover(paths or ["."], root=root, **options))


def names(discovery: Discovery) -> list[str]:
    assert not discovery.problems
    return [file.relative for file in discovery.files]


def test_python_files_and_notebooks_in_a_fixed_order(root: Path) -> None:
    write(root, "b.py", "a/z.py", "a/b/c.py", "a.py", "a-b/c.py", "n.ipynb", "stub.pyi", "data.csv", "script")
    assert found(root) == ["a/b/c.py", "a/z.py", "a-b/c.py", "a.py", "b.py", "n.ipynb"]


def test_what_a_file_knows_of_itself(root: Path) -> None:
    write(root, "a/b.py")
    (walked,) = discover(["a"], root=root).files
    assert (walked.path, walked.relative, walked.explicit) == (root / "a" / "b.py", "a/b.py", False)
    (named,) = discover([Path("a/b.py")], root=root).files
    assert (named.path, named.explicit) == (root / "a" / "b.py", True)


def test_a_file_is_listed_once_however_it_is_reached(root: Path) -> None:
    write(root, "a/b.py", "a/c.py")
    for paths in (["a", "a/b.py", "."], ["a/b.py", "./a/../a/b.py", "a"]):
        files = discover(paths, root=root).files
        assert [(file.relative, file.explicit) for file in files] == [("a/b.py", True), ("a/c.py", False)]


def test_a_file_outside_the_root_has_an_absolute_path(root: Path) -> None:
    write(root.parent, "other/a.py")
    assert found(root, "../other") == [(root.parent / "other/a.py").as_posix()]


def test_relative_paths_start_from_the_working_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "a/b.py", "b.py")
    monkeypatch.chdir(root / "a")
    assert found(root, "b.py") == ["a/b.py"]


# Exclusions.


@pytest.mark.parametrize("name", DEFAULT_EXCLUDE)
def test_default_exclusions_apply_at_any_depth(root: Path, name: str) -> None:
    write(root, "a.py", f"{name}/b.py", f"deep/{name}/c.py")
    assert found(root) == ["a.py"]


def test_virtual_environments_of_any_name_are_not_entered(root: Path) -> None:
    write(root, "a.py", "my-env/pyvenv.cfg", "my-env/lib/b.py")
    assert found(root) == ["a.py"]
    assert found(root, "my-env") == ["my-env/lib/b.py"]


EXCLUSIONS = [
    (["b"], ["a.py"]),
    (["b/"], ["a.py"]),
    (["b/*.py"], ["a.py", "b/c/d.py"]),
    (["*.py"], []),
    (["c"], ["a.py", "b/e.py"]),
    (["/c"], ["a.py", "b/c/d.py", "b/e.py"]),
    (["b/c"], ["a.py", "b/e.py"]),
    (["**/d.py"], ["a.py", "b/e.py"]),
    (["b/*", "!b/e.py"], ["a.py", "b/e.py"]),
    ([], ["a.py", "b/c/d.py", "b/e.py"]),
]


@pytest.mark.parametrize(("patterns", "expected"), EXCLUSIONS)
@pytest.mark.parametrize("option", ["exclude", "extend_exclude"])
def test_exclusions_are_gitignore_patterns(
    root: Path, patterns: Sequence[str], expected: list[str], option: str
) -> None:
    write(root, "a.py", "b/c/d.py", "b/e.py")
    assert found(root, **{option: patterns}) == expected
    assert found(root, "a.py", ".", **{option: patterns}) == sorted({"a.py", *expected})


def test_exclude_replaces_the_defaults_and_extend_exclude_adds(root: Path) -> None:
    write(root, "a.py", "build/b.py", "c/d.py")
    assert found(root, exclude=["c"]) == ["a.py", "build/b.py"]
    assert found(root, extend_exclude=["c"]) == ["a.py"]
    assert found(root, exclude=[], extend_exclude=["c"]) == ["a.py", "build/b.py"]


def test_patterns_are_relative_to_the_root_wherever_the_search_starts(root: Path) -> None:
    write(root, "a/b/c.py", "a/d.py")
    assert found(root, "a", exclude=["a/b"]) == ["a/d.py"]
    assert found(root, "a/b", exclude=["/b"]) == ["a/b/c.py"]


def test_what_is_named_is_taken_unless_exclusion_is_forced(root: Path) -> None:
    write(root, "build/b.py", "build/deep/c.py", "build/deep/node_modules/d.py")
    assert found(root, "build/b.py") == ["build/b.py"]
    assert found(root, "build") == ["build/b.py", "build/deep/c.py"]
    assert found(root, "build/deep") == ["build/deep/c.py"]
    assert found(root, "build/deep/node_modules") == ["build/deep/node_modules/d.py"]
    for path in ("build/b.py", "build", "build/deep"):
        assert found(root, path, force_exclude=True) == []


def test_force_exclude_keeps_what_is_not_excluded(root: Path) -> None:
    write(root, "a/b.py")
    assert found(root, "a/b.py", "a", force_exclude=True) == ["a/b.py"]


def test_the_root_may_lie_in_an_excluded_folder(tmp_path: Path) -> None:
    write(tmp_path, "build/venv/project/a.py", "build/venv/project/build/b.py")
    root = tmp_path / "build/venv/project"
    assert found(root, str(root)) == ["a.py"]
    assert found(root, str(root / "a.py"), force_exclude=True) == ["a.py"]


# .gitignore


def test_gitignore_files_apply_below_them_and_the_innermost_wins(root: Path) -> None:
    write(root, "a.py", "gen/a.py", "b/a.py", "b/gen/a.py", "b/c/a.py", "b/c/keep.py", "b/c/gen/x.py")
    ignore(root, "gen/\n# a comment\n\n")
    ignore(root, "*\n!keep.py\n", "b/c")
    assert found(root) == ["a.py", "b/a.py", "b/c/keep.py"]
    assert found(root, "b") == ["b/a.py", "b/c/keep.py"]
    assert len(found(root, respect_gitignore=False)) == 7


def test_a_gitignore_can_take_back_what_an_outer_one_ignores(root: Path) -> None:
    write(root, "a_gen.py", "b/a_gen.py")
    ignore(root, "*_gen.py\n")
    ignore(root, "!a_gen.py\n", "b")
    assert found(root) == ["b/a_gen.py"]


def test_gitignore_does_not_take_back_what_settings_exclude(root: Path) -> None:
    write(root, "a.py", "build/b.py")
    ignore(root, "!build\n")
    assert found(root) == ["a.py"]


def test_gitignores_above_the_search_apply_up_to_the_repository(root: Path) -> None:
    write(root.parent, "project/a/b_gen.py", "project/a/b.py", "project/a/local.py")
    ignore(root.parent, "b.py\n")
    ignore(root, "*_gen.py\n")
    (root / ".git/info").mkdir(parents=True)
    (root / ".git/info/exclude").write_text("local.py\n")
    assert found(root, "a") == ["a/b.py"]  # the outermost .gitignore is not of this repository
    assert found(root / "a", "a") == ["b.py"]


def test_without_a_repository_gitignores_apply_from_the_root(root: Path) -> None:
    write(root, "a/b.py", "a/c.py")
    ignore(root.parent, "b.py\n")
    ignore(root, "c.py\n")
    assert found(root, "a") == ["a/b.py"]


def test_ignored_files_that_are_named_are_taken(root: Path) -> None:
    write(root, "gen/a.py", "gen/b/gen/c.py")
    ignore(root, "gen/\n")
    assert found(root, "gen/a.py") == ["gen/a.py"]
    assert found(root, "gen/b/gen/c.py") == ["gen/b/gen/c.py"]
    assert found(root, "gen/a.py", force_exclude=True) == []


def test_an_unreadable_gitignore_is_passed_over(root: Path) -> None:
    write(root, "a.py", "b/c.py")
    (root / ".gitignore").mkdir()
    (root / "b/.gitignore").write_bytes(b"\xff\xfe!\n!\n")
    assert found(root) == ["a.py", "b/c.py"]


def test_the_same_files_as_git(root: Path) -> None:
    write(root, "a.py", "b/a.py", "b/x.py", "b/c/d/x.py", "doc/x.py", "doc/y/z.py", "tmp/a.py", "q r/s.py")
    ignore(root, "b/*\n!b/c\n/a.py\ntmp\ndoc/**/z.py\nq\\ r/\n")
    ignore(root, "!/a.py\n", "b")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    command = ["git", "ls-files", "--others", "--exclude-standard", "--", "*.py"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.splitlines()
    assert sorted(found(root)) == sorted(listed)


# Globs, links, and what goes wrong.


def test_globs_that_the_shell_left_alone(root: Path) -> None:
    write(root, "a.py", "b/c.py", "b/d/e.py", "b/n.ipynb", "b/data.txt", "build/f.py")
    assert found(root, "b/*.py") == ["b/c.py"]
    assert found(root, "b/[cn].*") == ["b/c.py", "b/n.ipynb"]
    assert found(root, "**/*.py") == ["a.py", "b/c.py", "b/d/e.py"]
    assert found(root, "b*") == ["b/c.py", "b/d/e.py", "b/n.ipynb"]
    assert found(root, "b/*.txt") == []
    assert found(root, "build/*.py") == []


def test_an_existing_file_is_not_a_glob(root: Path) -> None:
    write(root, "a[1].py", "a1.py")
    assert found(root, "a[1].py") == ["a[1].py"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nope", "no such file or folder"),
        ("nope/*.py", "no such file or folder"),
        ("a.py/b.py", "no such file or folder"),
        ("a.csv", "is neither a .py nor an .ipynb file"),
        ("a.pyi", "is neither a .py nor an .ipynb file"),
        ("a\0b", "is not a path"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_paths_that_cannot_be_analysed_are_reported(root: Path, path: str, message: str) -> None:
    write(root, "a.py", "a.csv", "a.pyi")
    discovery = discover([path, "a.py"], root=root)
    assert [file.relative for file in discovery.files] == ["a.py"]
    assert [(problem.path, problem.message) for problem in discovery.problems] == [(path, message)]


def test_a_named_script_without_an_ending_is_python(root: Path) -> None:
    write(root, "train")
    assert found(root, "train") == ["train"]


def test_an_unreadable_folder_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "a.py", "secret/b.py")
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    discovery = discover(["."], root=root)
    assert [file.relative for file in discovery.files] == ["a.py"]
    (problem,) = discovery.problems
    assert (problem.path, problem.message) == (str(root / "secret"), "Permission denied")


def test_links(root: Path) -> None:
    write(root, "a/b.py", "target.py")
    write(root.parent, "elsewhere/c.py")
    (root / "a/loop").symlink_to(root)
    (root / "a/elsewhere").symlink_to(root.parent / "elsewhere")
    (root / "a/broken.py").symlink_to(root / "nowhere.py")
    (root / "a/link.py").symlink_to(root / "target.py")
    (root / "a/folder.py").symlink_to(root / "a")
    assert found(root) == ["a/b.py", "target.py"]
    assert found(root, "a/elsewhere") == ["a/elsewhere/c.py"]
    assert found(root, "a/link.py") == ["a/link.py"]


def test_folders_called_like_files(root: Path) -> None:
    write(root, "a.py/b.py")
    assert found(root) == ["a.py/b.py"]


# The prefilter.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import keras", True),
        ("from tensorflow import io", True),
        ("import tf_keras as k", True),
        ('{"source": ["import keras\\n"]}', True),
        ("import numpy", False),
        ("", False),
    ],
)
def test_the_bytes_prefilter(text: str, expected: bool) -> None:
    assert mentions_keras(text.encode()) is expected


WORDS = [
    ("import a.b as c, d", {"a", "b", "as", "c", "d", "import"}),
    ("from pkg.models import build", {"pkg", "models", "import", "build"}),
    ("from pkg import (\n  a,\n  b,  # note\n)\nx = y", {"pkg", "import", "a", "b", "note"}),
    ("from pkg \\\n  import \\\n a, \\\r\n b\nx", {"pkg", "import", "a", "b"}),
    ("if x: import a; from b import c", {"import", "a", "from", "b", "c"}),
    ("    from\ta\timport\tb", {"a", "import", "b"}),
    ("importlib.import_module('a.b')", {"import_module", "a", "b"}),
    (
        '{"source": ["import os\\n", "from models import net\\n"]}',
        {"import", "os", "n", "from", "models", "net"},
    ),
    ("important = 1", set()),
    ("# from here", set()),
    ("from modèle import x", {"modèle", "import", "x"}),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_the_words_of_imports(text: str, expected: set[str]) -> None:
    assert {word.decode() for word in imported_words(text.encode())} == expected


def test_a_relative_import_counts_its_folders() -> None:
    assert b"pkg" in imported_words(b"from . import *", "pkg.sub.mod")
    assert b"pkg" not in imported_words(b"from a import *", "pkg.sub.mod")


def select(files: dict[str, str]) -> tuple[Iterable[str], Iterable[str]]:
    selection = select_files({key: text.encode() for key, text in files.items()})
    return selection.check, selection.index


def test_a_file_that_only_hands_on_keras_objects_is_not_skipped() -> None:
    check, index = select(
        {
            "backend": "from tensorflow import keras as K",
            "nets": "from backend import K\nclass Net(K.Model): pass",
            "pkg": "from .inner import build",
            "pkg.inner": "from nets import Net\ndef build(): return Net()",
            "pkg.star": "from . import *",
            "train": "from pkg import build\nbuild().save('x.txt')",
            "notebook.ipynb": '{"source": ["import pkg\\n"]}',
            "plot": "import matplotlib",
            "paths": "ROOT = '/tmp'",
            "main": "import train, paths",
        }
    )
    assert check == {"backend", "nets", "pkg", "pkg.inner", "pkg.star", "train", "notebook.ipynb", "main"}
    assert index == {*check, "paths"}


def test_cycles_of_imports_are_selected_once() -> None:
    check, index = select({"a": "import b", "b": "import a\nimport keras", "c": "import d", "d": "import c"})
    assert check == index == {"a", "b"}


def test_the_prefilter_is_linear_on_long_lines() -> None:
    data = b'{"image/png": "' + b"import" * 200_000 + b'"}\n' + b"\\\n" * 20_000 + b"import keras\n"
    assert b"keras" in imported_words(data)


def test_importing_discovery_does_not_import_heavy_packages() -> None:
    code = "import sys, kerasast.discovery; print([n for n in sys.modules if n in ('libcst', 'astroid', 'rich')])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "[]"
