"""Who may import whom, as docs/architecture.md says, and what starting the command line must not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kerasast"

MAY_IMPORT = {
    "diagnostics": "",
    "versions": "",
    "boundary": "",
    "garbage": "",
    "walking": "",
    "scaffold": "",
    "source": "diagnostics notebook",
    "notebook": "source",
    "revision": "diagnostics source",
    "notebook_json": "",
    "logical_lines": "source",
    "line_hashes": "",
    "git": "",
    "address": "",
    "spelling": "diagnostics source walking",
    "keras_api": "versions",
    "index": "diagnostics keras_api source versions walking",
    "flow": "diagnostics index keras_api source versions walking",
    "registry": "checks diagnostics versions",
    "documents": "registry versions",
    "error_messages": "documents versions",
    "tracebacks": "",
    "explaining": "error_messages tracebacks",
    "context": "diagnostics registry source versions",
    "fixes": "diagnostics notebook notebook_json source walking",
    "checks": "context diagnostics fixes flow index keras_api registry source versions walking",
    "config": "diagnostics registry versions",
    "prefilter": "",
    "discovery": "prefilter",
    "suppressions": "diagnostics logical_lines source",
    "parsing": "boundary flow notebook revision source walking",
    "telling_imports": "keras_api versions",
    "dependency_files": "versions walking",
    "version_detection": "dependency_files telling_imports versions",
    "companions": "index",
    "survey": "boundary companions config discovery flow index parsing prefilter source telling_imports "
    "version_detection",
    "check_file": "boundary context diagnostics flow index parsing registry source versions",
    "filtering": "check_file config context diagnostics flow index registry source suppressions versions",
    "ignores": "diagnostics logical_lines source suppressions",
    "offering": "boundary context diagnostics fixes flow index registry source versions",
    "baseline": "config diagnostics logical_lines source",
    "engine": "baseline check_file config diagnostics discovery filtering flow garbage index offering registry source "
    "survey version_detection versions",
    "lifecycle": "diagnostics flow index source survey versions walking",
    "fix_checks": "config diagnostics engine fixes registry versions",
    "testing": "config diagnostics documents engine fix_checks registry source spelling versions",
    "output": "address diagnostics documents engine explaining fixes git lifecycle line_hashes logical_lines "
    "notebook_json registry source",
    "cli": "baseline boundary config diagnostics documents engine error_messages explaining fixes garbage git "
    "ignores lifecycle lsp output registry scaffold source tracebacks versions",
    "lsp": "address boundary check_file config diagnostics documents engine fixes garbage ignores lifecycle prefilter "
    "registry revision source survey version_detection",
    "__main__": "cli",
}
"""The parts of kerasast (modules and packages at its top), each with those that it may import, also in functions.

What is imported for type checkers alone is free. `registry` finds the rules, so it imports `checks` when asked. A part
that is not named here has no place yet: give it one.
"""

SOLE_IMPORTERS = {
    "astroid": {"index/third_party.py"},
    "libcst": {"fixes/cst.py"},
    "pygls": {"lsp/server.py", "lsp/transport.py"},
    "sarif_om": {"output/sarif.py", "output/sarif_rules.py"},
}
"""Heavy libraries, and the only files that may import them."""

HEAVY = ("astroid", "libcst", "pygls", "rich", "sarif_om")


@cache
def imports(path: Path) -> frozenset[str]:
    """The absolute names of modules that a file imports anywhere but under `if TYPE_CHECKING`."""
    return frozenset(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def part_of(path: Path) -> str:
    """The part of kerasast that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} has no place in the order of imports"
    allowed = {part, *MAY_IMPORT[part].split()}
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "kerasast" and (PACKAGE / rest.partition(".")[0]).with_suffix("") in _parts():
            assert rest.partition(".")[0] in allowed, f"imports {name}"


def _parts() -> set[Path]:
    return {PACKAGE / part_of(path) for path in FILES}


@pytest.mark.parametrize("path", sorted((PACKAGE / "checks").glob("*.py")), ids=lambda path: path.stem)
def test_rules_do_not_know_each_other(path: Path) -> None:
    others = {
        name
        for name in imports(path)
        if name.startswith("kerasast.checks.") and not name.split(".")[2].startswith("_")
    }
    assert not others


@pytest.mark.parametrize("library", SOLE_IMPORTERS)
def test_heavy_libraries_have_one_importer(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if any(name.partition(".")[0] == library for name in imports(path))
    }
    assert users <= SOLE_IMPORTERS[library]


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = f"import sys, kerasast.cli; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
