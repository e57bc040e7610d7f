"""Which functions are worth walking on their own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kerasast.check_file import FLOW_EVENTS
from kerasast.flow.interest import Interest, combined, interesting_functions
from kerasast.registry import Rule, all_rules
from kerasast.source import SourceFile

ROOT = Path(__file__).parents[2]

_PROGRAM = """
def trains(model):
    model.fit(x)

def leads_there():
    trains(make())

def defines():
    def fit(x):
        pass

def outfits(model):
    model.outfit(x)

def spaced(model):
    model.fit (x)

def assigns(optimizer):
    optimizer.lr = 0.1

def compares(optimizer):
    return optimizer.lr == 0.1

def uses_module(x):
    return tf.square(x)

def uses_attribute(x):
    return x.tf.square

def comments(model):
    print("a")  # model.comment()
    # model.comment()
    print('#', model.remark())
    print("it's \\" #", model.remark())

class Trainer:
    def __init__(self):
        self.model.fit(x)

def makes_trainer():
    Trainer()
"""


def _found(interest: Interest) -> set[str]:
    tree = ast.parse(_PROGRAM)
    nodes = interesting_functions(SourceFile("program.py", _PROGRAM), tree, [interest])
    assert nodes is not None
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("interest", "expected"),
    [
        (Interest(frozenset({"fit"})), {"trains", "leads_there", "spaced", "__init__", "makes_trainer"}),
        (Interest(frozenset({".lr"})), {"assigns"}),
        (Interest(frozenset({"tf."})), {"uses_module"}),
        (Interest(text=r"outfit\("), {"outfits"}),
        (Interest(frozenset({"fit"}), frozenset({"make"})), {"leads_there"}),
        (Interest(frozenset({"fit"}), text=r"fit \("), {"spaced"}),
        (Interest(frozenset({"fit"}), frozenset({"absent"})), set()),
        (Interest(frozenset({"comment"})), set()),
        (Interest(text="comment"), {"comments"}),
        (Interest(text=r"\.comment"), set()),
        (Interest(frozenset({"remark"})), {"comments"}),
    ],
    ids=[
        *("called", "assigned", "module", "text", "also", "calls and text", "nothing"),
        *("call in comment", "name of function", "text in comment", "after string"),
    ],
)
def test_found(interest: Interest, expected: set[str]) -> None:
    assert _found(interest) == expected


@pytest.mark.parametrize("path", sorted((ROOT / "kerasast").rglob("*.py"))[::4], ids=lambda path: path.name)
def test_combined_interests_find_the_same(path: Path) -> None:
    source = SourceFile(path.name, path.read_text())
    each = [
        Interest(rule.calls, rule.also, rule.text) for rule in all_rules().values() if rule.calls or rule.text
    ]
    fewer = combined(each)
    assert len(fewer) < len(each) / 2
    tree = source.parse()
    assert interesting_functions(source, tree, fewer) == interesting_functions(source, tree, each)


@pytest.mark.parametrize("rule", all_rules().values(), ids=all_rules().keys())
def test_rules_say_what_they_wait_for(rule: Rule) -> None:
    """One that does not makes every function of every file be walked."""
    if any(event in FLOW_EVENTS for event in rule.on):
        assert rule.calls or rule.text
