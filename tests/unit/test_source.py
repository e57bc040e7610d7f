"""Positions in source text: offsets, rows and columns, UTF-16, encodings, line ends."""

from __future__ import annotations

import ast
import io
import random
import re
import tokenize

import pytest

from kerasast.diagnostics import Span
from kerasast.source import Location, SourceError, SourceFile, read_source, source_from_bytes


def name_node(source: SourceFile, name: str) -> ast.Name:
    return next(node for node in ast.walk(source.parse()) if isinstance(node, ast.Name) and node.id == name)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_spans_are_code_points_whatever_the_line_end(newline: str) -> None:
    source = SourceFile("a.py", newline.join(["x = 'é𝔘'; yy = 1", "zz = x", ""]))
    for name in ("yy", "zz"):
        span = source.span(name_node(source, name))
        assert source.text[span.start : span.end] == name
    assert source.newline == newline


def test_location_counts_from_one_in_code_points() -> None:
    source = SourceFile("a.py", "x = '𝔘'; yy = 1\n")
    assert source.location(source.text.index("yy")) == Location(1, 10)


def test_utf16_column_counts_surrogate_pairs_twice() -> None:
    source = SourceFile("a.py", "a = 1\nx = '𝔘'; yy = 1\n")
    assert source.utf16_column(source.text.index("yy")) == 10


def test_form_feeds_and_other_separators_end_no_line() -> None:
    source = SourceFile("a.py", "x = '\x0b\u2028'\n\x0cyy = 2\n")
    span = source.span(name_node(source, "yy"))
    assert source.text[span.start : span.end] == "yy"
    assert source.location(span.start).row == 2


def test_lines_start_where_they_do_for_python() -> None:
    choice = random.Random(1)
    for _ in range(3_000):
        characters = "ab\n\n\r" + choice.choice(["", "\x0b\x0c", "\x1c\x1d\x1e", "é\x85\u2028"])
        text = "".join(choice.choices(characters, k=choice.randrange(12)))
        expected = [0, *(match.end() for match in re.finditer("\r\n|\n|\r", text))]
        assert SourceFile("a.py", text).line_starts == expected, repr(text)


def test_the_encoding_is_what_python_says() -> None:
    choice = random.Random(1)
    parts = [
        b"# coding: latin-1",
        b"# coding: nothing",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r\n",
        b"x = 1",
        b"\xe9",
        b"coding",
    ]
    for _ in range(3_000):
        data = b"".join(choice.choices(parts, k=choice.randrange(8)))
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            expected = data.decode(encoding.removesuffix("-sig")).removeprefix("\ufeff")
        except (SyntaxError, UnicodeDecodeError):
            with pytest.raises(SourceError):
                source_from_bytes("a.py", data)
        else:
            assert source_from_bytes("a.py", data).text == expected


def test_the_span_of_a_class_is_its_name() -> None:
    source = SourceFile("a.py", "@decorate(class_=1)\nclass   Model(Base):\n    pass\n")
    (node,) = source.parse().body
    span = source.header_span(node)
    assert source.text[span.start : span.end] == "Model"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), None),
        ("x = 'é'\n".encode(), "x = 'é'\n"),
        (b"", ""),
    ],
)
def test_decodes_as_python_does(data: bytes, text: str | None) -> None:
    source = source_from_bytes("a.py", data)
    if text is not None:
        assert source.text == text
    assert isinstance(source.parse(), ast.Module)


@pytest.mark.parametrize(
    "data", [b"x = '\xe9'\n", b"# coding: no-such-thing\n", b"# coding: hex\nx\n", b"\xff\xfex\x00=\x001\x00"]
)
def test_says_why_it_cannot_decode(data: bytes) -> None:
    with pytest.raises(SourceError, match="cannot decode"):
        source_from_bytes("a.py", data)


def test_says_why_it_cannot_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="cannot read"):
        read_source(tmp_path / "none.py")
    with pytest.raises(SourceError, match="cannot read"):
        read_source(tmp_path)


@pytest.mark.parametrize(
    "text", ["x = (", "print 'hello'\n", "x = 1\0\n", "(" * 5000 + ")" * 5000, "  x = 1\n"]
)
def test_what_does_not_parse_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SyntaxError):
        SourceFile("a.py", text).parse()


def test_a_node_without_a_position_is_at_the_start() -> None:
    source = SourceFile("a.py", "x = 1\n")
    assert source.span(ast.Load()) == Span(0, 0)
