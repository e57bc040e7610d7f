"""Phase 1 for a whole project: every file read, parsed and indexed, and the version of Keras that it is for."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from kerasast.boundary import attempt
from kerasast.companions import imported_files
from kerasast.config import Settings
from kerasast.discovery import DiscoveredFile
from kerasast.index.module_index import ModuleIndex, index_module
from kerasast.index.naming import key_of
from kerasast.index.project import ProjectIndex
from kerasast.parsing import ParsedFile, failure, parse_bytes, unreadable
from kerasast.prefilter import select_files
from kerasast.source import SourceFile
from kerasast.telling_imports import LEGACY_SWITCH, telling_once
from kerasast.version_detection import DetectedVersion, VersionDetector

KEPT_CODE = 4_000_000
"""Of how much code, in characters, the trees are kept from phase 1 to phase 2; the rest is parsed twice.

A tree takes about 30 bytes of memory for each character.
"""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to analyse. `path` is what diagnostics show, `relative` the path from the project's root.

    `module` is its key in the project. `data` is its content, or the text that says why there is none. A file
    that is not `checked` is only indexed, for the sake of those that import it.
    """

    path: str
    relative: str
    module: str
    is_package: bool
    data: bytes | str
    checked: bool = True


class Survey:
    """The files of a project and their indexes. `files` and `modules` are by module key, in the order added."""

    def __init__(self) -> None:
        self.inputs: dict[str, InputFile] = {}
        self.files: dict[str, ParsedFile] = {}
        self.modules: dict[str, ModuleIndex] = {}
        self.outdated: dict[str, SourceFile] = {}
        """What modules were that are no Python now: others, and their index, still go by it."""
        self._kept = 0

    def add(self, item: InputFile, before: SourceFile | None = None) -> None:
        """Parse and index a file. One without a tree has no index, and says why in phase 2.

        `before` is what the file was, if that is known.
        """
        data = item.data
        file = unreadable(item.path, data) if isinstance(data, str) else parse_bytes(item.path, data, before)
        problems = file.problems
        if file.tree is not None:
            error = attempt(partial(self._index, item, file.source, file.tree))
            problems += () if error is None else (failure(error, file.tree),)
        self.inputs[item.module] = item
        self.files[item.module] = ParsedFile(file.source, None, problems)

    def _index(self, item: InputFile, source: SourceFile, tree: ast.Module) -> None:
        self.modules[item.module] = index_module(source, tree, item.module, is_package=item.is_package)
        self._kept += len(source.code)
        if self._kept <= KEPT_CODE:
            source.kept_tree = tree

    def changed(self, contents: Mapping[str, bytes], *, passing: bool = False) -> Survey:
        """The same with other contents of files, by path. What is known of the rest is kept.

        Syntax errors in them are `passing` while somebody types: the project then still has the modules as they were.
        """
        survey = Survey()
        for module, item in self.inputs.items():
            if item.path in contents:
                before = self._source(module) if module in self.modules else None
                survey.add(replace(item, data=contents[item.path]), before)
                if passing and module in self.modules and module not in survey.modules:
                    survey.modules[module] = self.modules[module]
                    survey.outdated[module] = self._source(module)
                continue
            if module in self.outdated:
                survey.outdated[module] = self.outdated[module]
            survey.inputs[module] = item
            survey.files[module] = self.files[module]
            if module in self.modules:
                survey.modules[module] = self.modules[module]
        return survey

    def add_companions(self, root: Path) -> None:
        """Index the files under `root` that the files here import, and those that these import, and so on."""
        pending = list(self.modules)
        while pending:
            module = pending.pop()
            here = Path(os.path.abspath(self.inputs[module].path))
            for path in imported_files(self.modules[module], here, root):
                relative = path.relative_to(root).as_posix()
                key, is_package = module_key(relative)
                if key in self.inputs:
                    continue
                shown, data = display_path(path), read_bytes(path)
                self.add(InputFile(shown, relative, key, is_package, data, checked=False))
                if key in self.modules:
                    pending.append(key)

    @property
    def checked(self) -> list[InputFile]:
        """The files that phase 2 is for."""
        return [item for item in self.inputs.values() if item.checked]

    def project(self) -> ProjectIndex:
        """All the indexes, merged."""
        return ProjectIndex(self.modules, self._source)

    def update(self, project: ProjectIndex, module: str) -> ProjectIndex:
        """All the indexes, merged, where only one module is another than in a project that is no longer needed.

        While the module is no Python, the project stays as it was.
        """
        if module in self.outdated:
            return project
        index = self.modules.get(module)
        if index is not None and project.replace(index, self.modules, self._source):
            return project
        return self.project()

    def _source(self, module: str) -> SourceFile:
        return self.outdated.get(module) or self.files[module].source

    def versions(self, settings: Settings) -> dict[str, DetectedVersion]:
        """The Keras that each checked file is for, by its path."""
        imports = {Path(item.path): self._imports(item) for item in self.checked}
        detector = VersionDetector(
            settings.root,
            settings.requested_version,
            settings.keras_version,
            [name for names in imports.values() for name in names],
            {path: names for path, names in imports.items() if path.suffix == ".ipynb"},
        )
        return {item.path: detector.detect_for(Path(item.path)) for item in self.checked}

    def _imports(self, item: InputFile) -> list[str]:
        """The names in a file that may tell which Keras it is for."""
        index = self.modules.get(item.module)
        names = list(index.imports) if index is not None else []
        if isinstance(item.data, bytes) and LEGACY_SWITCH.encode() in item.data:
            names.append(LEGACY_SWITCH)
        return telling_once(names)


@dataclass(frozen=True, slots=True)
class Opened:
    """A project that has gone through phase 1: its files, and the Keras that each checked one is for, by path.

    A `partial` one is not the whole of the project. `found` is the number of files that were looked at.
    """

    survey: Survey
    versions: Mapping[str, DetectedVersion]
    partial: bool
    found: int

    def content(self, path: str) -> bytes:
        """The content of a checked file that was read."""
        data = next(item.data for item in self.survey.checked if item.path == path)
        assert isinstance(data, bytes)
        return data

    def changed(self, contents: Mapping[str, bytes], *, passing: bool = False) -> Opened:
        """The same with other contents of checked files, by path, for the same versions of Keras.

        `passing` is as in `Survey.changed`.
        """
        return replace(self, survey=self.survey.changed(contents, passing=passing))


def read_inputs(files: Sequence[DiscoveredFile]) -> list[InputFile]:
    """Read files, and leave out those that have nothing to do with Keras, unless they were themselves named."""
    contents = [(file, *module_key(file.relative), read_bytes(file.path)) for file in files]
    selection = select_files({key: data for _, key, _, data in contents if isinstance(data, bytes)})
    inputs = []
    for file, key, is_package, data in contents:
        checked = file.explicit or key in selection.check or isinstance(data, str)
        if checked or key in selection.index:
            path = display_path(file.path)
            inputs.append(InputFile(path, file.relative, key, is_package, data, checked))
    return inputs


def module_key(relative: str) -> tuple[str, bool]:
    """The key of the module in a file, and whether it is a package's `__init__`.

    `relative` is the path from the project's root. `pkg/mod.py` is `pkg.mod`, `pkg/__init__.py` is `pkg`, and
    `nb.ipynb` is `nb.ipynb`: no two files share a key.
    """
    path = PurePosixPath(relative)
    return key_of(path), path.name == "__init__.py" and len(path.parts) > 1


def display_path(path: Path) -> str:
    """The path as people want to see it: from the working directory for what lies in it, else absolute."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_bytes(path: Path) -> bytes | str:
    """The content of a file, or why there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        return f"cannot read the file: {error.strerror or error}"
