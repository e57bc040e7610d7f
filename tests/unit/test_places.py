"""Where things are in stored files, and what names a place that moves: statements and GitHub's line hashes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from output_helpers import problem, result_of

from kerasast.diagnostics import Applicability, Diagnostic, Edit, Fix, Span
from kerasast.engine import Result
from kerasast.line_hashes import LineHashes
from kerasast.logical_lines import LogicalLines, normal_text
from kerasast.notebook import parse_notebook
from kerasast.output import render
from kerasast.output.places import Places
from kerasast.source import SourceFile


@pytest.mark.parametrize(
    ("text", "hashes"),
    [  # the first and last of each are the values of GitHub's own tests (codeql-action, src/fingerprints.test.ts)
        ("", ["c129715d7a2bc9a3:1"]),
        (
            " a\nb\n  \t\tc\n d",
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        ),
        (
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            [
                "e9496ae3ebfced30:1",
                "fb7c023a8b9ccb3f:1",
                "ce8ba1a563dcdaca:1",
                "e20e36e16fcb0cc8:1",
                "b3edc88f2938467e:1",
                "c8e28b0b4002a3a0:1",
                "c129715d7a2bc9a3:1",
            ],
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_hashes_are_those_of_github(text: str, hashes: list[str], newline: str) -> None:
    found = LineHashes(text.replace("\n", newline))
    assert [found.of(row) for row in range(1, len(found) + 1)] == hashes


def test_line_hashes_count_halves_of_characters() -> None:
    one, other = LineHashes("😀" * 49 + "ab"), LineHashes("😀" * 49 + "cb")
    assert one.of(1) != other.of(1)
    assert LineHashes("😀" * 50 + "a").of(1) == LineHashes("😀" * 50 + "b").of(1)


def test_line_hashes_number_equal_lines() -> None:
    block = "x = 1\n" * 60
    found = LineHashes(block)
    hashes = [found.of(row) for row in range(1, len(found) + 1)]
    assert [value.split(":")[1] for value in hashes[:3]] == ["1", "2", "3"]
    assert len(set(hashes)) == len(hashes) == 61


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model.save('a')", "model.save( 'a', )  # why"),
        ("model.save('a')", "model.save(\n    'a',  # why\n)"),
        ("model.save('a')", "model \\\n    .save('a')"),
        ("def call(self, x):\n    pass", "def call(\n    self,\n    x,\n):\n    pass"),
    ],
)
def test_the_text_of_a_statement_does_not_depend_on_its_form(one: str, other: str) -> None:
    texts = {LogicalLines(SourceFile("a.py", code)).text_at(0) for code in (one, other)}
    assert len(texts) == 1


def test_the_text_of_a_statement_is_its_own() -> None:
    code = "if x:\n    a = f(1); b = f(2)\n\n# note\nc = 3\n"
    lines = LogicalLines(SourceFile("a.py", code))
    assert lines.text_at(code.index("f(1)")) == "a=f(1);b=f(2)"
    assert lines.text_at(0) == "if x:"
    assert lines.text_at(code.index("c")) == "c=3"
    assert lines.text_at(code.index("# note")) == "#note"


def test_the_text_of_a_broken_file_is_that_of_the_line() -> None:
    code = "a = 1\nb = (\nc =  $ 2\n"
    lines = LogicalLines(SourceFile("a.py", code))
    assert lines.text_at(0) == "a=1"
    assert "2" in lines.text_at(code.index("2"))


def test_words_stay_apart() -> None:
    assert normal_text("return  x   if y  else -1") == "return x if y else-1"


# Notebooks: the regions are those of the JSON.

CELLS = ["import keras\n", 'name = "é😀 \\"\\t"\n', "model.save(name)"]


def store(path: Path, cells: list[Any], **kwargs: Any) -> str:
    """Write a notebook with these sources, and return its document."""
    document = json.dumps(
        {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "nbformat": 4}, **kwargs
    )
    path.write_text(document, encoding="utf-8")
    return document


def result_for(path: Path, *diagnostics: Diagnostic) -> Result:
    source = parse_notebook(str(path), path.read_bytes())
    return replace(result_of({}), sources={str(path): source}, diagnostics=diagnostics)


def cut(document: str, places: Places, path: Path, span: Span) -> str:
    """What stands in the document in the region of a span."""
    region = places.region(str(path), span)
    lines = document.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    return document[
        starts[region.start_row - 1] + region.start_column - 1 : starts[region.end_row - 1]
        + region.end_column
        - 1
    ]


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("joined", [True, False])
def test_regions_of_a_notebook_are_those_of_its_file(
    tmp_path: Path, ascii: bool, indent: int | None, joined: bool
) -> None:
    path = tmp_path / "a.ipynb"
    cells: list[Any] = [["first = 1"], "".join(CELLS) if joined else CELLS]
    document = store(path, cells, ensure_ascii=ascii, indent=indent)
    result = result_for(path)
    text = result.sources[str(path)].text
    places = Places(result.sources)
    for what in ("first", "keras", "name", '"é😀 \\"\\t"', "model.save(name)", "save"):
        start = text.index(what)
        found = cut(document, places, path, Span(start, start + len(what)))
        assert json.loads(f'"{found}"') == what


def test_a_region_over_two_lines_of_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    document = store(path, [["f(\n", "1)\n"]], indent=1)
    found = cut(document, Places(result_for(path).sources), path, Span(0, 5))
    assert re.fullmatch(r'f\(\\n",\s*"1\)', found)


def test_fixes_of_a_notebook_are_written_for_its_json(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    document = store(path, [["x = 1\n", "model.save('a')\n"]], indent=1)
    fix = Fix("Name it", (Edit(Span(17, 20), '"é"\n'),), Applicability.SAFE)
    item = replace(problem("x = 1\nmodel.save('a')\n", "model.save('a')", str(path)), fix=fix)
    result = result_for(path, item)
    (found,) = json.loads(render(result, "sarif"))["runs"][0]["results"]
    (replacement,) = found["fixes"][0]["artifactChanges"][0]["replacements"]
    region = replacement["deletedRegion"]
    lines = document.splitlines(keepends=True)
    line = lines[region["startLine"] - 1]
    lines[region["startLine"] - 1] = (
        line[: region["startColumn"] - 1]
        + replacement["insertedContent"]["text"]
        + line[region["endColumn"] - 1 :]
    )
    new = json.loads("".join(lines))
    assert "".join(new["cells"][0]["source"]) == 'x = 1\nmodel.save("é"\n)\n'


def test_a_notebook_that_has_changed_keeps_the_rows_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    store(path, [["x = 1\n", "model.save('a')\n"]])
    item = problem("x = 1\nmodel.save('a')\n", "model.save('a')", str(path))
    fix = Fix("Leave it out", (Edit(item.span, ""),), Applicability.SAFE)
    result = result_for(path, replace(item, fix=fix))
    path.write_text("{}")
    (found,) = json.loads(render(result, "sarif"))["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert "fixes" not in found
    assert "primaryLocationLineHash" not in found["partialFingerprints"]
