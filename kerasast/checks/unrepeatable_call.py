"""Saving a model whose `call` Keras cannot repeat when it loads the file, so that its layers stay without weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kerasast.checks._children import holds_unbuilt_layers, is_rebuilt_by_keras
from kerasast.checks._wording import listed
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.methods import MethodFacts
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Kind
from kerasast.registry import rule
from kerasast.walking import children, walk

_NO_INPUTS = ("training", "mask")

_HELP = "take all inputs in one list or dict, or use every layer in a `build` that builds it"


class _Finding(NamedTuple):
    attributes: list[str]
    why: str
    confidence: Confidence


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("save",),
    calls=("save", "save_model"),
    since="0.1",
)
def unrepeatable_call(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    cls = event.before.cls
    if event.method != "save" or event.before.kind is not Kind.SUBCLASSED or cls is None:
        return
    if not (known_suffix(event.arguments.value("filepath")) or "").endswith(".keras"):
        return
    facts = class_facts(cls, ctx.keras)
    call = facts.method("call")
    if call is None or facts.defines("build") or not is_rebuilt_by_keras(facts):
        return
    found = _several_inputs(facts, call) or _optional_layers(facts, call)
    if found is None:
        return
    lost = "is loaded with random weights" if ctx.keras.major >= 3 else "cannot be loaded from this file"
    yield ctx.report(
        event.node,
        f"{listed([f'self.{name}' for name in found.attributes])} of `{cls.name}` {lost}: {found.why}",
        story=event.story,
        help=_HELP,
        confidence=found.confidence,
    )


def _several_inputs(facts: ClassFacts, call: MethodFacts) -> _Finding | None:
    """The layers of a model that has to be given several inputs one by one."""
    arguments = call.node.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)][1:]
    required = names[: len(names) - len(arguments.defaults)]
    inputs = [name for name in required if name not in _NO_INPUTS]
    if len(inputs) < 2 or arguments.vararg is not None:
        return None
    held = [name for name in facts.stores if holds_unbuilt_layers(name, facts)]
    why = f"Keras builds a loaded model by a `call` with one input, and this one takes {listed(inputs)}"
    return _Finding(held, why, Confidence.HIGH) if held else None


def _optional_layers(facts: ClassFacts, call: MethodFacts) -> _Finding | None:
    """The layers that `call` uses only if it is given an argument that has a default."""
    defaults = _constant_defaults(call)
    if not defaults:
        return None
    used: set[str] = set()
    skipped: dict[str, str] = {}
    _Walk(call.self_name or "self", defaults, used, skipped).block(call.node.body, None)
    elsewhere = {
        read.attr
        for method in facts.methods()
        if method.name not in ("call", "__init__")
        for read in method.reads
    }
    names = [name for name in skipped if name not in used | elsewhere and holds_unbuilt_layers(name, facts)]
    if not names or call.passes_self:
        return None
    parameter = skipped[names[0]]
    names = [name for name in names if skipped[name] == parameter]
    why = f"Keras builds a loaded model by a `call` without `{parameter}`"
    return _Finding(names, why, Confidence.HIGH if parameter == "training" else Confidence.MEDIUM)


def _constant_defaults(call: MethodFacts) -> dict[str, object]:
    """The constant defaults of parameters that the method does not bind again."""
    arguments = call.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False),
    ]
    bound = {
        inner.id
        for inner in walk(call.node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    return {
        item.arg: default.value
        for item, default in pairs
        if isinstance(default, ast.Constant) and item.arg not in bound and item.arg != "mask"
    }


class _Walk:
    """A walk over `call` that tells what runs if only what is required is given.

    `why` is the parameter for want of which code is skipped, `None` for code that may run.
    """

    def __init__(
        self, self_name: str, defaults: Mapping[str, object], used: set[str], skipped: dict[str, str]
    ) -> None:
        self.self_name = self_name
        self.defaults = defaults
        self.used = used
        self.skipped = skipped

    def block(self, body: list[ast.stmt], why: str | None) -> None:
        for statement in body:
            if not isinstance(statement, ast.If):
                self.visit(statement, why)
                continue
            self.visit(statement.test, why)
            truth, parameter = self.truth(statement.test)
            self.block(statement.body, why or (parameter if truth is False else None))
            self.block(statement.orelse, why or (parameter if truth is True else None))
            left = statement.body if truth is True else statement.orelse if truth is False else []
            if left and isinstance(left[-1], ast.Return | ast.Raise):
                why = why or parameter

    def visit(self, node: ast.AST, why: str | None) -> None:
        if isinstance(node, ast.IfExp):
            self.visit(node.test, why)
            truth, parameter = self.truth(node.test)
            self.visit(node.body, why or (parameter if truth is False else None))
            self.visit(node.orelse, why or (parameter if truth is True else None))
            return
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.self_name
        ):
            if why is None:
                self.used.add(node.attr)
            else:
                self.skipped.setdefault(node.attr, why)
        for child in children(node):
            self.visit(child, why)

    def truth(self, test: ast.expr) -> tuple[bool | None, str | None]:
        """Whether a test holds with the defaults, if that is certain, and the parameter that it asks for."""
        match test:
            case ast.Name(id=name) if name in self.defaults:
                return bool(self.defaults[name]), name
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth, parameter = self.truth(operand)
                return (None if truth is None else not truth), parameter
            case ast.Compare(left=ast.Name(id=name), ops=[operator], comparators=[ast.Constant(value=None)]):
                if name in self.defaults and isinstance(operator, ast.Is | ast.IsNot):
                    return (self.defaults[name] is None) == isinstance(operator, ast.Is), name
            case ast.BoolOp(op=ast.And(), values=values):
                for value in values:
                    truth, parameter = self.truth(value)
                    if truth is False:
                        return truth, parameter
        return None, None
