"""Which files are analysed: those named, and those found in the folders named, less what is excluded.

Patterns are those of `.gitignore`: `build` matches at any depth, `docs/conf.py` and `/conf.py` from the
root only, and `folder/` only folders. What is excluded is not looked into.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from kerasast.prefilter import mentions_keras

__all__ = [
    "DEFAULT_EXCLUDE",
    "DiscoveredFile",
    "Discovery",
    "DiscoveryProblem",
    "discover",
    "mentions_keras",
]

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
"""What is excluded unless `exclude` says otherwise: ruff's defaults, and `__pycache__`."""

SUFFIXES = frozenset({".py", ".ipynb"})

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class DiscoveredFile:
    """A file to analyse.

    `path` is absolute. `relative` is the path from the root with forward slashes, absolute for a file
    elsewhere. `explicit` is true for a file that was itself named.
    """

    path: Path
    relative: str
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class DiscoveryProblem:
    """A path that could not be looked at, and why."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files, each once and in the order of their `relative` paths, and the problems, in order."""

    files: tuple[DiscoveredFile, ...] = ()
    problems: tuple[DiscoveryProblem, ...] = ()


def discover(
    paths: Iterable[str | Path],
    *,
    root: Path,
    exclude: Sequence[str] | None = None,
    extend_exclude: Sequence[str] = (),
    respect_gitignore: bool = True,
    force_exclude: bool = False,
) -> Discovery:
    """Find the `.py` and `.ipynb` files that `paths` mean, relative ones from the working directory.

    A file named in `paths` is taken whatever the exclusions say, unless `force_exclude`; so is a folder,
    but what lies in it is subject to them. A path that does not exist and has `*`, `?` or `[` in it is
    expanded as a glob (`**` for folders at any depth); what it matches is treated as if found in a folder.
    Folders that are symbolic links are not followed, nor are virtual environments (folders with a
    `pyvenv.cfg`) entered.

    Args:
        paths: files, folders, globs.
        root: the folder that patterns are relative to.
        exclude: patterns that replace `DEFAULT_EXCLUDE`.
        extend_exclude: patterns besides those.
        respect_gitignore: leave out what `.gitignore` files and `.git/info/exclude` do.
        force_exclude: exclude named files too.
    """
    patterns = [*(DEFAULT_EXCLUDE if exclude is None else exclude), *extend_exclude]
    root = Path(os.path.abspath(root))
    search = _Search(root, _Patterns.of(str(root), patterns), respect_gitignore, force_exclude)
    for path in paths:
        search.add(str(path))
    return search.result()


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Patterns, and the folder that they are relative to (absolute, forward slashes, one at its end)."""

    base: str
    spec: GitIgnoreSpec

    @classmethod
    def of(cls, folder: str, lines: Iterable[str]) -> _Patterns:
        return cls(_posix(folder).rstrip("/") + "/", GitIgnoreSpec.from_lines(lines))

    def verdict(self, path: str) -> bool | None:
        """Whether a path is excluded, a folder's with a slash at its end; `None` where no pattern matches."""
        if not path.startswith(self.base) or path == self.base:
            return None
        return self.spec.check_file(path[len(self.base) :]).include

    def sparing(self, folder: str) -> _Patterns:
        """These patterns without those that exclude `folder`."""
        if not self.verdict(folder):
            return self
        relative = folder[len(self.base) :]
        kept = [item for item in self.spec.patterns if not (item.include and item.match_file(relative))]
        return _Patterns(self.base, GitIgnoreSpec(kept))


@dataclass(frozen=True, slots=True)
class _Filter:
    """What is excluded in a folder: by settings, and by `.gitignore` files, of which the innermost wins."""

    settings: _Patterns
    ignores: tuple[_Patterns, ...] = ()

    def excludes(self, path: str, is_folder: bool) -> bool:
        path = _posix(path) + ("/" if is_folder else "")
        if self.settings.verdict(path):
            return True
        return next(
            (bool(verdict) for rule in reversed(self.ignores) if (verdict := rule.verdict(path)) is not None),
            False,
        )

    def sparing(self, folder: str) -> _Filter:
        """The same for the content of a folder that is looked into although it may itself be excluded."""
        folder = _posix(folder) + "/"
        return _Filter(self.settings.sparing(folder), tuple(rule.sparing(folder) for rule in self.ignores))

    def inside(self, folder: str) -> _Filter:
        """The same with the folder's own `.gitignore`."""
        more = _ignore_file(folder, Path(folder, ".gitignore"))
        return self if more is None else _Filter(self.settings, (*self.ignores, more))


def _ignore_file(folder: str, path: Path) -> _Patterns | None:
    """The patterns of an ignore file; `None` if it cannot be read or understood (git goes on, too)."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        return _Patterns.of(folder, text.splitlines())
    except (OSError, ValueError):  # GitIgnorePatternError is a ValueError
        return None


def _why_not(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "no such file or folder"
    return error.strerror or str(error) if isinstance(error, OSError) else "is not a path"


def _posix(path: str) -> str:
    return path.replace(os.sep, "/") if os.sep != "/" else path


@dataclass(slots=True)
class _Search:
    """One run of `discover`."""

    root: Path
    settings: _Patterns
    respect_gitignore: bool
    force_exclude: bool
    files: dict[str, DiscoveredFile] = field(default_factory=dict)
    problems: dict[str, DiscoveryProblem] = field(default_factory=dict)
    filters: dict[tuple[Path, Path], _Filter | None] = field(default_factory=dict)

    def result(self) -> Discovery:
        files = sorted(self.files.values(), key=lambda file: PurePosixPath(file.relative).parts)
        return Discovery(tuple(files), tuple(self.problems[path] for path in sorted(self.problems)))

    def add(self, argument: str) -> None:
        """Take in one argument."""
        path = Path(os.path.abspath(argument))
        try:
            path.stat()
        except (OSError, ValueError) as error:
            if _GLOB.isdisjoint(argument) or not self._add_glob(argument):
                self._problem(argument, _why_not(error))
            return
        if not (self.force_exclude and self._is_excluded(path)):
            self._add_named(argument, path)

    def _add_named(self, argument: str, path: Path) -> None:
        if path.is_dir():
            self._walk(path)
        elif path.suffix in SUFFIXES or not path.suffix:
            self._take(path, explicit=True)
        else:
            self._problem(argument, "is neither a .py nor an .ipynb file")

    def _add_glob(self, pattern: str) -> bool:
        """Take in what a glob matches; false if that is nothing."""
        matches = [Path(os.path.abspath(match)) for match in glob.iglob(pattern, recursive=True)]
        for path in matches:
            if self._is_excluded(path):
                continue
            if path.is_dir():
                self._walk(path)
            elif path.suffix in SUFFIXES and path.is_file():
                self._take(path)
        return bool(matches)

    def _is_excluded(self, path: Path) -> bool:
        """Whether a path, or a folder above it in the project, is excluded."""
        rules = self._filter_found(path.parent, self._top(path))
        return rules is None or rules.excludes(str(path), path.is_dir())

    def _filter_found(self, folder: Path, top: Path) -> _Filter | None:
        """The filter for the content of a folder; `None` if the folder itself, or one above it, is excluded."""
        if (folder, top) not in self.filters:
            if folder == top:
                return self.filters.setdefault((folder, top), self._filter(top))
            rules = self._filter_found(folder.parent, top)
            if rules is not None and rules.excludes(str(folder), True):
                rules = None
            elif rules is not None and self.respect_gitignore:
                rules = rules.inside(str(folder))
            self.filters[folder, top] = rules
        return self.filters[folder, top]

    def _top(self, path: Path) -> Path:
        """Where ignore files start to apply to a path: its repository, else the root, else its own folder."""
        for folder in path.parents:
            if (folder / ".git").exists():
                return folder
        return self.root if self.root in path.parents else path.parent

    def _filter(self, top: Path) -> _Filter:
        rules = _Filter(self.settings)
        if self.respect_gitignore:
            shared = _ignore_file(str(top), top / ".git" / "info" / "exclude")
            rules = _Filter(self.settings, () if shared is None else (shared,)).inside(str(top))
        return rules

    def _filter_within(self, folder: Path) -> _Filter:
        """The filter for the content of a folder that was named."""
        top = folder if (folder / ".git").exists() else self._top(folder)
        rules = self._filter(top)
        inner = top
        for part in folder.relative_to(top).parts:
            inner = inner / part
            rules = rules.sparing(str(inner))
            if self.respect_gitignore:
                rules = rules.inside(str(inner))
        return rules

    def _walk(self, top: Path) -> None:
        """Take in the files under a folder."""
        pending = [(str(top), self._filter_within(top))]
        while pending:
            folder, rules = pending.pop()
            entries = self._entries(folder)
            names = {entry.name for entry in entries}
            if folder != str(top):
                if "pyvenv.cfg" in names:
                    continue
                if self.respect_gitignore and ".gitignore" in names:
                    rules = rules.inside(folder)
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not rules.excludes(entry.path, True):
                        pending.append((entry.path, rules))
                elif self._is_source(entry) and not rules.excludes(entry.path, False):
                    self._take(Path(entry.path))

    def _is_source(self, entry: os.DirEntry[str]) -> bool:
        return os.path.splitext(entry.name)[1] in SUFFIXES and entry.is_file()

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._problem(folder, _why_not(error))
            return []

    def _take(self, path: Path, *, explicit: bool = False) -> None:
        """Keep a file by its real path, so that one which is reached twice is listed once."""
        real = os.path.realpath(path)
        known = self.files.get(real)
        if known is None or (explicit and not known.explicit):
            self.files[real] = DiscoveredFile(path, self._relative(path), explicit)

    def _relative(self, path: Path) -> str:
        return (path.relative_to(self.root) if self.root in path.parents else path).as_posix()

    def _problem(self, path: str, message: str) -> None:
        self.problems.setdefault(path, DiscoveryProblem(path, message))
