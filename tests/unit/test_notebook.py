"""Notebooks as one source text: cells, magics, positions, and files that are no notebooks."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from kerasast.notebook import NotebookError, blank_magics, parse_notebook


def notebook(*cells: str | list[str], **extra: Any) -> bytes:
    document = {
        "cells": [{"cell_type": "code", "source": source, "metadata": {}} for source in cells],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
        **extra,
    }
    return json.dumps(document).encode()


def test_cells_are_numbered_and_joined_in_order() -> None:
    source = parse_notebook("a.ipynb", notebook("x = 1\n", ["y = x\n", "z = y"]))
    assert [cell.number for cell in source.cells] == [1, 2]
    assert source.text == "x = 1\n\ny = x\nz = y"
    location = source.location(source.text.index("z = y"))
    assert (location.cell, location.row, location.column) == (2, 2, 1)


def test_markdown_cells_do_not_count() -> None:
    document = json.loads(notebook("x = 1"))
    document["cells"].insert(0, {"cell_type": "markdown", "source": "# Title"})
    source = parse_notebook("a.ipynb", json.dumps(document).encode())
    assert source.cell_at(source.text.index("x")) == source.cells[0]
    assert source.cells[0].number == 1


def test_the_old_format_has_worksheets() -> None:
    document = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}], "nbformat": 3}
    assert parse_notebook("a.ipynb", json.dumps(document).encode()).text == "x = 1"


def test_a_notebook_of_another_language_has_no_cells() -> None:
    data = notebook("library(keras)", metadata={"kernelspec": {"language": "R", "name": "ir"}})
    assert parse_notebook("a.ipynb", data).cells == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        b"\xff\xfe",
        b"null",
    ],
)
def test_what_is_no_notebook_says_so(data: bytes) -> None:
    with pytest.raises(NotebookError, match="not a notebook"):
        parse_notebook("a.ipynb", data)


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nx = 1",
        "!pip install keras\nx = 1",
        "!pip install \\\n    keras\nx = 1",
        "files = !ls\nx = 1",
        "here = %pwd\nx = 1",
        "keras.Model?\nx = 1",
        "?keras\nx = 1",
        "%%time\nx = 1",
        "if True:\n    %load_ext tensorboard\n    x = 1",
        "for _ in range(2):\n    !ls\nx = 1",
        "x = 1 \\\n    % 2",
        "y = (10\n     % 3)\nx = 1",
        'text = """\n%not a magic\n!nor this\n"""\nx = 1',
        "x = await thing()",
        " x = 1",
        "\n   if True:\n       x = 1\n",
        "\t%time\n\tx = 1",
        "ls ./data/\nx = 1",
        "pip install keras\nx = 1",
        "run = (\n    x)",
        "less = more = [\n    x]",
    ],
)
def test_magics_are_blanked_at_equal_length(cell: str) -> None:
    source = parse_notebook("a.ipynb", notebook(cell))
    assert len(source.code) == len(source.text)
    names = {node.id for node in ast.walk(source.parse()) if isinstance(node, ast.Name)}
    assert "x" in names


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile train.py", "%%html", "%%javascript", "%%R"])
def test_cells_of_other_programs_are_blank(magic: str) -> None:
    assert blank_magics(f"{magic}\nmodel.fit(x)").strip() == ""


def test_an_indented_cell_keeps_its_positions() -> None:
    source = parse_notebook("a.ipynb", notebook("y = 0", "  def f():\n    return x"))
    names = [node for node in ast.walk(source.parse()) if isinstance(node, ast.Name)]
    (found,) = [node for node in names if node.id == "x"]
    assert source.text[source.offset(found.lineno, found.col_offset) :] == "x"


def test_lines_that_look_like_a_magic_but_are_python_stay() -> None:
    for cell in ("run = (\n    x)", "time -x", "ls", "cd = ls = 1"):
        assert blank_magics(cell) == cell


def test_code_in_strings_stays() -> None:
    cell = 'text = """\n%not a magic\n"""'
    assert blank_magics(cell) == cell
