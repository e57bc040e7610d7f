"""Short ways to ask what the analysis says of a program."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping

from kerasast.flow.events import (
    ApiUse,
    AttributeSet,
    ClassDefined,
    Event,
    ExternalCall,
    ModelCall,
    ObjectCreated,
)
from kerasast.flow.facts import FileFacts
from kerasast.flow.interpreter import interpret
from kerasast.index.module_index import index_module
from kerasast.index.project import ProjectIndex
from kerasast.source import SourceFile, source_from_bytes
from kerasast.testing import analyze_files
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

PRELUDE = """\
import keras
import numpy as np

X, Y = np.zeros((2, 4)), np.zeros((2, 1))


def new():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
"""
"""`new()` gives a model that is built and not compiled."""

VERSIONS = (KERAS_2, KERAS_3)


class Recorder:
    """The events of one interpretation, in order; `facts` is what the file tells about the project."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.facts = FileFacts()

    def emit(self, event: Event) -> None:
        """Record an event."""
        self.events.append(event)

    def hears(self, event: type[Event], name: str) -> bool:
        return True

    audience = "everything"

    def awaits(self, name: str) -> bool:
        return True

    def enter(self, statement: int) -> None:
        """Events are told in the order in which they happen."""

    def mark(self) -> int:
        """How many events there are."""
        return len(self.events)

    def take_back(self, mark: int) -> None:
        """Forget the events since a mark."""
        del self.events[mark:]

    def calls(self, method: str) -> list[ModelCall]:
        """The calls of a method of models and layers."""
        return [event for event in self.events if isinstance(event, ModelCall) and event.method == method]


def record(
    code: str,
    *others: tuple[str, str],
    version: KerasVersion = KERAS_3,
    path: str = "program.py",
) -> Recorder:
    """Interpret `code`, the file at `path`, beside other files (path and code), with all events wanted."""
    files = {path: textwrap.dedent(code), **{name: textwrap.dedent(text) for name, text in others}}
    sources = {_module(name): source_from_bytes(name, text.encode()) for name, text in files.items()}
    return record_source(_module(path), sources, version)


def record_source(module: str, sources: Mapping[str, SourceFile], version: KerasVersion) -> Recorder:
    """Interpret one of several sources, by module."""
    trees = {name: source.parse() for name, source in sources.items()}
    project = ProjectIndex(
        {name: index_module(sources[name], tree, name) for name, tree in trees.items()}, sources.get
    )
    recorder = Recorder()
    wanted: frozenset[type[Event]] = frozenset(
        {ApiUse, AttributeSet, ClassDefined, ExternalCall, ModelCall, ObjectCreated}
    )
    recorder.facts = interpret(sources[module], trees[module], module, project, version, recorder, wanted)
    return recorder


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def reports(code: str | Mapping[str, str], version: KerasVersion = KERAS_3) -> list[tuple[str, str, str]]:
    """What kerasast reports on a file `program.py`, or on several: path, rule, and the stripped line."""
    files = {"program.py": code} if isinstance(code, str) else dict(code)
    files = {path: textwrap.dedent(text) for path, text in files.items()}
    found = []
    for item in analyze_files(files, version):
        source = source_from_bytes(item.path, files[item.path].encode())
        line = source.text.splitlines()[source.line_at(item.span.start) - 1]
        found.append((item.path, item.rule, line.strip()))
    return found


def uncompiled(code: str) -> list[str]:
    """The lines of `code`, run after `PRELUDE`, that fit a model which is certainly not compiled, in any Keras."""
    program = PRELUDE + textwrap.dedent(code)
    found = {version: _uncompiled(program, version) for version in VERSIONS}
    assert found[KERAS_2] == found[KERAS_3]
    return found[KERAS_3]


def _uncompiled(program: str, version: KerasVersion) -> list[str]:
    said = reports(program, version)
    assert "internal-error" not in {rule for _, rule, _ in said}, said
    return [line for _, rule, line in said if rule == "fit-without-compile"]


def parsed(expression: str) -> ast.expr:
    """The tree of an expression."""
    return ast.parse(expression, mode="eval").body
