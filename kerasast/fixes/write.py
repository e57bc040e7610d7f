"""Puts new contents into files: all of a group or none, each in one step, and only if nobody has changed it.

A new content is written beside the file and then takes its place, so that no crash, full disk or second process ever
leaves half a file. Permissions are kept; a symbolic link stays one, and the file that it points to is replaced.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Change:
    """A file, what it held when it was analysed, and what it is to hold."""

    path: str
    old: bytes
    new: bytes


class WriteError(Exception):
    """A file that could not be written; nothing of its group has been. `path` names it, the text says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


def write_together(changes: Iterable[Change]) -> None:
    """Write all the files, or none.

    Raises:
        WriteError: one cannot be written; the others are as before.
    """
    wanted = list(changes)
    staged: list[tuple[Change, Path, str]] = []
    replaced: list[tuple[Change, Path]] = []
    try:
        for change in wanted:
            target = _target(change)
            with _told_of(change):
                staged.append((change, target, _stage(target, change.new)))
        for change, target, temporary in staged:
            with _told_of(change):
                os.replace(temporary, target)
            replaced.append((change, target))
    except WriteError:
        for change, target in reversed(replaced):
            with suppress(OSError):  # it has just been written; there is nothing else left to try
                os.replace(_stage(target, change.old), target)
        raise
    finally:
        for _, _, temporary in staged:
            with suppress(OSError):
                os.unlink(temporary)


def _target(change: Change) -> Path:
    """The file to replace: it must still hold what was analysed, and may be written."""
    target = Path(os.path.realpath(change.path))
    with _told_of(change):
        content = target.read_bytes()
    if content != change.old:
        raise WriteError(change.path, "the file has changed while it was analysed; run kerasast again")
    if not os.access(target, os.W_OK) or not target.stat().st_mode & 0o200:
        raise WriteError(change.path, "the file is read-only")
    return target


@contextmanager
def _told_of(change: Change) -> Iterator[None]:
    """Say of which file an error of the operating system is."""
    try:
        yield
    except OSError as error:
        raise WriteError(change.path, f"the file cannot be written: {error.strerror or error}") from error


def _stage(target: Path, content: bytes) -> str:
    """Write a content to a new file beside `target`, with its permissions, and make sure that it is on the disk."""
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".kerasast", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, temporary)
        _copy_owner(target, temporary)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary


def _copy_owner(target: Path, temporary: str) -> None:
    """Let the new file belong to whom the old one does, as far as that is allowed."""
    if not hasattr(os, "chown"):
        return
    status = target.stat()
    with suppress(OSError):
        os.chown(temporary, status.st_uid, status.st_gid)
        shutil.copymode(target, temporary)  # changing the owner may take permissions away
