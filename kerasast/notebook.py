"""Notebooks: the code cells of an `.ipynb` file as one source text.

The cells stand in file order, separated by a line end. IPython's magics are blanked at equal length, so that
every offset in the parsed code is the offset of the same character in the text.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from kerasast.source import Cell, SourceError, SourceFile

# Cell magics whose body is Python that runs in the notebook's own namespace.
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "tensorflow_version", "matplotlib"})
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w.,\s\[\]'\"*]+=\s*)([%!].*)$")
_OPEN = re.compile(r"[(\[{]")
_AUTOMAGIC = re.compile(
    r"\s*(alias|autoreload|cat|cd|conda|config|cp|env|head|less|ll|load_ext|ls|mamba|man|matplotlib|mkdir|more|mv"
    r"|pip|reload_ext|rm|rmdir|run|timeit|time|uv)\s+(?![^\s\w]{0,2}=|[(\[{,]|(?:is|in|not|and|or|if|else)\b)\S"
)


class NotebookError(SourceError):
    """An `.ipynb` file that is not a notebook."""


def parse_notebook(path: str, data: bytes) -> SourceFile:
    """Join the Python code cells of a notebook (nbformat 3 and 4).

    A notebook in another language has no cells here.

    Raises:
        NotebookError: the data is not JSON, or has no list of cells.
    """
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"not a notebook: {error}") from error
    texts = [] if not _is_python(document) else list(_code_cells(document))
    parts: list[str] = []
    blanked: list[str] = []
    cells: list[Cell] = []
    position = 0
    for number, text in enumerate(texts, start=1):
        cells.append(Cell(number, position, position + len(text)))
        parts.append(text)
        blanked.append(blank_magics(text))
        position += len(text) + 1
    return SourceFile(path, "\n".join(parts), code="\n".join(blanked), cells=tuple(cells))


def _is_python(document: Any) -> bool:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        return True
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(key)
        if isinstance(info, dict) and isinstance(info.get(field), str):
            return "python" in info[field].lower()
    return True


def _code_cells(document: Any) -> list[str]:
    if not isinstance(document, dict):
        raise NotebookError("not a notebook: the document is not an object")
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        cells = [cell for sheet in document["worksheets"] for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise NotebookError("not a notebook: it has no list of cells")
    texts = []
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        text = "".join(source) if isinstance(source, list) else source
        if not isinstance(text, str):
            raise NotebookError("not a notebook: a cell's source is not text")
        texts.append(text.replace("\r\n", "\n").replace("\r", "\n"))
    return texts


def blank_magics(text: str) -> str:
    """Replace IPython syntax in one cell by Python of the same length that does nothing."""
    lines = _without_indent(text.split("\n"))
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].lstrip().startswith("%%"):
        words = lines[first].lstrip()[2:].split()
        if not words or words[0] not in _PYTHON_CELL_MAGICS:
            return "\n".join(" " * len(line) for line in lines)
        lines[first] = " " * len(lines[first])
    depth = 0
    continued = in_string = joined = False
    result = []
    for line in lines:
        if continued or (depth == 0 and not in_string and not joined):
            line, continued = _blank_line(line, continued)
        joined = not continued and line.endswith("\\")
        if not continued:
            depth, in_string = _scan(line, depth, in_string)
        result.append(line)
    return "\n".join(result)


def _without_indent(lines: list[str]) -> list[str]:
    """Let a cell whose first line is indented start at the margin, as IPython does, without moving any character.

    A form feed sets Python's count of the indentation to zero.
    """
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not indent:
        return lines
    margin = " " * (len(indent) - 1) + "\f"
    return [margin + line[len(indent) :] if line.startswith(indent) else line for line in lines]


def _is_automagic(line: str) -> bool:
    """Whether a line is a magic without its `%`: `ls data`, but not `ls = 1` nor any other Python."""
    if _AUTOMAGIC.match(line) is None:
        return False
    try:
        ast.parse(line.strip())
    except (SyntaxError, ValueError):
        return True
    return False


def _blank_line(line: str, continued: bool) -> tuple[str, bool]:
    """Blank one line if it is (or continues) a magic; say whether the next line continues it."""
    stripped = line.lstrip()
    is_magic = stripped.startswith(("%", "!", "?")) or (
        stripped.rstrip().endswith("?")
        and "#" not in stripped
        and "'" not in stripped
        and '"' not in stripped
    )
    is_magic = is_magic or _is_automagic(line)
    if continued:
        return " " * len(line), line.rstrip().endswith("\\")
    if is_magic:
        indent = len(line) - len(stripped)
        return line[:indent] + "0" + " " * (len(stripped) - 1), line.rstrip().endswith("\\")
    assigned = _ASSIGNED_MAGIC.match(line)
    if assigned:
        head, magic = assigned.groups()
        return head + "0" + " " * (len(magic) - 1), line.rstrip().endswith("\\")
    return line, False


def _scan(line: str, depth: int, in_string: bool) -> tuple[int, bool]:
    """Follow brackets and triple quotes roughly, so that `%` inside an expression is not taken for a magic."""
    if in_string or '"""' in line or "'''" in line:
        quotes = line.count('"""') + line.count("'''")
        return depth, in_string ^ (quotes % 2 == 1)
    bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|#.*", "", line)
    opened = len(_OPEN.findall(bare))
    closed = len(re.findall(r"[)\]}]", bare))
    return max(0, depth + opened - closed), False
