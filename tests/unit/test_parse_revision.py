"""A tree that is put together of known nodes and new ones is the tree of the whole text."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasast.revision import parse_revision
from kerasast.source import SourceFile

ROOT = Path(__file__).parents[2]

TEXT = '''\
"""Prose."""
import keras; import numpy as np

@decorated(
    1,
)
def first(x):
    """More prose."""
    return x

if True:
    A = 1
else:
    A = 2
B = [
    1,
]; C = 3

class Third:
    def method(self): return 1
    # end

D = """long
text"""
'''

INSERTED = (
    "",
    " ",
    "x",
    "\n",
    "    ",
    "#",
    '"',
    '"""',
    "(",
    ")",
    "\\",
    "@",
    "else:",
    "\tif x:\n",
    "é = 1\n",
    ";",
    ":",
    "\r",
)


def edits(text: str, count: int, seed: int) -> Iterator[str]:
    """The text with a piece of it taken away, and something else put there, at random."""
    choice = random.Random(seed)
    for _ in range(count):
        start = choice.randrange(len(text) + 1)
        end = min(len(text), start + choice.choice((0, 0, 0, 1, 2, 7, 40)))
        yield text[:start] + choice.choice(INSERTED) + text[end:]


def source_of(text: str) -> SourceFile:
    source = SourceFile("a.py", text)
    source.kept_tree = source.parse()
    return source


def check(before: SourceFile, text: str) -> bool:
    """Whether a tree was put together, which is then that of the text."""
    after = SourceFile("a.py", text)
    tree = parse_revision(before, after)
    if tree is not None:
        assert ast.dump(tree, include_attributes=True) == ast.dump(after.parse(), include_attributes=True)
    return tree is not None


@pytest.mark.filterwarnings(
    "ignore:invalid escape sequence", "ignore:invalid decimal literal", "ignore::SyntaxWarning"
)
@pytest.mark.parametrize("seed", range(2))
def test_any_edit(seed: int) -> None:
    before = source_of(TEXT)
    found = [check(before, text) for text in edits(TEXT, 1500, seed)]
    assert sum(found) > 300


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("path", sorted((ROOT / "kerasast").glob("*.py")), ids=lambda path: path.stem)
def test_edits_of_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before = source_of(text)
    for edited in edits(text, 25, len(text)):
        check(before, edited)


def test_only_what_has_changed_is_new() -> None:
    before = source_of(TEXT)
    assert before.kept_tree is not None
    tree = parse_revision(before, SourceFile("a.py", TEXT.replace("return x", "return y")))
    assert tree is not None
    same = [one is other for one, other in zip(before.kept_tree.body, tree.body, strict=True)]
    assert same == [True, True, True, False, True, True, True, True, True]
    longer = parse_revision(before, SourceFile("a.py", TEXT.replace("return x", "return x\n")))
    assert longer is not None
    assert longer.body[2] is before.kept_tree.body[2]
    assert longer.body[4] is not before.kept_tree.body[4]


def test_without_a_known_tree_nothing_is_put_together() -> None:
    assert parse_revision(SourceFile("a.py", TEXT), SourceFile("a.py", TEXT)) is None
    assert parse_revision(source_of(""), SourceFile("a.py", TEXT)) is not None
