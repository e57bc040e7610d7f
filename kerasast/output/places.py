"""Where things are in the files as they are stored: what services show that know nothing of notebooks' cells.

A notebook is a JSON file for them, so its regions are those of the JSON. Paths are relative to the root of the
repository, or to the working directory where there is none.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kerasast.diagnostics import Diagnostic, Span
from kerasast.line_hashes import LineHashes
from kerasast.logical_lines import LogicalLines
from kerasast.output.report import NO_LOCATION, location
from kerasast.source import Cell, SourceError, SourceFile, source_from_bytes

if TYPE_CHECKING:
    from kerasast.notebook_json import JsonNode


@dataclass(frozen=True, slots=True)
class Region:
    """Where something starts and ends in a file: rows and columns from 1, the end column one past the end."""

    start_row: int
    start_column: int
    end_row: int
    end_column: int


class Places:
    """The places in files by path. `root` is what paths are relative to."""

    def __init__(self, sources: Mapping[str, SourceFile], root: Path | None = None) -> None:
        self.root = root
        self.sources = sources
        self._files: dict[str, _StoredFile | None] = {}
        self._statements: dict[str, LogicalLines] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def path(self, path: str) -> str:
        """A path from the root with forward slashes; absolute for a file that is elsewhere."""
        if self.root is not None:
            relative = os.path.relpath(os.path.realpath(path), self.root)
            path = os.path.abspath(path) if relative.split(os.sep)[0] == os.pardir else relative
        return path.replace(os.sep, "/")

    def region(self, path: str, span: Span) -> Region:
        """The region of a span; the start of a file that is not among them."""
        source = self.sources.get(path)
        if source is None:
            return Region(1, 1, 1, 1)
        stored = self._stored(source)
        if stored is None:
            start, end = location(source, span.start), location(source, span.end)
            return Region(start.row, start.column, end.row, end.column)
        return Region(*stored.position(span.start), *stored.position(span.end, end=True))

    def shown(self, path: str, offset: int) -> tuple[int | None, int]:
        """The number of the notebook's cell that holds an offset, if any, and the row in the cell or file."""
        source = self.sources.get(path)
        place = NO_LOCATION if source is None else location(source, offset)
        return place.cell, place.row

    def story(self, item: Diagnostic) -> Iterator[str]:
        """The help and the steps of a diagnostic, one a line."""
        if item.help:
            yield f"help: {item.help}"
        for number, step in enumerate(item.steps, 1):
            yield f"({number}) {self.spot(step.path, step.span.start)}: {step.message}"

    def spot(self, path: str, offset: int) -> str:
        """`a.py:3`, `a.ipynb:cell 2:3`."""
        cell, row = self.shown(path, offset)
        return f"{self.path(path)}:{'' if cell is None else f'cell {cell}:'}{row}"

    def is_exact(self, path: str) -> bool:
        """Whether regions are those of the stored file: not of a notebook that is not there, or has changed."""
        source = self.sources.get(path)
        return source is not None and (not source.is_notebook or self._stored(source) is not None)

    def inserted(self, path: str, text: str) -> str:
        """A text as it must be written into the stored file."""
        source = self.sources.get(path)
        stored = None if source is None else self._stored(source)
        return text if stored is None else stored.escaped(text)

    def statement(self, path: str, offset: int) -> str:
        """The normal text of the statement at an offset; empty for a file that is not among them."""
        source = self.sources.get(path)
        if source is None:
            return ""
        if path not in self._statements:
            self._statements[path] = LogicalLines(source)
        return self._statements[path].text_at(offset)

    def fingerprint(self, item: Diagnostic) -> str:
        """Names a diagnostic by its rule, its statement, and its number among those that have both in common.

        It stays the same when the statement moves or is wrapped, and when anything else changes. To be asked for once.
        """
        key = (item.path, item.rule, self.statement(item.path, item.span.start))
        self._counts[key] += 1
        digest = hashlib.sha256("\0".join(key[1:]).encode("utf-8", "surrogatepass"))
        return f"{digest.hexdigest()[:16]}:{self._counts[key]}"

    def line_hash(self, path: str, row: int) -> str | None:
        """GitHub's hash of a row; `None` where it would not be that of the stored file."""
        source = self.sources.get(path)
        if source is None or not self.is_exact(path):
            return None
        stored = self._stored(source)
        if stored is None and source.encoding not in ("utf-8", "ascii"):
            return None
        hashes = stored.hashes if stored is not None else self._hashes(source)
        return hashes.of(row) if row <= len(hashes) else None

    def _hashes(self, source: SourceFile) -> LineHashes:
        kept = self._kept_hashes.get(source.path)
        if kept is None:
            kept = LineHashes(("\ufeff" if source.bom else "") + source.text)
            self._kept_hashes[source.path] = kept
        return kept

    @cached_property
    def _kept_hashes(self) -> dict[str, LineHashes]:
        return {}

    def _stored(self, source: SourceFile) -> _StoredFile | None:
        """The file of a notebook, if it is the one that was analysed."""
        if not source.is_notebook:
            return None
        if source.path not in self._files:
            self._files[source.path] = _read_stored(source)
        return self._files[source.path]


class _StoredFile:
    """A notebook's file."""

    def __init__(self, document: str, cells: list[tuple[Cell, JsonNode]]) -> None:
        self._document = document
        self._cells = cells
        self._offsets: dict[int, list[int]] = {}

    @cached_property
    def _starts(self) -> list[int]:
        return SourceFile("", self._document).line_starts

    @cached_property
    def hashes(self) -> LineHashes:
        """GitHub's hashes of the lines of the file."""
        return LineHashes(self._document)

    def position(self, offset: int, *, end: bool = False) -> tuple[int, int]:
        """Row and column of an offset in the text of the cells; with `end` of the character before it, plus one."""
        index = max(bisect_right(self._cells, offset, key=lambda item: item[0].start) - 1, 0)
        cell, node = self._cells[index]
        if index not in self._offsets:
            from kerasast.notebook_json import character_spans

            self._offsets[index] = character_spans(self._document, node)
        spans = self._offsets[index]
        place = min(offset - cell.start, len(spans) // 2)
        at = spans[2 * place - 1] if end and place else spans[min(2 * place, len(spans) - 1)]
        row = bisect_right(self._starts, at)
        return row, at - self._starts[row - 1] + 1

    def escaped(self, text: str) -> str:
        """A text as the inside of a string of the JSON."""
        import json

        return json.dumps(text, ensure_ascii=self._document.isascii())[1:-1]


def _read_stored(source: SourceFile) -> _StoredFile | None:
    from kerasast.notebook_json import JsonReader, cell_sources

    try:
        data = Path(source.path).read_bytes()
        if source_from_bytes(source.path, data).text != source.text:
            return None
    except (OSError, SourceError, ValueError):
        return None
    document = data.decode("utf-8")
    nodes = list(cell_sources(JsonReader(document.removeprefix("\ufeff")).value()))
    pairs = [(cell, node) for cell, node in zip(source.cells, nodes, strict=False) if node is not None]
    if len(nodes) != len(source.cells) or not pairs or document.startswith("\ufeff"):
        return None
    return _StoredFile(document, pairs)
