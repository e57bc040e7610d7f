"""Which Keras a project is for: what was asked for, what its files and imports say, or else the newest."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from kerasast.dependency_files import KERAS, LEGACY_KERAS, Dependency, DependencyFile, read_dependency_files
from kerasast.telling_imports import LEGACY_SWITCH, ImportEvidence, weigh_imports
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion


@dataclass(frozen=True, slots=True)
class DetectedVersion:
    """The Keras that code is for, and why: a clause such as `from requirements.txt: tensorflow==2.4.1`.

    `release_known` is false where all that is known is that it is some release of Keras 2.
    """

    version: KerasVersion
    reason: str
    release_known: bool = field(default=True, compare=False)


def detect(
    root: Path,
    requested: KerasVersion | None,
    configured: KerasVersion | None,
    imports: Iterable[str] = (),
) -> DetectedVersion:
    """The Keras that the project at `root` is for.

    `requested` was asked for on the command line, `configured` in the configuration. `imports` are the absolute
    names that the project's files import, once for each file; `TF_USE_LEGACY_KERAS` may stand among them for
    a file that mentions that environment variable.
    """
    return VersionDetector(root, requested, configured, imports).detect()


class VersionDetector:
    """Detects the Keras of a project and of each of its files; each folder's files are read once."""

    def __init__(
        self,
        root: Path,
        requested: KerasVersion | None = None,
        configured: KerasVersion | None = None,
        imports: Iterable[str] = (),
        notebooks: Mapping[Path, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        """The parameters are those of `detect`. `notebooks` are the names that each notebook imports.

        They are programs of their own, and a folder of them may be older than the one beside it: what a notebook
        imports, or else what those in its folder import, tells more than what the project imports.
        """
        self._root = root.resolve()
        self._fixed = _fixed(requested, configured)
        self._imports = weigh_imports(imports) if self._fixed is None else None
        self._notebooks = notebooks if self._fixed is None else {}
        self._folders: dict[Path, list[str]] = {}
        for path, names in self._notebooks.items():
            self._folders.setdefault(path.resolve().parent, []).extend(names)
        self._findings: dict[Path, tuple[_Finding, ...]] = {}
        self._detected: dict[Path, DetectedVersion] = {}

    def detect(self) -> DetectedVersion:
        """The Keras of the project as a whole."""
        return self._detect_in(self._root)

    def detect_for(self, path: Path) -> DetectedVersion:
        """The Keras of one file: where several projects share a repository, the nearest file upward decides."""
        names = self._notebooks.get(path)
        path = path.resolve()
        return self._detect_in(path.parent) if names is None else self._of_notebook(path, names)

    def _of_notebook(self, path: Path, names: Sequence[str]) -> DetectedVersion:
        general = self._detect_in(path.parent)
        own, beside = weigh_imports(names), weigh_imports(self._folders[path.parent])
        told = next((item for item in (own, beside) if item is not None and not item.is_weak), None)
        if told is None or told.generation == general.version.major:
            return general
        if beside is not None and beside.generation == told.generation and path.parent != self._root:
            return self._decide(path.parent, beside, path.parent)
        return self._decide(path.parent, told, path)

    def _detect_in(self, folder: Path) -> DetectedVersion:
        if self._fixed is not None:
            return self._fixed
        if folder not in self._detected:
            self._detected[folder] = self._decide(folder, self._imports)
        return self._detected[folder]

    def _decide(
        self, folder: Path, imports: ImportEvidence | None, where: Path | None = None
    ) -> DetectedVersion:
        """The Keras of a folder's files, whose imports tell `imports`; `where` they do, if not in the whole project."""
        findings = [finding for parent in _upwards(folder, self._root) for finding in self._look(parent)]
        decided = next((finding for finding in findings if finding.decisive), None)
        if decided is not None and not (imports and _overrule(imports, decided)):
            return DetectedVersion(decided.version, f"from {self._shown(decided)}: {decided.text}")
        if imports is not None:
            place = f" in {self._relative(where)}" if where is not None else ""
            version = KERAS_2 if imports.generation == 2 else KERAS_3
            known = imports.generation == 3 or imports.legacy
            return DetectedVersion(version, f"from imports{place}: {imports}", release_known=known)
        if findings:
            path = self._shown(findings[0])
            return DetectedVersion(findings[0].version, f"the newest that {path} admits: {findings[0].text}")
        return DetectedVersion(KERAS_3, "the newest; nothing in the project says")

    def _shown(self, finding: _Finding) -> str:
        return self._relative(finding.path)

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._root)).as_posix()

    def _look(self, folder: Path) -> tuple[_Finding, ...]:
        if folder not in self._findings:
            self._findings[folder] = tuple(_look(folder))
        return self._findings[folder]


def _fixed(requested: KerasVersion | None, configured: KerasVersion | None) -> DetectedVersion | None:
    if requested is not None:
        return DetectedVersion(requested, "as --keras-version says")
    if configured is not None:
        return DetectedVersion(configured, "as the configuration says")
    return None


_REPOSITORY_MARKS = (".git", ".hg", ".svn")


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    """A folder and its parents up to the top of the repository, or up to `root` where there is none."""
    parents = [folder, *folder.parents]
    for position, parent in enumerate(parents):
        if any((parent / mark).exists() for mark in _REPOSITORY_MARKS):
            return iter(parents[: position + 1])
    return iter(parents[: parents.index(root) + 1] if root in parents else [folder])


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a file says: `source` is the distribution that it says it of (`keras`, `tensorflow`, `tf-keras`).

    It is `decisive` if it admits one generation of Keras only; else `version` is the newest that it admits.
    """

    path: Path
    text: str
    version: KerasVersion
    decisive: bool
    source: str


def _overrule(imports: ImportEvidence, finding: _Finding) -> bool:
    """Whether the code says otherwise about which of two installed Keras it uses.

    TensorFlow 2.16 and later bring Keras 3, and `tf-keras` may be installed beside it, often for other packages.
    """
    if finding.source == "tensorflow":
        return finding.version.major >= 3 and imports.legacy
    return finding.source == "tf-keras" and imports.generation == 3


def _look(folder: Path) -> list[_Finding]:
    """What the files of a folder say, the weightiest first."""
    files = read_dependency_files(folder)
    found = [finding for file in files for finding in [_read(file)] if finding is not None]
    switches = list(_legacy_switches(folder))
    if switches or any(finding.source == "tf-keras" for finding in found):
        # They tell that the Keras 3 which TensorFlow brings is not the one to be used.
        found = [item for item in found if item.source != "tensorflow" or item.version.major < 3]
    return [*switches, *found]


_SWITCH_FILES = (".env", "Dockerfile", "docker-compose.yml", "environment.yml", "environment.yaml")
_SWITCH = re.compile(rf"^[^#\n]*\b{LEGACY_SWITCH}[\"']?\s*[=:\s]\s*[\"']?(1|[Tt]rue)\b", re.MULTILINE)


def _legacy_switches(folder: Path) -> Iterator[_Finding]:
    """Files that set the environment variable which makes `tf.keras` Keras 2."""
    for name in _SWITCH_FILES:
        path = folder / name
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if _SWITCH.search(text):
            yield _Finding(path, f"{LEGACY_SWITCH}=1", KERAS_2, True, "tf-keras")


def _read(file: DependencyFile) -> _Finding | None:
    """What one file says of Keras: the most specific of its requirements, the newest of several alternatives."""
    keras = [item for item in file.dependencies if item.name in KERAS]
    legacy = [item for item in file.dependencies if item.name in LEGACY_KERAS]
    tensorflow = [item for item in file.dependencies if item not in keras and item not in legacy]
    brought = [_admitted(item, _keras_of_tensorflow) for item in tensorflow]
    # A lock file lists the Keras 3 that TensorFlow brings, and the tf-keras that some package wants.
    source = "tensorflow" if file.lock and tensorflow else "keras"
    named = [_admitted(item, _keras_itself) for item in keras]
    for candidates, origin in ((named, source), (brought, "tensorflow")):
        if origin == "tensorflow" and legacy and not file.lock:
            return _Finding(file.path, str(legacy[0]), KERAS_2, True, "tf-keras")
        decisive = [item for item in candidates if item is not None and item.decisive]
        if decisive:
            return max(decisive, key=lambda item: item.version).finding(file.path, origin)
    open_ranges = [item for item in (*named, *brought) if item is not None and item.dependency.specifier]
    return open_ranges[0].finding(file.path, source) if open_ranges else None


@dataclass(frozen=True, slots=True)
class _Admitted:
    """The newest Keras that a requirement admits, and whether it admits no other generation."""

    dependency: Dependency
    version: KerasVersion
    decisive: bool

    def finding(self, path: Path, source: str) -> _Finding:
        return _Finding(path, str(self.dependency), self.version, self.decisive, source)


def _admitted(dependency: Dependency, keras_of: Callable[[Version], KerasVersion]) -> _Admitted | None:
    """What a requirement admits; `None` if no release that there is or may be satisfies it."""
    releases = _releases(dependency.specifier)
    if not releases:
        return None
    versions = [keras_of(release) for release in releases]
    newest = max(versions)
    if newest > KERAS_3 and KERAS_3 in versions:  # Nothing is known of releases after the measured one.
        newest = KERAS_3
    return _Admitted(dependency, newest, all(version.major == newest.major for version in versions))


_PAST = [Version(f"{major}.{minor}.{patch}") for major in (0, 1) for minor in range(16) for patch in range(6)]
_PRESENT = [
    Version(f"{major}.{minor}.{patch}") for major in (2, 3) for minor in range(41) for patch in range(10)
]


@lru_cache(maxsize=1024)
def _releases(specifier: SpecifierSet) -> list[Version]:
    """Versions that satisfy a specifier, out of all that a release of Keras or TensorFlow had or may have."""
    named = []
    for clause in specifier:
        try:
            named.append(Version(clause.version.removesuffix(".*")))
        except InvalidVersion:
            continue
    return [
        version for version in (*_PAST, *_PRESENT, *named) if specifier.contains(version, prereleases=True)
    ]


def _keras_itself(release: Version) -> KerasVersion:
    """Keras 1 is taken for the oldest Keras 2, whose models are of the same kind."""
    if release.major == 2:
        return KerasVersion(2, min(release.minor, KERAS_2.minor))
    return KerasVersion(release.major, release.minor) if release.major > 2 else KerasVersion(2, 0)


_OLD_TENSORFLOW = {4: 4, 3: 4, 2: 3}
"""The minor of Keras 2 in TensorFlow 2.x, by `tf.keras.__version__`; 2.2 in all before these, its own after."""


def _keras_of_tensorflow(release: Version) -> KerasVersion:
    """The Keras that a TensorFlow brings as `tf.keras`: 2.15 brings Keras 2.15, 2.16 and later bring Keras 3."""
    if release.major > 2 or (release.major == 2 and release.minor > KERAS_2.minor):
        return KERAS_3
    if release.major == 2 and release.minor > 4:
        return KerasVersion(2, release.minor)
    return KerasVersion(2, _OLD_TENSORFLOW.get(release.minor, 2) if release.major == 2 else 2)
