"""A baseline: what a project knows of and has not repaired yet, so that only new mistakes are reported.

A file in JSON that belongs under version control. It counts reports by path (from its own folder), rule, and the normal
text of the statement (see `kerasast.logical_lines`), so it stays right when statements move.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasast.config import ConfigError
from kerasast.diagnostics import Diagnostic
from kerasast.logical_lines import LogicalLines
from kerasast.source import SourceFile

VERSION = 1
NEVER = frozenset({"internal-error"})
"""Rules whose reports no baseline holds."""

_LONGEST = 160

Key = tuple[str, str, str]
"""Path, rule and statement."""


class BaselineError(ConfigError):
    """A baseline that cannot be read; the text starts with its path."""


@dataclass(frozen=True, slots=True)
class Split:
    """Diagnostics that are new, those that a baseline knows, and what it knows besides."""

    new: tuple[Diagnostic, ...]
    known: tuple[Diagnostic, ...]
    left: Counter[Key]


class Baseline:
    """How often each report is known, by key."""

    def __init__(self, folder: Path, counts: Mapping[Key, int] | None = None) -> None:
        """`folder` is what its paths are relative to."""
        self.folder = folder
        self.counts = Counter(counts or {})

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a file.

        Raises:
            BaselineError: it cannot be read, or is not a baseline.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BaselineError(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise BaselineError(f"{path}: is not JSON: {error}") from error
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise BaselineError(f"{path}: is not a baseline of this version of kerasast")
        try:
            return cls(path.resolve().parent, dict(_entries(document["reports"])))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BaselineError(
                f"{path}: is not a baseline: it is not made as `kerasast baseline` does"
            ) from error

    @classmethod
    def of(
        cls, folder: Path, diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]
    ) -> Baseline:
        """The baseline that knows all of some diagnostics."""
        self = cls(folder.resolve())
        naming = _Naming(self.folder, sources)
        self.counts = Counter(naming.key(item) for item in diagnostics if item.rule not in NEVER)
        return self

    def split(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> Split:
        """The diagnostics that are new, and those that are known. Of equal ones the first are the known ones."""
        naming = _Naming(self.folder, sources)
        left = Counter(self.counts)
        new, known = [], []
        for item in diagnostics:
            key = naming.key(item)
            if item.rule not in NEVER and left[key] > 0:
                left[key] -= 1
                known.append(item)
            else:
                new.append(item)
        return Split(tuple(new), tuple(known), +left)

    def outdated(self, left: Counter[Key], checked: Collection[str], rules: Collection[str]) -> Counter[Key]:
        """What of `left` is certainly not there any more, after a run of `rules` on the files in `checked`."""
        paths = {relative_to(self.folder, path) for path in checked}
        return Counter(
            {
                key: count
                for key, count in left.items()
                if not (self.folder / key[0]).exists() or (key[0] in paths and key[1] in rules)
            }
        )

    def text(self) -> str:
        """What the file holds: sorted, so that changes are easy to read."""
        reports: dict[str, dict[str, dict[str, int]]] = {}
        for (path, rule, statement), count in sorted(self.counts.items()):
            if count > 0:
                reports.setdefault(path, {}).setdefault(rule, {})[statement] = count
        return json.dumps({"version": VERSION, "reports": reports}, indent=2) + "\n"

    @property
    def total(self) -> int:
        """How many reports it knows."""
        return sum(count for count in self.counts.values() if count > 0)


class _Naming:
    """Gives diagnostics their keys."""

    def __init__(self, folder: Path, sources: Mapping[str, SourceFile]) -> None:
        self._folder = folder
        self._sources = sources
        self._lines: dict[str, LogicalLines] = {}

    def key(self, item: Diagnostic) -> Key:
        return relative_to(self._folder, item.path), item.rule, self._statement(item)

    def _statement(self, item: Diagnostic) -> str:
        source = self._sources.get(item.path)
        if source is None:
            return ""
        if item.path not in self._lines:
            self._lines[item.path] = LogicalLines(source)
        text = self._lines[item.path].text_at(item.span.start)
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        if len(text) <= _LONGEST:
            return text
        return f"{text[:_LONGEST]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def relative_to(folder: Path, path: str) -> str:
    """A path from a folder, with forward slashes."""
    relative = os.path.relpath(os.path.realpath(path), folder).replace(os.sep, "/")
    return relative.encode("utf-8", "backslashreplace").decode("utf-8")


def _entries(reports: Any) -> Iterable[tuple[Key, int]]:
    for path, rules in reports.items():
        for rule, statements in rules.items():
            for statement, count in statements.items():
                if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                    raise ValueError(count)
                yield (path, rule, statement), count
