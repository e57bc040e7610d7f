"""What git knows of the files: the repository, its revision, and the lines changed since another one.

It is asked as a program. Nothing that a repository configures is run: no hooks, no external diff, no filters of text.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_TIMEOUT = 60
_HUNK = re.compile(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class GitError(Exception):
    """Git cannot say what it is asked; the text says why, as a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree. `url` is that of the remote called origin, without a password; `revision` a full commit hash."""

    root: Path
    url: str | None = None
    revision: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from a revision: ranges of 1-based lines, ends included, by real path; `whole` files are new."""

    root: Path
    lines: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether any of the lines from `first` to `last` of a file is new or has changed."""
        real = os.path.realpath(path)
        if real in self.whole:
            return True
        return any(start <= last and first <= end for start, end in self.lines.get(real, ()))


def find_repository(folder: Path) -> Repository | None:
    """The work tree that holds a folder; `None` if there is none, or no git."""
    try:
        root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    except GitError:
        return None
    url = _maybe(folder, "config", "--get", "remote.origin.url")
    branch = _maybe(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    revision = _maybe(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    return Repository(root, None if url is None else public_url(url), revision, branch)


def public_url(url: str) -> str | None:
    """The address of a remote as a URL without user and password; `None` for a folder of this machine."""
    scp = _SCP.fullmatch(url) if "://" not in url else None
    if scp is not None and len(scp[1]) > 1:  # not the letter of a drive
        return f"ssh://{scp[1]}/{scp[2]}"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "ssh", "git") or not host:
        return None
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def changes_since(folder: Path, revision: str) -> Changes:
    """What the work tree that holds a folder has changed since it left a revision. Untracked files are new.

    Raises:
        GitError: there is no git, the folder is in no work tree, or there is no such revision.
    """
    root = os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n"))
    top = Path(root)
    try:
        commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitError as error:
        raise GitError(
            f"there is no revision {revision!r} in {root}; a shallow clone has only the newest ones "
            "(with actions/checkout: `fetch-depth: 0`)"
        ) from error
    base = commit.decode().strip()
    shared = _maybe(top, "merge-base", base, "HEAD")
    diff = _git(
        top,
        "diff",
        "--unified=0",
        "--inter-hunk-context=0",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--find-renames",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "--ignore-submodules",
        shared or base,
        "--",
    )
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
    lines = {os.path.realpath(os.path.join(root, path)): spans for path, spans in _read_diff(diff).items()}
    new = frozenset(os.path.realpath(os.path.join(root, os.fsdecode(path))) for path in untracked if path)
    return Changes(Path(os.path.realpath(root)), lines, new)


def _read_diff(diff: bytes) -> dict[str, list[tuple[int, int]]]:
    """The lines that a diff without context adds, by path."""
    found: dict[str, list[tuple[int, int]]] = {}
    spans: list[tuple[int, int]] = []
    left = 0
    for line in diff.split(b"\n"):
        if left and line[:1] in (b"+", b"-", b"\\"):  # not a header, whatever it looks like
            left -= line[:1] != b"\\"
        elif line.startswith(b"+++ "):
            spans = []
            path = _unquote(line[4:])
            if path is not None:
                found[path] = spans
        elif match := _HUNK.match(line):
            first, count = int(match[1]), int(match[2] or 1)
            left = count + _removed(line)
            if count:
                spans.append((first, first + count - 1))
    return found


def _removed(header: bytes) -> int:
    """How many lines a hunk takes away."""
    _, _, count = header.split(b" ")[1].partition(b",")
    return int(count) if count else 1


def _unquote(name: bytes) -> str | None:
    """The path in a header such as `+++ b/a.py`; `None` for a file that is gone."""
    name = name.rstrip(b"\t\r")
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescape, name[1:-1])
    return os.fsdecode(name.removeprefix(b"b/"))


def _unescape(match: re.Match[bytes]) -> bytes:
    text = match[1]
    return bytes([int(text, 8)]) if len(text) == 3 else _LETTERS.get(text, text)


def _maybe(folder: Path, *arguments: str) -> str | None:
    """What git prints; `None` if it fails or prints nothing."""
    try:
        return os.fsdecode(_git(folder, *arguments)).strip() or None
    except GitError:
        return None


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git cannot be run: {error}") from error
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip().splitlines()
        text = said[0].removeprefix("fatal: ") if said else f"git ended with {error.returncode}"
        raise GitError(text) from error
    return run.stdout
