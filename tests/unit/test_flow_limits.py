"""Programs that are deep, long, cyclic, or would grow without bounds: each is followed to its end, and soon."""

from __future__ import annotations

import sys
import time

import pytest
from flow_helpers import reports, uncompiled

LIMIT = 20.0
"""Seconds of processor time; each of these takes one at most."""


def _nested(count: int, line: str, inner: str) -> str:
    lines = [" " * depth + line.format(depth) for depth in range(count)]
    return "\n".join([*lines, " " * count + inner]) + "\n"


PROGRAMS = {
    "a sum of many names": "x = " + " + ".join(f"a{i}" for i in range(900)),
    "a chain of calls": "x = keras" + ".a()" * 900,
    "a chain of attributes": "class A(keras" + ".a" * 300 + "): pass\nx = keras" + ".a" * 900,
    "many subscripts": "x = y" + "[0]" * 900,
    "many `not`": "x = " + "not " * 500 + "y",
    "many `elif`": "if a0: pass\n" + "".join(f"elif a{i}: x = {i}\n" for i in range(1, 900)),
    "many conditional expressions": "x = " + " else ".join(f"{i} if a{i}() " for i in range(500)) + " else 0",
    "huge numbers": (
        "for i in range(10**30): pass\nfor i in range(99999999999999999999999): pass\n"
        "l = [1]\nl.insert(99999999999999999999999, 2)\nl.insert(-99999999999999999999999, 2)\n"
        "l * 99999999999999999999\n[1][99999999999999999999]\n'a' * 99999999999999\n1e400 % 3\n"
    ),
    "numbers too long for text": (
        f"n = 0x{'f' * 9000}\nopen(f'{{n}}' + str(n))\n'{{{'9' * 9000}}}'.format(1)\nprint(n % 3, n // 2, n < 3, -n)\n"
    ),
    "doubling in a loop": (
        "s, l, t = 'ab', [1], (1,)\nfor a in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10):\n    for b in (1, 2, 3, 4, 5, 6, 7, 8):\n"
        "        s = s + s\n        l = l + l\n        l += l\n        l.extend(l)\n        t = (t, t)\n"
        "        t = t + t\n        p = f'{s}{s}'\n        d = {a: l, b: l}\n        d.update(d)\n"
    ),
    "containers that hold themselves": (
        "l, d = [], {}\nl.append(l)\nd['d'] = d\nmodel = keras.Sequential(l)\nkeras.Model(l, l)\n"
        "keras.layers.Dense(l)(d)\nmodel.foo = model\nmodel.add(model)\nmodel.summary()\n"
        "for x in l:\n    for y in x: y.fit()\nkeras.layers.Bidirectional(l)\nkeras.Sequential([l])\n"
        "model.compile(loss=l, metrics=d)\nmodel.save('x.keras')\n"
    ),
    "objects that hold themselves": (
        "class A: pass\na = A()\na.a = a\na.l = [a]\nprint(a)\nunknown(a)\n"
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.me = self\n"
        "        self.parts = [self]\nnet = Net()\nnet.trainable = False\nnet.fit()\n"
    ),
    "nested loops over constants": _nested(
        12, "for a{0} in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12):", "f(m)"
    ),
    "nested loops": _nested(18, "for a{0} in x{0}:", "keras.Sequential().fit()"),
    "nested comprehensions": "x = "
    + "[" * 8
    + "keras.layers.Dense(1)"
    + " for a in (1, 2, 3, 4, 5, 6, 7, 8)]" * 8,
    "functions that call one another": "".join(
        f"def f{i}(x):\n    return f{i + 1}(x), f{i + 1}(x + 1), f{i + 1}([x]), f{i + 1}(keras.layers.Dense(1))\n"
        for i in range(40)
    )
    + "f0(1)\n",
    "methods that call one another": "class A:\n"
    + "".join(
        f"    def f{i}(self, x):\n        self.f{i + 1}(x); self.f{i + 1}(1); self.f{i + 1}(self)\n"
        for i in range(40)
    )
    + "A().f0(1)\n",
    "many branches": "".join(
        f"if a{i}: m{i} = keras.Sequential()\nelse: m{i} = keras.Model()\n" for i in range(400)
    ),
    "models that hold one another": "m = keras.Sequential()\n"
    + "".join(
        f"if a{i}: m = keras.Sequential([m])\nelse: m = keras.Model(m.input, m.output)\n" for i in range(150)
    ),
    "a table": "d = {"
    + ", ".join(f"'{i}': keras.layers.Dense({i})" for i in range(3000))
    + "}\nfor k in d: d[k](x)\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_ends(name: str) -> None:
    limit = sys.getrecursionlimit()
    started = time.process_time()
    found = reports("import keras\n" + PROGRAMS[name])
    assert time.process_time() - started < LIMIT
    assert "internal-error" not in {rule for _, rule, _ in found}
    assert sys.getrecursionlimit() == limit


def test_recursion_is_not_followed_for_ever() -> None:
    code = """
    def even(model, n):
        return model if n == 0 else odd(model, n - 1)
    def odd(model, n):
        model.compile("sgd", "mse")
        return even(model, n - 1)
    model = new()
    even(model, 10).fit(X, Y)
    model.fit(X, Y)
    """
    assert uncompiled(code) == []


def test_a_walrus_in_a_comprehension_binds_outside() -> None:
    code = """
    model = new()
    ready = [new() for _ in (1, 2)]
    for each in ready:
        each.compile("sgd", "mse")
    any((model := each) for each in ready)
    model.fit(X, Y)
    """
    assert uncompiled(code) == []
