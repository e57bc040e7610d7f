"""What a project's dependency files say about Keras and TensorFlow. Nothing is executed, nothing is installed.

A file that cannot be read or understood says nothing.
"""

from __future__ import annotations

import ast
import codecs
import configparser
import fnmatch
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from kerasast.walking import walk

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TENSORFLOW = frozenset(
    {
        "intel-tensorflow",
        "intel-tensorflow-avx512",
        "tensorflow",
        "tensorflow-aarch64",
        "tensorflow-cpu",
        "tensorflow-cpu-aws",
        "tensorflow-directml",
        "tensorflow-gpu",
        "tensorflow-intel",
        "tensorflow-macos",
        "tensorflow-rocm",
        "tensorflow-tpu",
    }
)
"""Distributions that provide the module `tensorflow`, numbered like it."""

KERAS = frozenset({"keras", "keras-gpu"})
"""Distributions that provide the module `keras`; `keras-gpu` is Anaconda's."""

LEGACY_KERAS = frozenset({"tf-keras"})
"""Distributions that provide `tf_keras`, Keras 2 for a TensorFlow that brings Keras 3."""

_NAMES = TENSORFLOW | KERAS | LEGACY_KERAS


@dataclass(frozen=True, slots=True)
class Dependency:
    """A distribution of Keras or TensorFlow that a project wants, and the releases that it admits."""

    name: str
    specifier: SpecifierSet

    def __str__(self) -> str:
        return f"{self.name}{self.specifier}"


@dataclass(frozen=True, slots=True)
class DependencyFile:
    """A file and what it wants. A `lock` file lists everything that is installed, wanted or not."""

    path: Path
    lock: bool
    dependencies: tuple[Dependency, ...]


def read_dependency_files(folder: Path) -> list[DependencyFile]:
    """The dependency files of a folder that name Keras or TensorFlow, those that say most first."""
    found = []
    names = _file_names(folder)
    for pattern, lock, reader in READERS:
        # `requirements.txt` sorts before `requirements-dev.txt`.
        matching = sorted(fnmatch.filter(names, pattern), key=lambda name: (name.rpartition(".")[0], name))
        for path in (folder / name for name in matching):
            dependencies = tuple(_read(path, reader))
            if dependencies:
                found.append(DependencyFile(path, lock, dependencies))
    return found


def _file_names(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder)
        if "requirements" in names and (folder / "requirements").is_dir():
            names += [f"requirements/{name}" for name in os.listdir(folder / "requirements")]
    except OSError:
        return []
    return names


_Reader = Callable[[str, Path], Iterator["Dependency | None"]]


def _read(path: Path, reader: _Reader) -> list[Dependency]:
    try:
        text = _text(path)
        return [dependency for dependency in reader(text, path) if dependency is not None]
    except (OSError, ValueError, SyntaxError, RecursionError, configparser.Error):
        # `tomllib`, `json` and `ast` raise subclasses of these for a malformed file.
        return []


def _text(path: Path) -> str:
    """The text of a file; PowerShell's `pip freeze > requirements.txt` writes UTF-16."""
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding, errors="replace").replace("\r\n", "\n")


def _dependency(name: str, specifier: str) -> Dependency | None:
    canonical = canonicalize_name(name)
    if canonical not in _NAMES:
        return None
    try:
        return Dependency(canonical, SpecifierSet(specifier))
    except InvalidSpecifier:
        return None


def _from_requirement(text: str) -> Dependency | None:
    """A requirement as pip writes it: `tensorflow[and-cuda]>=2.4,<2.16; sys_platform == "linux"`."""
    if not _MENTION.search(text):
        return None
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return _dependency(requirement.name, str(requirement.specifier))


_MENTION = re.compile("keras|tensorflow", re.IGNORECASE)


def _strings(value: object) -> Iterator[str]:
    """All strings in nested lists and in the values of nested tables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _tables(value: object, *keys: str) -> Iterator[Mapping[str, Any]]:
    """The tables at a path of keys, where `*` stands for any key."""
    if not isinstance(value, Mapping):
        return
    if not keys:
        yield value
    elif keys[0] == "*":
        for item in value.values():
            yield from _tables(item, *keys[1:])
    else:
        yield from _tables(value.get(keys[0]), *keys[1:])


# --- pip's requirements files ---


def _read_requirements(text: str, path: Path) -> Iterator[Dependency | None]:
    yield from _requirement_lines(text, path, {path.resolve()})


_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=|(?=\S))(?P<file>\S+)")


def _requirement_lines(text: str, path: Path, seen: set[Path]) -> Iterator[Dependency | None]:
    for raw in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", raw)
        line = re.sub(r"\s--(hash|config-settings|global-option)\b.*", "", line).strip()
        include = _INCLUDE.fullmatch(line)
        if include is None:
            yield _from_requirement(line)
            continue
        target = (path.parent / include["file"]).resolve()
        if target not in seen and target.is_file():
            seen.add(target)
            yield from _requirement_lines(_text(target), target, seen)


# --- pyproject.toml, setup.cfg, setup.py ---


def _read_pyproject(text: str, path: Path) -> Iterator[Dependency | None]:
    content = tomllib.loads(text)
    for table in _tables(content, "project"):
        yield from map(_from_requirement, _strings(table.get("dependencies", [])))
        yield from map(_from_requirement, _strings(table.get("optional-dependencies", {})))
    yield from map(_from_requirement, _strings(content.get("dependency-groups", {})))
    for tool in ("pdm", "uv"):
        for table in _tables(content, "tool", tool):
            yield from map(_from_requirement, _strings(table.get("dev-dependencies", {})))
    for table in _tables(content, "tool", "hatch", "envs", "*"):
        yield from map(_from_requirement, _strings(table.get("dependencies", [])))
    for keys in (("dependencies",), ("dev-dependencies",), ("group", "*", "dependencies")):
        for table in _tables(content, "tool", "poetry", *keys):
            yield from _named_versions(table, poetry_specifier)
    for keys in (("dependencies",), ("pypi-dependencies",), ("feature", "*", "dependencies")):
        for table in _tables(content, "tool", "pixi", *keys):
            yield from _named_versions(table, conda_specifier)


def _named_versions(table: Mapping[str, Any], specifier: Callable[[str], str]) -> Iterator[Dependency | None]:
    """Dependencies as a table from names to versions, or to tables (or lists of tables) with a `version`."""
    for name, value in table.items():
        for item in value if isinstance(value, list) else [value]:
            version = item.get("version", "*") if isinstance(item, Mapping) else item
            if isinstance(version, str):
                yield _dependency(name, specifier(version))


def poetry_specifier(text: str) -> str:
    """A version constraint of Poetry as a specifier: `^2.4` is `>=2.4,<3`, a bare version is just that one.

    An alternative (`^2.4 || ^2.6`) has no specifier; its last part is taken, the newest as people write it.
    """
    clauses = re.split(r"\s*,\s*|(?<=[\w*])\s+(?=[<>=~^!])", text.rpartition("||")[2].strip())
    return ",".join(filter(None, map(_poetry_clause, clauses)))


def _poetry_clause(clause: str) -> str:
    operator = clause[0] if clause.startswith(("~", "^")) else ""
    version = clause[len(operator) :].strip()
    if operator and re.fullmatch(r"\d+(\.\d+)*", version):
        numbers = [int(number) for number in version.split(".")]
        # The caret keeps the first number that is not zero, the tilde the second if there is one.
        kept = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
        if operator == "~":
            kept = min(1, len(numbers) - 1)
        upper = [*numbers[:kept], numbers[kept] + 1]
        return f">={version},<{'.'.join(map(str, upper))}"
    if operator == "~" and version.startswith("="):
        return clause
    if version in ("", "*"):
        return ""
    return f"=={version}" if version[0].isdigit() else version


def _read_setup_cfg(text: str, path: Path) -> Iterator[Dependency | None]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    values = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        values += [value for _, value in parser.items("options.extras_require")]
    for value in values:
        yield from map(_from_requirement, value.splitlines())


def _read_setup_py(text: str, path: Path) -> Iterator[Dependency | None]:
    """Every string of the program that is a requirement, wherever it is: lists are built in many ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Invalid escape sequences are the business of other tools.
        tree = ast.parse(text)
    for node in walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for line in node.value.splitlines():
                dependency = _from_requirement(line.strip())
                if dependency is not None and dependency.specifier:
                    yield dependency


# --- conda's environment.yml, Pipfile ---

_YAML_ITEM = re.compile(r"""\s*-\s+(["']?)(?P<item>[^"'#]+?)\1\s*(?:\#.*)?""")
_CONDA = re.compile(
    r"(?:[\w./-]+::)?(?P<name>[A-Za-z][\w.-]*)(?:\[[^\]]*\])?\s*(?P<version>[^\w\s\[;].*|\d.*)?"
)


def _read_environment(text: str, path: Path) -> Iterator[Dependency | None]:
    """The items of a conda environment. They stand one on a line, which spares a YAML parser."""
    for line in text.splitlines():
        item = _YAML_ITEM.fullmatch(line)
        match = item and _CONDA.fullmatch(item["item"].partition(";")[0].strip())
        if match and match["name"]:
            yield _dependency(match["name"], conda_specifier(match["version"] or "*"))


def conda_specifier(text: str) -> str:
    """A version constraint of conda as a specifier: `=2.4` is `==2.4.*`; a build (`2.4=gpu_py39`) is dropped."""
    clauses = []
    for clause in text.split("|")[-1].replace(" ", "").split(","):
        version = clause.lstrip("<>=!~")
        operator = clause.removesuffix(version)
        version = version.partition("=")[0]
        if version in ("", "*"):
            continue
        if operator in ("", "="):
            version = version if version.endswith("*") else f"{version}.*"
            operator = "=="
        if version.endswith("*") and not version.endswith(".*"):
            version = f"{version[:-1]}.*"
        clauses.append(f"{operator}{version}")
    return ",".join(clauses)


def _read_pipfile(text: str, path: Path) -> Iterator[Dependency | None]:
    content = tomllib.loads(text)
    for section in ("packages", "dev-packages"):
        for table in _tables(content, section):
            yield from _named_versions(table, poetry_specifier)


# --- lock files ---

_LOCKED = re.compile(r'^\[\[packages?\]\]\s*\nname = "([^"\n]+)"\s*\nversion = "([^"\n]+)"', re.MULTILINE)


def _read_toml_lock(text: str, path: Path) -> Iterator[Dependency | None]:
    """The packages of `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml`: megabytes, so not parsed as a whole."""
    for name, version in _LOCKED.findall(text):
        yield _dependency(name, f"=={version}")


def _read_pipfile_lock(text: str, path: Path) -> Iterator[Dependency | None]:
    content = json.loads(text)
    for section in ("default", "develop"):
        for table in _tables(content, section):
            yield from _named_versions(table, lambda version: version)


READERS: Iterable[tuple[str, bool, _Reader]] = (
    ("uv.lock", True, _read_toml_lock),
    ("poetry.lock", True, _read_toml_lock),
    ("pdm.lock", True, _read_toml_lock),
    ("pylock*.toml", True, _read_toml_lock),
    ("Pipfile.lock", True, _read_pipfile_lock),
    ("pyproject.toml", False, _read_pyproject),
    ("setup.cfg", False, _read_setup_cfg),
    ("setup.py", False, _read_setup_py),
    ("Pipfile", False, _read_pipfile),
    ("environment*.y*ml", False, _read_environment),
    ("requirements*.txt", False, _read_requirements),
)
"""Patterns of file names with the reader for them, in the order of their weight; `*` also matches a `/`."""
