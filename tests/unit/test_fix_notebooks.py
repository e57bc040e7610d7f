"""Notebooks are repaired cell by cell: the rest of the JSON stays as it is, byte by byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasast.diagnostics import Edit, Span
from kerasast.fixes.contents import edited
from kerasast.notebook import parse_notebook


def rename(data: bytes, old: str = "lr", new: str = "learning_rate") -> bytes:
    source = parse_notebook("n.ipynb", data)
    start = source.text.index(old)
    return edited(source, data, [Edit(Span(start, start + len(old)), new)])


LAYOUTS: list[dict[str, Any]] = [{"indent": 1}, {}, {"separators": (",", ":")}, {"indent": "\t"}]
SOURCES: list[Any] = [
    "x = 'ä'\nAdam(lr=1)\ny = 2",
    ["x = 'ä'\n", "Adam(lr=1)\n", "y = 2"],
    ["Adam(lr=1)"],
    "Adam(lr=1)\r\ny = 2",
    ["%time\r\n", "Adam(lr=1)\r\n", "y = 2"],
    ["x = 1\ny = 2\nAdam(", "lr=1)"],
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("text", SOURCES)
@pytest.mark.parametrize("ascii", [True, False])
def test_only_the_cell_changes(layout: dict[str, Any], text: Any, ascii: bool) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["lr ö"]},
        {
            "cell_type": "code",
            "source": ["z = 1"],
            "outputs": [{"data": {"image/png": "iVBOR\n"}, "n": [1.50, None]}],
        },
        {"cell_type": "code", "metadata": {}, "source": text},
    ]
    document = {"cells": cells, "metadata": {"é": True}, "nbformat": 4}
    data = json.dumps(document, ensure_ascii=ascii, **layout).encode() + b"\n"
    if text == SOURCES[-1]:  # not in lines: it is made into lines
        result = json.loads(rename(data))["cells"][2]["source"]
        assert "".join(result) == "".join(text).replace("lr", "learning_rate")
        return
    assert rename(data) == data.replace(b"Adam(lr", b"Adam(learning_rate")


def test_new_lines_are_escaped_as_the_file_is() -> None:
    for ascii in (True, False):
        document = {"cells": [{"cell_type": "code", "source": ["x = 'ä'\n", "lr"]}]}
        data = json.dumps(document, ensure_ascii=ascii, indent=1).encode()
        wanted = {"cells": [{"cell_type": "code", "source": ["x = 'ä'\n", "'ü'\n", "b"]}]}
        assert rename(data, new="'ü'\nb") == json.dumps(wanted, ensure_ascii=ascii, indent=1).encode()


def test_odd_escapes_of_other_lines_are_kept() -> None:
    data = rb'{"cells": [{"cell_type": "code", "source": "a = \"\u0041\/\ud83d\ude00\"\nlr\n\t"}]}'
    assert rename(data) == data.replace(b"lr", b"learning_rate")


def test_old_notebooks() -> None:
    data = b'{"worksheets": [{"cells": [{"cell_type": "code", "input": ["lr = 1"]}]}], "nbformat": 3}'
    assert rename(data) == data.replace(b"lr", b"learning_rate")


def test_a_byte_order_mark_is_kept() -> None:
    data = b'\xef\xbb\xbf{"cells": [{"cell_type": "code", "source": "lr"}]}'
    assert rename(data) == data.replace(b"lr", b"learning_rate")


def test_a_line_feed_after_a_carriage_return_is_a_line_of_its_own() -> None:
    raw = rb'{"cells": [{"cell_type": "code", "source": "a\n\r"}]}'
    source = parse_notebook("n.ipynb", raw)
    end = source.cells[0].end
    result = parse_notebook("n.ipynb", edited(source, raw, [Edit(Span(end, end), "\n")]))
    assert result.text[: source.cells[0].end + 1] == "a\n\n\n"


TEXT = st.text(st.sampled_from('ab\n\r"\\/\t é😀u0'), max_size=30)


@given(st.lists(TEXT, min_size=1, max_size=3), st.booleans(), st.booleans(), st.data())
def test_any_edit_arrives(texts: list[str], as_list: bool, ascii: bool, data: st.DataObject) -> None:
    sources = [text.splitlines(keepends=True) if as_list else text for text in texts]
    document = {"cells": [{"cell_type": "code", "source": item} for item in sources]}
    raw = json.dumps(document, ensure_ascii=ascii).encode()
    source = parse_notebook("n.ipynb", raw)
    cell = data.draw(st.sampled_from(source.cells))
    start = data.draw(st.integers(cell.start, cell.end))
    end = data.draw(st.integers(start, cell.end))
    new = data.draw(TEXT).replace("\r", "")
    result = parse_notebook("n.ipynb", edited(source, raw, [Edit(Span(start, end), new)]))
    assert result.text == source.text[:start] + new + source.text[end:]
