"""The analysis of a whole project: both phases, the rules, and what is left of their reports at the end.

    result = Analyzer(settings).analyze_paths(["src"])

Phase 1 (`index_module`) sees one file, phase 2 (`check_file`) one file and the index of all. Both are
functions of their arguments alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kerasast.check_file import FileReport, check_file, check_project
from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic
from kerasast.discovery import DiscoveredFile, DiscoveryProblem, discover
from kerasast.filtering import Filter
from kerasast.index.module_index import ModuleIndex, index_module
from kerasast.index.project import ProjectIndex
from kerasast.parsing import ParsedFile, parse_bytes, unreadable
from kerasast.prefilter import select_files
from kerasast.registry import Rule
from kerasast.source import SourceFile
from kerasast.version_detection import DetectedVersion, VersionDetector
from kerasast.versions import KERAS_3, KerasVersion

LEGACY_SWITCH = "TF_USE_LEGACY_KERAS"

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many files are done, and how many there are."""


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


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. `diagnostics` are in the order of path and position.

    `files` is the number of files that were checked, `suppressed` how many reports comments have silenced,
    `versions` the versions of Keras that the verdicts are for with the reasons, the most frequent first.
    `sources` are the files by path, `rules` the rules that ran, `seconds` the time that it took.
    `problems` are paths that could not be looked at.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    suppressed: int
    versions: tuple[tuple[KerasVersion, str], ...]
    seconds: float
    sources: Mapping[str, SourceFile]
    rules: Mapping[str, Rule]
    problems: tuple[DiscoveryProblem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether kerasast itself failed on a file."""
        return any(diagnostic.rule == "internal-error" for diagnostic in self.diagnostics)


class Analyzer:
    """Runs one selection of rules on projects.

    Raises:
        UnknownSelector: the settings select what does not exist.
    """

    def __init__(
        self, settings: Settings, *, rules: Mapping[str, Rule] | None = None, progress: Progress | None = None
    ) -> None:
        """`rules` are the rules to run instead of those that the settings select."""
        self.settings = settings
        self.rules = settings.rules() if rules is None else dict(rules)
        self._progress = progress

    def analyze_paths(self, paths: Iterable[str | Path]) -> Result:
        """Analyse the files that paths mean.

        Paths in the diagnostics are relative to the working directory where they lie in it.
        """
        found = discover(
            paths,
            root=self.settings.root,
            exclude=self.settings.exclude,
            extend_exclude=self.settings.extend_exclude,
            respect_gitignore=self.settings.respect_gitignore,
        )
        return replace(self.analyze_inputs(read_inputs(found.files)), problems=found.problems)

    def analyze_source(self, text: str, path: str) -> Result:
        """Analyse one text as if it were the content of the file at `path`, and the project nothing else."""
        data = text.encode("utf-8", "surrogatepass")
        inputs = [InputFile(path, Path(path).name, *module_key(Path(path).name), data)]
        return self.analyze_inputs(inputs, partial=True)

    def analyze_files(self, files: Mapping[str, str | bytes], version: KerasVersion | None = None) -> Result:
        """Analyse a project that exists in memory only: contents by path, relative to the project's root."""
        inputs = []
        for path, content in files.items():
            data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
            inputs.append(InputFile(path, path, *module_key(path), data))
        return self.analyze_inputs(inputs, version=version or self.settings.keras_version or KERAS_3)

    def analyze_inputs(
        self, inputs: Sequence[InputFile], *, version: KerasVersion | None = None, partial: bool = False
    ) -> Result:
        """Analyse files that have been read, for `version` unless it is to be detected.

        A `partial` run does not see the whole project.
        """
        started = time.perf_counter()
        files = {item.module: _parse(item) for item in self._counted("Reading", inputs)}
        modules = self._index(inputs, files)
        project = ProjectIndex(modules, lambda module: files[module].source)
        checked = [item for item in inputs if item.checked]
        versions = self._detect(checked, modules, version)
        reports: dict[str, FileReport] = {}
        for item in self._counted("Checking", checked):
            keras = versions[item.path].version
            reports[item.path] = check_file(
                files[item.module], item.module, project, keras, self.rules.values()
            )
        sources = {file.source.path: file.source for file in files.values()}
        last = Filter(
            self.settings,
            self.rules,
            sources,
            project,
            {item.path: item.relative for item in inputs},
            partial=partial,
        )
        diagnostics = last.apply(
            reports,
            self._check_project(reports, versions, project),
            {path: detected.version for path, detected in versions.items()},
            unbroken={item.path for item in checked if not files[item.module].problems},
        )
        return Result(
            diagnostics=diagnostics,
            files=len(checked),
            suppressed=last.suppressed,
            versions=_by_frequency(versions.values()),
            seconds=time.perf_counter() - started,
            sources=sources,
            rules=self.rules,
        )

    def _index(self, inputs: Sequence[InputFile], files: Mapping[str, ParsedFile]) -> dict[str, ModuleIndex]:
        """Phase 1. A file without a tree is left out here, and says why in phase 2."""
        modules = {}
        for item in self._counted("Indexing", inputs):
            file = files[item.module]
            if file.tree is not None:
                modules[item.module] = index_module(
                    file.source, file.tree, item.module, is_package=item.is_package
                )
        return modules

    def _detect(
        self, checked: Sequence[InputFile], modules: Mapping[str, ModuleIndex], version: KerasVersion | None
    ) -> dict[str, DetectedVersion]:
        """The Keras that each file is for, by its path."""
        if version is not None:
            return {item.path: DetectedVersion(version, "as asked for") for item in checked}
        imports: list[str] = []
        for item in checked:
            index = modules.get(item.module)
            imports += index.imports if index is not None else ()
            if isinstance(item.data, bytes) and LEGACY_SWITCH.encode() in item.data:
                imports.append(LEGACY_SWITCH)
        settings = self.settings
        detector = VersionDetector(settings.root, settings.requested_version, settings.keras_version, imports)
        return {item.path: detector.detect_for(Path(item.path)) for item in checked}

    def _check_project(
        self,
        reports: Mapping[str, FileReport],
        versions: Mapping[str, DetectedVersion],
        project: ProjectIndex,
    ) -> tuple[Diagnostic, ...]:
        """The rules on the whole project, once for each version in it, with the facts of its files."""
        found: list[Diagnostic] = []
        for version in dict.fromkeys(detected.version for detected in versions.values()):
            facts = [report.facts for path, report in reports.items() if versions[path].version == version]
            found += check_project(facts, project, version, self.rules.values())
        return tuple(found)

    def _counted(self, what: str, inputs: Sequence[InputFile]) -> Iterable[InputFile]:
        for number, item in enumerate(inputs):
            if self._progress is not None:
                self._progress(what, number, len(inputs))
            yield item


def read_inputs(files: Sequence[DiscoveredFile]) -> list[InputFile]:
    """Read files, and leave out those that have nothing to do with Keras."""
    contents = [(file, *module_key(file.relative), _read_bytes(file.path)) for file in files]
    selection = select_files({key: data for _, key, _, data in contents if isinstance(data, bytes)})
    inputs = []
    for file, key, is_package, data in contents:
        checked = key in selection.check or isinstance(data, str)
        if checked or key in selection.index:
            path = display_path(file.path)
            inputs.append(InputFile(path, file.relative, key, is_package, data, checked))
    return inputs


def _parse(item: InputFile) -> ParsedFile:
    if isinstance(item.data, str):
        return unreadable(item.path, item.data)
    return parse_bytes(item.path, item.data)


def _by_frequency(detected: Iterable[DetectedVersion]) -> tuple[tuple[KerasVersion, str], ...]:
    counts = Counter((item.version, item.reason) for item in detected)
    return tuple(version for version, _ in counts.most_common())


def module_key(relative: str) -> tuple[str, bool]:
    """The key of the module in a file, and whether it is a package's `__init__`.

    `relative` is the path from the project's root. `pkg/mod.py` is `pkg.mod`, `pkg/__init__.py` is `pkg`, and
    `nb.ipynb` is `nb.ipynb`: no two files share a key.
    """
    *folders, name = relative.strip("/").split("/")
    if name == "__init__.py" and folders:
        return ".".join(folders), True
    return ".".join([*folders, name.removesuffix(".py")]), False


def display_path(path: Path) -> str:
    """The path as people want to see it: from the working directory for what lies in it, else absolute."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _read_bytes(path: Path) -> bytes | str:
    """The content of a file, or why there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        return f"cannot read the file: {error.strerror or error}"
