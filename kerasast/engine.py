"""The analysis of a whole project: both phases, the rules, and what is left of their reports at the end.

    result = Analyzer(settings).analyze_paths(["src"])

Phase 1 (`index_module`) sees one file, phase 2 (`check_file`) one file and the index of all. Both are
functions of their arguments alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from kerasast.baseline import Baseline
from kerasast.check_file import PROJECT, Dispatch, FileReport, check_file, check_project
from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic
from kerasast.discovery import Discovery, DiscoveryProblem, discover
from kerasast.filtering import Filter
from kerasast.flow.events import ProjectReady
from kerasast.garbage import rare_collection
from kerasast.index.project import ProjectIndex
from kerasast.offering import Offer
from kerasast.registry import Rule
from kerasast.source import SourceFile
from kerasast.survey import InputFile, Opened, Survey, module_key, read_inputs
from kerasast.version_detection import DetectedVersion
from kerasast.versions import KERAS_3, KerasVersion

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many files are done, and how many there are."""

Only = Callable[[Diagnostic, Mapping[str, SourceFile]], bool]
"""Whether a diagnostic is to be reported, with the files by path."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. `diagnostics` are in the order of path and position.

    `found` is the number of files that were looked at, `files` the number of those that have to do with Keras
    and were checked, `suppressed` how many reports comments have silenced. `versions` are the versions of Keras
    that the verdicts are for with the reasons, the most frequent first. `sources` are the files by path,
    `rules` the rules that ran, `seconds` the time that it took, `problems` the paths that could not be read.
    `fixed` is how many problems were repaired before. `unsafe_fixes` says whether fixes that may change what a program
    does are wanted; `None` if nothing was said about it.
    `silenced` are the reports that comments have silenced, `baselined` those that a baseline knows; `outdated` is how
    much of it is not there any more. `checked` are the paths of the files that were checked, `certain` the rules
    that have reported all there is in them.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    suppressed: int
    versions: tuple[tuple[KerasVersion, str], ...]
    seconds: float
    sources: Mapping[str, SourceFile]
    rules: Mapping[str, Rule]
    found: int
    problems: tuple[DiscoveryProblem, ...] = ()
    fixed: int = 0
    unsafe_fixes: bool | None = None
    silenced: tuple[Diagnostic, ...] = ()
    baselined: tuple[Diagnostic, ...] = ()
    outdated: int = 0
    checked: tuple[str, ...] = ()
    certain: frozenset[str] = frozenset()

    @property
    def failed(self) -> bool:
        """Whether kerasast itself failed on a file."""
        return any(diagnostic.rule == "internal-error" for diagnostic in self.diagnostics)


class Analyzer:
    """Runs one selection of rules on projects.

    Raises:
        UnknownSelector: the settings select what does not exist.
        BaselineError: the baseline cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        rules: Mapping[str, Rule] | None = None,
        progress: Progress | None = None,
        only: Only | None = None,
    ) -> None:
        """`rules` are the rules to run instead of those that the settings select. `only` says what is reported."""
        self.settings = settings
        self.rules = settings.rules() if rules is None else dict(rules)
        self._fixable = settings.fixable_rules()
        self._dispatches: dict[KerasVersion, Dispatch] = {}
        self._progress = progress
        self._only = only
        path = settings.baseline_file
        self._baseline = None if path is None else Baseline.read(path)

    def discover(self, paths: Iterable[str | Path]) -> Discovery:
        """The files that paths mean under the settings, whether they have to do with Keras or not."""
        settings = self.settings
        return discover(
            paths,
            root=settings.root,
            exclude=settings.exclude,
            extend_exclude=settings.extend_exclude,
            respect_gitignore=settings.respect_gitignore,
        )

    def survey(self, discovery: Discovery) -> Survey:
        """Phase 1: read and index files, and the modules of the project that they import."""
        survey = Survey()
        for item in self._counted("Reading", read_inputs(discovery.files)):
            survey.add(item)
        survey.add_companions(self.settings.root)
        return survey

    def analyze_paths(self, paths: Iterable[str | Path]) -> Result:
        """Analyse the files that paths mean.

        Paths in the diagnostics are relative to the working directory where they lie in it.
        """
        started = time.perf_counter()
        opened, problems = self.open_paths(paths)
        return replace(self.check(opened), problems=problems, seconds=time.perf_counter() - started)

    def analyze_source(self, content: str | bytes, path: str) -> Result:
        """Analyse a text as if it were the content of the file at `path`, which need not exist."""
        started = time.perf_counter()
        result = self.check(self.open_source(content, path))
        return replace(result, seconds=time.perf_counter() - started)

    def analyze_files(self, files: Mapping[str, str | bytes], version: KerasVersion | None = None) -> Result:
        """Analyse a project that exists in memory only: contents by path, relative to the project's root."""
        started = time.perf_counter()
        result = self.check(self.open_files(files, version))
        return replace(result, seconds=time.perf_counter() - started)

    @rare_collection()
    def open_paths(self, paths: Iterable[str | Path]) -> tuple[Opened, tuple[DiscoveryProblem, ...]]:
        """Phase 1 of the files that paths mean, and the paths that could not be read."""
        paths = list(paths)
        discovery = self.discover(paths)
        survey = self.survey(discovery)
        root = self.settings.root
        covered = any(Path(path).resolve() in (root, *root.parents) for path in paths)
        opened = Opened(survey, survey.versions(self.settings), not covered, len(discovery.files))
        return opened, discovery.problems

    @rare_collection()
    def open_source(self, content: str | bytes, path: str) -> Opened:
        """Phase 1 of a text that stands for the file at `path`."""
        survey = Survey()
        place = Path(path).absolute()
        root = self.settings.root
        relative = place.relative_to(root).as_posix() if root in place.parents else place.name
        survey.add(InputFile(path, relative, *module_key(relative), _encode(content)))
        survey.add_companions(root)
        return Opened(survey, survey.versions(self.settings), True, 1)

    @rare_collection()
    def open_files(self, files: Mapping[str, str | bytes], version: KerasVersion | None = None) -> Opened:
        """Phase 1 of a project that exists in memory only."""
        survey = Survey()
        for path, content in files.items():
            survey.add(InputFile(path, path, *module_key(path), _encode(content)))
        chosen = DetectedVersion(version or self.settings.keras_version or KERAS_3, "as asked for")
        return Opened(survey, {item.path: chosen for item in survey.checked}, False, len(files))

    @rare_collection()
    def check(self, opened: Opened) -> Result:
        """Phase 2, and what comes after it. A partial project leaves open what others may do with its files."""
        project = opened.survey.project()
        checked = self._counted("Checking", opened.survey.checked)
        return self.conclude(opened, project, dict(self.reports(opened, project, checked)))

    def reports(
        self, opened: Opened, project: ProjectIndex, files: Iterable[InputFile]
    ) -> Iterator[tuple[str, FileReport]]:
        """Phase 2 of some files, by path."""
        for item in files:
            yield item.path, self.report(opened, project, item)

    def report(
        self,
        opened: Opened,
        project: ProjectIndex,
        item: InputFile,
        only: Container[int] | None = None,
    ) -> FileReport:
        """Phase 2 of one file; `only` is as in `check_file`."""
        detected = opened.versions[item.path]
        return check_file(
            opened.survey.files[item.module],
            item.module,
            project,
            self._dispatch(detected.version),
            release_known=detected.release_known,
            only=only,
        )

    def conclude(
        self,
        opened: Opened,
        project: ProjectIndex,
        reports: Mapping[str, FileReport],
        *,
        fixes: bool = True,
    ) -> Result:
        """What comes after phase 2 of every checked file: the rules on the project, filters, the baseline, `fixes`."""
        survey, versions = opened.survey, opened.versions
        checked = survey.checked
        across = self._check_project(reports, versions, project)
        failed = any(item.path == PROJECT for item in across)  # a rule has failed on the project
        sources = {file.source.path: file.source for file in survey.files.values()}
        relative = {item.path: item.relative for item in survey.inputs.values()}
        last = Filter(self.settings, self.rules, sources, project, relative, partial=opened.partial or failed)
        diagnostics = last.apply(
            reports,
            across,
            {path: detected.version for path, detected in versions.items()},
            unbroken={item.path for item in checked if not survey.files[item.module].problems},
        )
        if self._only is not None:
            diagnostics = tuple(item for item in diagnostics if self._only(item, sources))
        certain = self._certain(opened)
        known: tuple[Diagnostic, ...] = ()
        outdated = 0
        if self._baseline is not None:
            split = self._baseline.split(diagnostics, sources)
            diagnostics, known = split.new, split.known
            if self._only is None:
                outdated = self._baseline.outdated(split.left, reports, certain).total()
        offer = Offer(self.rules, sources, project, reports, self._fixable)
        complete = offer.complete(diagnostics) if fixes else map(_without_fix, diagnostics)
        return Result(
            diagnostics=tuple(complete),
            files=len(checked),
            suppressed=len(last.silenced),
            versions=by_frequency(versions.values()),
            seconds=0,
            sources=sources,
            rules=self.rules,
            found=opened.found,
            unsafe_fixes=self.settings.unsafe_fixes,
            baselined=known,
            outdated=outdated,
            certain=certain,
            silenced=tuple(sorted(last.silenced, key=lambda item: item.sort_key)),
            checked=tuple(item.path for item in checked),
        )

    def _dispatch(self, version: KerasVersion) -> Dispatch:
        if version not in self._dispatches:
            self._dispatches[version] = Dispatch(self.rules.values(), version)
        return self._dispatches[version]

    def _certain(self, opened: Opened) -> frozenset[str]:
        """The rules that have reported all there is in the files that were checked."""
        needs_project = {name for name, rule in self.rules.items() if ProjectReady in rule.on}
        return frozenset(self.rules) - (needs_project if opened.partial else frozenset())

    def _check_project(
        self,
        reports: Mapping[str, FileReport],
        versions: Mapping[str, DetectedVersion],
        project: ProjectIndex,
    ) -> tuple[Diagnostic, ...]:
        """The rules on the whole project, once for each version in it, with the facts of its files."""
        found: list[Diagnostic] = []
        for version in dict.fromkeys(detected.version for detected in versions.values()):
            paths = [path for path in reports if versions[path].version == version]
            found += check_project(
                [reports[path].facts for path in paths],
                project,
                self._dispatch(version),
                release_known=all(versions[path].release_known for path in paths),
            )
        return tuple(found)

    def _counted(self, what: str, items: Sequence[_T]) -> Iterator[_T]:
        for number, item in enumerate(items):
            if self._progress is not None:
                self._progress(what, number, len(items))
            yield item


def by_frequency(detected: Iterable[DetectedVersion]) -> tuple[tuple[KerasVersion, str], ...]:
    """Versions with their reasons, the most frequent first."""
    counts = Counter((item.version, item.reason) for item in detected)
    return tuple(version for version, _ in counts.most_common())


def _without_fix(item: Diagnostic) -> Diagnostic:
    return replace(item, make_fix=None)


def _encode(content: str | bytes) -> bytes:
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
