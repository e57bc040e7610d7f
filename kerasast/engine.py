"""The analysis of a whole project: both phases, the rules, and what is left of their reports at the end.

    result = Analyzer(settings).analyze_paths(["src"])

Phase 1 (`index_module`) sees one file, phase 2 (`check_file`) one file and the index of all. Both are functions
of their arguments alone.
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
from kerasast.versions import KERAS_3, KerasVersion

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many files are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to analyse. `path` is what diagnostics show, `relative` the path from the project's root.

    `module` is its key in the project. `data` is its content, or the text that says why there is none.
    `version` is the Keras that it is for, and `reason` why. A file that is not `checked` is only indexed, for
    the sake of those that import it.
    """

    path: str
    relative: str
    module: str
    data: bytes | str
    version: KerasVersion
    reason: str
    is_package: bool = False
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

    def analyze_files(self, files: Mapping[str, str | bytes], version: KerasVersion | None = None) -> Result:
        """Analyse a project that exists in memory only: contents by path, relative to the project's root."""
        chosen = version or self.settings.keras_version or KERAS_3
        inputs = []
        for path, content in files.items():
            module, is_package = module_key(path)
            data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
            inputs.append(InputFile(path, path, module, data, chosen, "as asked for", is_package))
        return self.analyze_inputs(inputs)

    def analyze_paths(self, paths: Iterable[str | Path]) -> Result:
        """Analyse the files that paths mean, and index the project modules that these need.

        Paths in the diagnostics are relative to the working directory where they lie in it.
        """
        found = discover(
            paths,
            root=self.settings.root,
            exclude=self.settings.exclude,
            extend_exclude=self.settings.extend_exclude,
            respect_gitignore=self.settings.respect_gitignore,
        )
        return replace(self.analyze_inputs(self._read(found.files)), problems=found.problems)

    def analyze_source(self, text: str, path: str) -> Result:
        """Analyse one text as if it were the content of the file at `path`."""
        return self.analyze_files({path: text})

    def _read(self, files: Sequence[DiscoveredFile]) -> list[InputFile]:
        """Read files, and decide which of them are to be checked, and for which Keras."""
        contents = {module_key(file.relative): (file, _read_bytes(file.path)) for file in files}
        data = {key: content for (key, _), (_, content) in contents.items() if isinstance(content, bytes)}
        selection = select_files(data)
        inputs = []
        for (key, is_package), (file, content) in contents.items():
            checked = key in selection.check or file.explicit or isinstance(content, str)
            if checked or key in selection.index:
                version, reason = self._version(file, content)
                inputs.append(
                    InputFile(
                        display_path(file.path),
                        file.relative,
                        key,
                        content,
                        version,
                        reason,
                        is_package,
                        checked,
                    )
                )
        return inputs

    def _version(self, file: DiscoveredFile, content: bytes | str) -> tuple[KerasVersion, str]:
        if self.settings.keras_version is not None:
            return self.settings.keras_version, "as asked for"
        return KERAS_3, "the newest; nothing in the project says"

    def analyze_inputs(self, inputs: Sequence[InputFile], *, partial: bool = False) -> Result:
        """Analyse files that have been read. A `partial` run does not see the whole project."""
        started = time.perf_counter()
        files = {item.module: self._parse(item) for item in self._counted("Reading", inputs)}
        project = self._index(inputs, files)
        checked = [item for item in inputs if item.checked]
        reports: dict[str, FileReport] = {}
        for item in self._counted("Checking", checked):
            file = files[item.module]
            reports[item.path] = check_file(file, item.module, project, item.version, self.rules.values())
        across = self._check_project(checked, reports, project)
        sources = {file.source.path: file.source for file in files.values()}
        unbroken = {item.path for item in checked if not files[item.module].problems}
        relative = {item.path: item.relative for item in inputs}
        last = Filter(self.settings, self.rules, sources, project, relative, partial=partial)
        versions = Counter((item.version, item.reason) for item in checked or inputs)
        return Result(
            diagnostics=last.apply(reports, across, {item.path: item.version for item in checked}, unbroken),
            files=len(checked),
            suppressed=last.suppressed,
            versions=tuple(version for version, _ in versions.most_common()),
            seconds=time.perf_counter() - started,
            sources=sources,
            rules=self.rules,
        )

    def _parse(self, item: InputFile) -> ParsedFile:
        if isinstance(item.data, str):
            return unreadable(item.path, item.data)
        return parse_bytes(item.path, item.data)

    def _index(self, inputs: Sequence[InputFile], files: Mapping[str, ParsedFile]) -> ProjectIndex:
        """Phase 1. A file that cannot be indexed is left out here, and says so itself in phase 2."""
        modules: dict[str, ModuleIndex] = {}
        for item in self._counted("Indexing", inputs):
            file = files[item.module]
            if file.tree is not None:
                modules[item.module] = index_module(
                    file.source, file.tree, item.module, is_package=item.is_package
                )
        return ProjectIndex(modules, lambda module: files[module].source)

    def _check_project(
        self, checked: Sequence[InputFile], reports: Mapping[str, FileReport], project: ProjectIndex
    ) -> tuple[Diagnostic, ...]:
        """The rules on the whole project, once for each version in it, with the facts of its files."""
        found: list[Diagnostic] = []
        for version in dict.fromkeys(item.version for item in checked):
            facts = [reports[item.path].facts for item in checked if item.version == version]
            found += check_project(facts, project, version, self.rules.values())
        return tuple(found)

    def _counted(self, what: str, inputs: Sequence[InputFile]) -> Iterable[InputFile]:
        for number, item in enumerate(inputs):
            if self._progress is not None:
                self._progress(what, number, len(inputs))
            yield item


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
