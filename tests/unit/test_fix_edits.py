"""The helpers of fixes change what they say, in the style of the code around, and nothing else."""

from __future__ import annotations

import ast

import pytest

from kerasast import fixes
from kerasast.diagnostics import Applicability, Edit, Fix, Span
from kerasast.fixes.edits import apply_edits, collide, difference, in_order, overlap, settle
from kerasast.source import SourceFile


def first(source: SourceFile, kind: type[ast.AST], number: int = 0) -> ast.AST:
    return [node for node in ast.walk(source.parse()) if isinstance(node, kind)][number]


def after(source: SourceFile, edits: fixes.Edits) -> str:
    fix = fixes.safe("Change it", edits)
    assert fix is not None
    settled = settle(fix, source.path, {source.path: source})
    assert settled is not None
    return apply_edits(source.text, settled.edits)


def py(text: str) -> SourceFile:
    return SourceFile("a.py", text)


ADDED_ARGUMENTS = [
    ("f()", "f(a=1)"),
    ("f(x)", "f(x, a=1)"),
    ("f(x,)", "f(x, a=1)"),
    ("f(x, **kw)", "f(x, a=1, **kw)"),
    ("f((x, y), lambda p, q: p)", "f((x, y), lambda p, q: p, a=1)"),
    ("f(\n    x,\n    y,  # why\n)", "f(\n    x,\n    y,  # why\n    a=1,\n)"),
    ("f(\n\tx,\n\ty  # why\n)", "f(\n\tx,\n\ty,  # why\n\ta=1\n)"),
    ("f(x,\n  y)", "f(x,\n  y, a=1)"),
    ("f(\r\n    x,\r\n)", "f(\r\n    x,\r\n    a=1,\r\n)"),
    ("f(\n    x,\n    **kw,\n)", "f(\n    x,\n    a=1,\n    **kw,\n)"),
    ('f(f"{x}, {y!r}", "a)b")', 'f(f"{x}, {y!r}", "a)b", a=1)'),
    ("(f)(x)(y)", "(f)(x)(y, a=1)"),
    ("f(ä, 'ß')", "f(ä, 'ß', a=1)"),
]


@pytest.mark.parametrize("text, wanted", ADDED_ARGUMENTS)
def test_an_argument_is_added_in_the_style_of_the_call(text: str, wanted: str) -> None:
    source = py(text)
    assert after(source, fixes.add_argument(source, first(source, ast.Call), "a=1")) == wanted


def test_nothing_is_added_to_a_bare_generator() -> None:
    source = py("f(x for x in y)")
    assert fixes.add_argument(source, first(source, ast.Call), "a=1") is None


REMOVED_ARGUMENTS = [
    ("f(a=1)", "f()"),
    ("f(a=1, b=2)", "f(b=2)"),
    ("f(b=2, a=1)", "f(b=2)"),
    ("f(b=2, a=1,)", "f(b=2,)"),
    ("f(\n    b=2,  # two\n    a=1,  # one\n)", "f(\n    b=2,  # two\n)"),
    ("f(\n    b=2,\n    a=1\n)", "f(\n    b=2\n)"),
    ("f(\n    a=1,\n    b=2\n)", "f(\n    b=2\n)"),
    ("f(x,\n  a=(1,\n     2),\n  b=2)", "f(x,\n  b=2)"),
]


@pytest.mark.parametrize("text, wanted", REMOVED_ARGUMENTS)
def test_an_argument_is_removed_with_its_comma(text: str, wanted: str) -> None:
    source = py(text)
    assert after(source, fixes.remove_argument(source, first(source, ast.Call), "a")) == wanted


def test_a_comment_is_not_lost_with_an_argument() -> None:
    source = py("f(a=1,  # important\n  b=2)")
    assert fixes.remove_argument(source, first(source, ast.Call), "a") is None


def test_arguments_are_named() -> None:
    source = py("f(x, (y), *z)")
    call = first(source, ast.Call)
    assert fixes.name_arguments(source, call, ["a", "b", "c"]) is None
    source = py("f(x, (y), k=1)")
    call = first(source, ast.Call)
    assert after(source, fixes.name_arguments(source, call, ["a", "b", "c"])) == "f(a=x, b=(y), k=1)"
    assert after(source, fixes.name_arguments(source, call, ["b"], first=1)) == "f(x, b=(y), k=1)"
    assert fixes.name_arguments(source, call, ["a", "k"]) is None
    assert fixes.name_arguments(source, call, ["a"]) is None


def test_keywords_are_renamed_and_set() -> None:
    source = py("f(lr = 1, b=[2])")
    call = first(source, ast.Call)
    assert after(source, fixes.rename_keyword(source, call, "lr", "rate")) == "f(rate = 1, b=[2])"
    assert after(source, fixes.set_keyword(source, call, "b", "3")) == "f(lr = 1, b=3)"
    assert after(source, fixes.set_keyword(source, call, "c", "3")) == "f(lr = 1, b=[2], c=3)"
    assert fixes.rename_keyword(source, call, "lr", "b") is None
    assert fixes.rename_keyword(source, call, "x", "y") is None


PARAMETERS = [
    ("def f(): pass", "def f(**kwargs): pass"),
    ("def f(self): pass", "def f(self, **kwargs): pass"),
    ("def f(self, a=(1, 2)) -> int:\n    pass", "def f(self, a=(1, 2), **kwargs) -> int:\n    pass"),
    (
        "def e(\n    self,\n    a,  # the a\n):\n    pass",
        "def e(\n    self,\n    a,  # the a\n    **kwargs,\n):\n    pass",
    ),
    ("async def f(a, *, b): pass", "async def f(a, *, b, **kwargs): pass"),
]


@pytest.mark.parametrize("text, wanted", PARAMETERS)
def test_a_parameter_is_added(text: str, wanted: str) -> None:
    source = py(text)
    function = source.parse().body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    assert after(source, fixes.add_parameter(source, function, "**kwargs")) == wanted


def test_a_parameter_goes_before_the_kwargs() -> None:
    source = py("def f(a, **kw): pass")
    function = source.parse().body[0]
    assert isinstance(function, ast.FunctionDef)
    assert after(source, fixes.add_parameter(source, function, "b=1")) == "def f(a, b=1, **kw): pass"
    assert fixes.add_parameter(source, function, "**kwargs") is None


CLASS = 'class A(B):\n\t"""Doc."""\n\n\t# about f\n\t@d\n\tdef f(self):\n\t\tx = 1; y = 2\n\t\treturn x  # the end\n'


def test_statements_are_inserted_at_the_indentation_of_the_file() -> None:
    source = py(CLASS)
    cls = source.parse().body[0]
    assert isinstance(cls, ast.ClassDef)
    method = cls.body[1]
    assert isinstance(method, ast.FunctionDef)
    end = method.body[-1]
    assert "\t\treturn x  # the end\n\t\tif z:\n\t\t\tg()\n" in after(
        source, fixes.insert_after(source, end, "if z:\n    g()")
    )
    assert "y = 2\n\t\tg()\n\t\treturn x" in after(source, fixes.insert_before(source, end, "g()"))
    assert '"""\n\n\tk = 3\n\t# about f\n\t@d\n' in after(source, fixes.insert_first(source, cls, "k = 3"))
    assert after(source, fixes.add_decorator(source, method, "@e")).count("# about f\n\t@e\n\t@d\n\tdef") == 1
    added = after(source, fixes.add_method(source, cls, "def g(self):\n    return 2"))
    assert added.endswith("# the end\n\n\tdef g(self):\n\t\treturn 2\n")
    assert fixes.insert_after(source, method.body[0], "g()") is None
    ast.parse(added)


def test_a_method_replaces_pass() -> None:
    source = py("class A:\n    pass\n")
    cls = source.parse().body[0]
    assert isinstance(cls, ast.ClassDef)
    wanted = "class A:\n    def g(self):\n        return 2\n"
    assert after(source, fixes.add_method(source, cls, "def g(self):\n    return 2")) == wanted


def test_statements_are_removed() -> None:
    source = py("if a:\n    b()  # b\nc()\nd()")
    tree = source.parse()
    block = tree.body[0]
    assert isinstance(block, ast.If)
    assert after(source, fixes.remove_statement(source, tree.body[1])) == "if a:\n    b()  # b\nd()"
    assert after(source, fixes.remove_statement(source, block.body[0])) == "if a:\n    pass  # b\nc()\nd()"


def test_libcst_changes_only_what_it_is_told_to() -> None:
    import libcst

    source = py("x = 1\nif x:\n\ty = f(a,  # why\n\t\tb)\n")
    call = first(source, ast.Call)
    assert isinstance(call, ast.Call)

    def double(node: libcst.BaseExpression) -> libcst.BaseExpression:
        assert isinstance(node, libcst.Call)
        return node.with_changes(func=libcst.Name("g"))

    assert after(source, fixes.change_expression(source, call, double)) == source.text.replace("f(", "g(")
    statement = fixes.statement_of(source, call)
    assert isinstance(statement, ast.Assign)
    edits = fixes.change_statement(source, statement, lambda node: [libcst.parse_statement("z = 0"), node])
    assert after(source, edits) == source.text.replace("\ty =", "\tz = 0\n\ty =")


def test_nodes_of_another_file_are_not_changed() -> None:
    source, other = py("f(a=1)\n"), py("# text\ng(b, a=1)\n")
    call = first(other, ast.Call)
    assert fixes.remove_argument(source, call, "a") is None
    assert fixes.replace(source, call, "h()") is None


IMPORTS = [
    ("import keras\nx = 1\n", "keras.saving.f", "keras.saving.f", "import keras\nx = 1\n"),
    ("import tensorflow as tf\nx = 1\n", "keras.Input", "tf.keras.Input", "import tensorflow as tf\nx = 1\n"),
    # With Keras 3, `tf.keras` has no `saving`.
    ("from tensorflow import keras\nx = 1\n", "keras.saving.f", "keras.utils.f", None),
    ("import tensorflow as tf\nx = 1\n", "keras.saving.f", "tf.keras.utils.f", None),
    (
        "from tensorflow import keras\nfrom tensorflow.keras import layers\nx = 1\n",
        "keras.layers.Dense",
        "layers.Dense",
        None,
    ),
    (
        "import os\nfrom keras.layers import Dense\nx = 1\n",
        "keras.Input",
        "keras.Input",
        "import os\nfrom keras.layers import Dense\nimport keras\nx = 1\n",
    ),
    (
        '"""Doc."""\nfrom __future__ import annotations\nfrom tensorflow.keras.layers import Dense\nx = 1\n',
        "keras.Input",
        "keras.Input",
        '"""Doc."""\nfrom __future__ import annotations\nfrom tensorflow.keras.layers import Dense\n'
        "from tensorflow import keras\nx = 1\n",
    ),
    ("from keras.layers import Dense\nkeras = 1\nx = 1\n", "keras.Input", None, None),
]


@pytest.mark.parametrize("text, api, wanted, result", IMPORTS)
def test_keras_is_named_as_the_file_does(text: str, api: str, wanted: str | None, result: str | None) -> None:
    source = py(text)
    named = fixes.name_keras(source, api, source.parse().body[-1])
    assert (named.text if named else None) == wanted
    if named is not None and result is not None:
        assert apply_edits(text, named.edits) == result


ADDED_IMPORTS = [
    ("x = 1\n", "numpy", None, "import numpy as np\nx = 1\n"),
    ("# -*- coding: utf-8 -*-\n\nx = 1\n", "os", None, "# -*- coding: utf-8 -*-\n\nimport os\nx = 1\n"),
    ('"""Doc."""\nx = 1\n', "os", None, '"""Doc."""\nimport os\nx = 1\n'),
    ("from a import b\n", "a", "c", "from a import b, c\n"),
    ("from a import (\n    b,\n)\n", "a", "c", "from a import (\n    b,\n    c,\n)\n"),
    ("try:\n    from a import b\nexcept ImportError:\n    pass\n", "a", "c", None),
    ("from a import c\n", "a", "c", "from a import c\n"),
    ("import keras\n\n\nclass A:\n    pass\n\n\nimport z\n", "os", None, "import keras\nimport os\n"),
]


@pytest.mark.parametrize("text, module, name, wanted", ADDED_IMPORTS)
def test_imports_are_added_where_a_person_would(
    text: str, module: str, name: str | None, wanted: str | None
) -> None:
    source = py(text)
    edits = fixes.imports.add_import(source, module, name)
    assert edits is not None
    result = apply_edits(text, edits)
    ast.parse(result)
    assert result.startswith("from a import c\n") if wanted is None else result.startswith(wanted)


def test_differences_are_small() -> None:
    old, new = "model.fit(x, y, lr=0.1)", "model.fit(x, y, rate=0.1)"
    assert difference(old, new, 10) == (Edit(Span(26, 28), "rate"),)
    assert apply_edits(old, difference(old, new)) == new
    assert difference(old, old) == ()


def test_edits_that_touch_collide_unless_they_are_the_same() -> None:
    one, other = Edit(Span(3, 5), "x"), Edit(Span(5, 5), "y")
    assert collide([one], [other])
    assert not collide([one], [one])
    assert not collide([one], [Edit(Span(6, 7), "")])
    assert not overlap([one, other])
    assert overlap([one, Edit(Span(4, 6), "")])
    assert in_order([other, one, one]) == (one, other)


def test_a_fix_is_settled_for_its_file() -> None:
    source = py("a = 1\r\nb = 2\r\n")
    fix = Fix("Insert", (Edit(Span(7, 7), "c = 3\n"), Edit(Span(0, 1), "a")), Applicability.SAFE)
    settled = settle(fix, "a.py", {"a.py": source})
    assert settled is not None
    assert settled.edits == (Edit(Span(7, 7), "c = 3\r\n"),)
    assert settle(fix, "b.py", {"a.py": source}) is None
    outside = Fix("Insert", (Edit(Span(99, 99), "c"),), Applicability.SAFE)
    assert settle(outside, "a.py", {"a.py": source}) is None
    twice = Fix("Insert", (Edit(Span(0, 3), "c"), Edit(Span(2, 4), "d")), Applicability.SAFE)
    assert settle(twice, "a.py", {"a.py": source}) is None


def test_a_fix_needs_all_its_parts() -> None:
    edits = (Edit(Span(0, 0), "x"),)
    assert fixes.safe("Do it", edits, None) is None
    assert fixes.safe("Do it", ()) is None
    made = fixes.unsafe("Do it", edits, ())
    assert made is not None
    assert made.applicability is Applicability.UNSAFE


def test_several_items_are_added_at_once() -> None:
    source = py("def f(\n    a,\n):\n    return {\n        'a': 1\n    }\n")
    function = source.parse().body[0]
    assert isinstance(function, ast.FunctionDef)
    wanted = source.text.replace("    a,\n", "    a,\n    b=1,\n    **kwargs,\n")
    assert after(source, fixes.add_parameter(source, function, "b=1", "**kwargs")) == wanted
    entries = fixes.add_entry(source, first(source, ast.Dict), "'b': 2", "'c': 3")
    assert after(source, entries) == source.text.replace("1\n", "1,\n        'b': 2,\n        'c': 3\n")


def test_long_displays_are_broken() -> None:
    source = py("def f():\n\treturn x\n")
    name = first(source, ast.Name)
    assert fixes.display(source, name, ["'a': 1", "**b"]) == "{'a': 1, **b}"
    long = fixes.display(source, name, [f"'{letter * 40}': 1" for letter in "ab"])
    assert long == "{\n\t\t'" + "a" * 40 + "': 1,\n\t\t'" + "b" * 40 + "': 1,\n\t}"
