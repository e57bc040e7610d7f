"""A file that is analysed: its text, and where every position in it is.

Three units of position meet here. The analysis works with *offsets*: code points from the start of
`SourceFile.text`. People and JSON get a *location*: 1-based row and column, the column in code points.
`ast` gives 1-based lines with 0-based UTF-8 byte columns.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from kerasast.diagnostics import Span

_HEAD = re.compile(r"(?:async\s+)?(?:class|def)\s+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_OTHER_LINE_ENDS = "\v\f\x1c\x1d\x1e"
"""What `str.splitlines` takes for the end of a line as well, of the characters of ASCII."""


class SourceError(Exception):
    """A file that cannot become a `SourceFile`: it cannot be read, decoded, or understood as a notebook."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell of a notebook: its number (from 1, code cells only) and its range of offsets in the text."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Location:
    """A position for people. `row` and `column` count from 1, `column` in code points.

    In a notebook `row` counts from the start of the cell numbered `cell`.
    """

    row: int
    column: int
    cell: int | None = None


def first_line(node: ast.AST) -> int:
    """The 1-based line on which a node that has a position begins, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    line: int = node.lineno  # type: ignore[attr-defined]
    return min([line, *(item.lineno for item in decorators)])


class SourceFile:
    """The decoded text of one file.

    `text` is what the user sees, without a byte order mark and with its own line ends. `code` is what Python
    parses: the same text, except that a notebook's magics are blanked at equal length.
    """

    def __init__(
        self,
        path: str,
        text: str,
        *,
        code: str | None = None,
        encoding: str = "utf-8",
        bom: bool = False,
        cells: tuple[Cell, ...] = (),
    ) -> None:
        self.path = path
        self.text = text
        self.code = text if code is None else code
        self.encoding = encoding
        self.bom = bom
        self.cells = cells
        self.kept_tree: ast.Module | None = None

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> SourceFile:
        """Decode Python source as Python does (PEP 263 cookie, byte order mark, else UTF-8).

        Raises:
            SourceError: the declared encoding is unknown or the bytes do not fit it.
        """
        bom = data.startswith(codecs.BOM_UTF8)
        try:
            encoding = "utf-8"
            if bom or b"coding" in data[: data.find(b"\n", data.find(b"\n") + 1) + 1 or None]:
                encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            text = data.decode("utf-8" if encoding == "utf-8-sig" else encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise SourceError(f"cannot decode the file: {error}") from error
        return cls(path, text.removeprefix("\ufeff"), encoding=encoding.removesuffix("-sig"), bom=bom)

    @property
    def is_notebook(self) -> bool:
        return self.path.endswith(".ipynb")

    @cached_property
    def newline(self) -> str:
        """The line end of the first line, which an inserted line should use."""
        match = _LINE_END.search(self.text)
        return match.group() if match else "\n"

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which lines start. Only `\\n`, `\\r\\n` and `\\r` end a line, as in Python's own tokenizer."""
        text = self.text
        if self._is_ascii and not any(other in text for other in _OTHER_LINE_ENDS):
            starts = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
            return starts if text.endswith(("\n", "\r")) or not text else starts[:-1]
        return [0, *(match.end() for match in _LINE_END.finditer(text))]

    @cached_property
    def addresses_kerasast(self) -> bool:
        """Whether the code holds what every comment for kerasast begins with."""
        return "kerasast:" in self.code

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()

    def parse(self) -> ast.Module:
        """Parse `code`; top-level `await` is allowed in notebooks. A `kept_tree` is returned as it is.

        Raises:
            SyntaxError: as `ast.parse` does, also for null bytes.
        """
        if self.kept_tree is not None:
            return self.kept_tree
        flags = ast.PyCF_ONLY_AST | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if self.is_notebook else 0)
        try:
            tree = compile(self.code, self.path, "exec", flags, dont_inherit=True)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from error
        assert isinstance(tree, ast.Module)
        return tree

    def line_text(self, line: int) -> str:
        """The text of a 1-based line of the whole file, without its line end."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def line_at(self, offset: int) -> int:
        """The 1-based line of the whole file that holds `offset`."""
        return bisect_right(self.line_starts, offset)

    def offset(self, line: int, byte_column: int) -> int:
        """The offset of an `ast` position: 1-based line, 0-based UTF-8 byte column."""
        line = min(line, len(self.line_starts))
        start = self.line_starts[line - 1]
        if self._is_ascii:
            return start + byte_column
        prefix = self.line_text(line).encode("utf-8", "surrogatepass")[:byte_column]
        return start + len(prefix.decode("utf-8", "ignore"))

    def span(self, node: ast.AST) -> Span:
        """The span of a node that has a position; the start of the file for one that has none."""
        line = getattr(node, "lineno", None)
        if line is None:
            return Span(0, 0)
        column: int = getattr(node, "col_offset", 0)
        end_line: int | None = getattr(node, "end_lineno", None)
        end_column: int | None = getattr(node, "end_col_offset", None)
        start = self.offset(line, column)
        if end_line is None or end_column is None:
            return Span(start, start)
        return Span(start, self.offset(end_line, end_column))

    def header_span(self, node: ast.AST) -> Span:
        """The span of the part of a statement that names it: `class A(B):` rather than the whole class."""
        span = self.span(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            head = _HEAD.match(self.code, span.start)
            start = self.code.index(node.name, span.start if head is None else head.end())
            return Span(start, start + len(node.name))
        return span

    def cell_at(self, offset: int) -> Cell | None:
        """The notebook cell that holds `offset`, if this is a notebook."""
        index = bisect_right(self.cells, offset, key=lambda cell: cell.start) - 1
        return self.cells[index] if index >= 0 else None

    def location(self, offset: int) -> Location:
        """Row, column and cell of an offset."""
        line = self.line_at(offset)
        column = offset - self.line_starts[line - 1] + 1
        cell = self.cell_at(offset)
        if cell is None:
            return Location(line, column)
        return Location(line - self.line_at(cell.start) + 1, column, cell.number)

    def utf16_column(self, offset: int) -> int:
        """The 0-based column of `offset` in UTF-16 code units, as the Language Server Protocol counts."""
        start = self.line_starts[self.line_at(offset) - 1]
        return len(self.text[start:offset].encode("utf-16-le", "surrogatepass")) // 2


def read_source(path: str | Path, display: str | None = None) -> SourceFile:
    """Read a `.py` or `.ipynb` file; `display` is the path that diagnostics show.

    Raises:
        SourceError: the file cannot be read or decoded.
        kerasast.notebook.NotebookError: a notebook is not one (a `SourceError` too).
    """
    name = display if display is not None else str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or error}") from error
    return source_from_bytes(name, data)


def source_from_bytes(path: str, data: bytes) -> SourceFile:
    """Make a `SourceFile` of bytes, by the ending of `path`.

    Raises:
        SourceError: as `read_source`.
    """
    if path.endswith(".ipynb"):
        from kerasast.notebook import parse_notebook

        return parse_notebook(path, data)
    return SourceFile.from_bytes(path, data)
