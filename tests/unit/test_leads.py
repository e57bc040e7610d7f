"""Which functions lead to something that is followed."""

from __future__ import annotations

import ast

import pytest
from flow_helpers import Recorder

from kerasast.check_file import Dispatch
from kerasast.flow.interpreter import Interpreter
from kerasast.flow.leads import leads_anywhere
from kerasast.flow.scopes import ModuleScope
from kerasast.flow.values import ClassValue, FunctionValue
from kerasast.index.module_index import index_module
from kerasast.index.project import ProjectIndex
from kerasast.registry import select_rules
from kerasast.source import SourceFile
from kerasast.versions import KERAS_3

_OTHER = """
import keras
import numpy as np

def makes():
    return keras.layers.Dense(1)

def computes(x):
    return np.square(x)
"""

_PROGRAM = """
import h5py
import keras
import numpy as np
import other
import tensorflow as tf
from functools import partial
from keras import backend as K
from torch import nn

layer = keras.layers.Dense(1)
layers = {"a": [layer]}
numbers = {"a": [1, 2]}
build = partial(other.makes)

def calls_keras(x):
    return keras.Sequential([x])

def asks_keras(x):
    return K.floatx(), keras.utils.to_categorical(x)

def imports_keras():
    from keras.layers import Dense as D
    return D(1)

def reads_layer(x):
    return layer(x)

def reads_layers(x):
    return layers["a"][0](x)

def reads_numbers(x):
    return numbers["a"][0] + x

def calls_partial():
    return build()

def calls_other():
    return other.makes()

def computes(model):
    model.save(np.square(other.computes(1)))

def calls_itself(n):
    return calls_it(n - 1)

def calls_it(n):
    return calls_itself(n)

def calls_caller(n):
    return [calls_caller(n), calls_keras(n)]

def awaited():
    return tf.GradientTape()

def not_awaited(x):
    return tf.square(x)

def hands_on(f):
    return f(tf)

def binds():
    global numbers
    numbers = 1

def binds_itself(layer):
    layers = [layer(1)]
    for build in layers:
        build()
    return lambda: layers, lambda keras: keras.Input(1)

def says_to_bind():
    global layers
    layers = layers["a"]

def default(make=keras.Input):
    return make

def has_inner():
    def inner():
        return lambda: keras.Input(1)
    return inner

class Layer(keras.layers.Layer):
    def in_layer(self, x):
        return self.inner(x)

class Module(nn.Module):
    def in_module(self, model):
        model.fit(1)

class Trainer:
    def __init__(self):
        self.model = keras.Sequential()

class MyTrainer(Trainer):
    def in_trainer(self):
        self.model.fit(1)
"""


@pytest.fixture(scope="module")
def found() -> dict[str, bool]:
    """Whether a function of the program leads anywhere, by its name, where `tf.GradientTape` is awaited."""
    sources = {"program": SourceFile("program.py", _PROGRAM), "other": SourceFile("other.py", _OTHER)}
    indexes = {name: index_module(source, source.parse(), name) for name, source in sources.items()}
    project = ProjectIndex(indexes, sources.get)
    tree = project.tree("program")
    assert tree is not None

    class Waiting(Recorder):
        def awaits(self, name: str) -> bool:
            return name in ("tensorflow", "tensorflow.GradientTape")

    scope = ModuleScope("program", sources["program"], project)
    machine = Interpreter(sources["program"], scope, project, KERAS_3, Waiting(), frozenset())
    machine.walk(tree, set())
    return {name: leads_anywhere(machine, function) for name, function in _functions(tree, machine, scope)}


def _functions(tree: ast.Module, machine: Interpreter, scope: ModuleScope) -> list[tuple[str, FunctionValue]]:
    found = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            found.append((statement.name, FunctionValue(statement, scope)))
        elif isinstance(statement, ast.ClassDef):
            owner = scope.class_of(statement)
            assert isinstance(owner, ClassValue)
            for method in statement.body:
                if isinstance(method, ast.FunctionDef):
                    found.append((method.name, FunctionValue(method, scope, owner)))
    return found


_LEADING = """
calls_keras imports_keras reads_layer reads_layers calls_partial calls_other calls_caller awaited hands_on
says_to_bind default has_inner in_layer in_trainer
"""

_LEADING_NOWHERE = """
asks_keras reads_numbers computes calls_itself calls_it not_awaited binds binds_itself in_module
"""


@pytest.mark.parametrize("name", _LEADING.split())
def test_leads(found: dict[str, bool], name: str) -> None:
    assert found[name]


@pytest.mark.parametrize("name", _LEADING_NOWHERE.split())
def test_leads_nowhere(found: dict[str, bool], name: str) -> None:
    assert not found[name]


def test_what_rules_await() -> None:
    dispatch = Dispatch(select_rules().values(), KERAS_3)
    assert dispatch.awaits("tensorflow")
    assert dispatch.awaits("tensorflow.GradientTape")
    assert dispatch.awaits("pickle.dump")
    assert not dispatch.awaits("keras.utils.get_file")
    assert Dispatch(select_rules(["security"]).values(), KERAS_3).awaits("keras.utils.get_file")
    assert not dispatch.awaits("tensorflow.square")
    assert not dispatch.awaits("numpy.square")
    assert not dispatch.awaits("keras.backend.floatx")


def test_a_rule_may_await_everything() -> None:
    dispatch = Dispatch(select_rules(["unpickled-model"]).values(), KERAS_3)
    assert dispatch.awaits("anything.at.all")
