"""A hook of a callback that cannot take what Keras calls it with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._hooks import hooks, is_callback
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import rule
from kerasast.versions import KerasVersion


@rule(category="training", severity=Severity.ERROR, on=(ClassDefined,), since="0.1")
def callback_hook_arguments(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if not is_callback(facts):
        return
    known = hooks(ctx.keras)
    for name, method in facts.own.items():
        if name not in known or method.node.decorator_list or method.is_abstract or _is_replaced(facts, name):
            continue
        positional, keywords = _given(name, ctx.keras)
        if _accepts(method, positional, keywords):
            continue
        shown = ", ".join([*positional, *(f"{item}={item}" for item in keywords)])
        yield ctx.report(
            method.node,
            f"Keras calls `{name}({shown})`, which raises `TypeError` here",
            help=f"write `def {name}(self, {', '.join([*positional, *keywords])}=None)`",
        )


def _given(name: str, version: KerasVersion) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a hook is given by position and by keyword. Observed on Keras 2.15 and 3.15."""
    if name.startswith("on_epoch_"):
        return ("epoch", "logs"), ()
    if "batch" not in name:
        return ("logs",), ()
    if version.major >= 3 or name.startswith("on_batch_"):
        return ("batch",), ("logs",)
    return ("batch", "logs"), ()


def _is_replaced(facts: ClassFacts, name: str) -> bool:
    """`on_batch_end` is called by `on_train_batch_end`, unless the class has another."""
    return name.startswith("on_batch_") and facts.defines(name.replace("on_batch_", "on_train_batch_"))


def _accepts(method: MethodFacts, positional: tuple[str, ...], keywords: tuple[str, ...]) -> bool:
    arguments: ast.arguments = method.node.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)][1:]
    if method.self_name is None:
        return True
    taken = len(positional)
    if taken > len(names) and arguments.vararg is None:
        return False
    rest = names[taken:]
    required = names[: len(names) - len(arguments.defaults)][taken:]
    only = [item.arg for item in arguments.kwonlyargs]
    required += [name for name, default in zip(only, arguments.kw_defaults, strict=True) if default is None]
    if any(name not in keywords for name in required):
        return False
    return arguments.kwarg is not None or all(name in (*rest, *only) for name in keywords)
