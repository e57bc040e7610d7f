"""Nodes of trees: the same as those of `ast.walk`, in the same order."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kerasast.walking import outermost, walk

ROOT = Path(__file__).parents[2]
EVERYTHING = """
import a.b as c, d
from .e import (f as g, h)
@decorated(1, *args, key={**a, "b": [1, None, ...]})
async def function(x: int = 1, /, y=None, *rest: str, z, t=None, **more) -> None:
    "prose"
    global u, v
    async with a as b, c: await d
    async for i in [j async for j in k if l]: continue
    return f"{x!r:>{y}} {z}"
class Class(Base, metaclass=Meta):
    a: int = 1; b: str; c += ~2; d @= not x[1:2, ..., ::3]
    def method(self): nonlocal_ = lambda q, *, r=1: (yield q) or (yield from r)
try:
    del a, b[0], c.d
except (A, B) as error: raise C from error
else: assert x, "message"
finally: pass
while (n := 1) < 2 <= 3 is not None not in {1, 2}: break
match subject:
    case [1, *others, {"k": v, **rest}] | Point(x=0, y=Name.value) | (None as whole) if guard: ...
    case _: x = y if z else {k: v for k, v in w}
"""


def expected(tree: ast.AST) -> list[ast.AST]:
    return [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]


def test_every_kind_of_node_is_found() -> None:
    tree = ast.parse(EVERYTHING)
    assert list(map(id, walk(tree))) == list(map(id, expected(tree)))


@pytest.mark.parametrize("path", sorted((ROOT / "kerasast").glob("**/*.py")), ids=lambda path: path.stem)
def test_the_nodes_of_a_file_are_found_in_order(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(map(id, walk(tree))) == list(map(id, expected(tree)))


def test_the_outermost_nodes_of_some_kinds() -> None:
    tree = ast.parse("f(a.b(c.d), {e: [g.h(i).j, k]})\ndef m(n=o.p): return q\n")
    kinds = {ast.Attribute, ast.Name}
    found = {ast.unparse(node) for node in outermost(tree.body, kinds)}
    assert found == {"f", "a.b", "c.d", "e", "g.h(i).j", "k", "o.p", "q"}
    assert outermost(tree.body[:1], {ast.Expr}) == tree.body[:1]
