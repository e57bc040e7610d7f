"""A hook of a callback that cannot take what Keras calls it with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._hooks import hook_arguments, hooks, is_callback, takes
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import Edits, add_parameter, is_here, safe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def callback_hook_arguments(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if not is_callback(facts):
        return
    known = hooks(ctx.keras)
    for name, method in facts.own.items():
        if name not in known or method.node.decorator_list or method.is_abstract or _is_replaced(facts, name):
            continue
        positional, keywords = hook_arguments(name, ctx.keras)
        if takes(method, positional, keywords):
            continue
        shown = ", ".join([*positional, *(f"{item}={item}" for item in keywords)])
        yield ctx.report(
            method.node,
            f"Keras calls `{name}({shown})`, which raises `TypeError` here",
            help=f"write `def {name}(self, {', '.join([*positional, *keywords])}=None)`",
            fix=partial(_fix, ctx.source, method, [*positional, *keywords]),
        )


def _fix(source: SourceFile, method: MethodFacts, wanted: list[str]) -> Fix | None:
    """Parameters that are missing at the end are added; the last one gets the name that Keras uses."""
    arguments = method.node.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)][1:]
    if arguments.vararg or arguments.kwonlyargs or len(names) > len(wanted):
        return None
    if len(names) == len(wanted):
        if names[:-1] != wanted[:-1] or wanted[-1] in method.locals:
            return None
        return safe(f"Name it `{wanted[-1]}`", _renamed(source, method, names[-1], wanted[-1]))
    missing = wanted[len(names) :]
    if any(name in method.locals for name in missing) or (arguments.defaults and len(missing) > 1):
        return None
    text = ", ".join([*missing[:-1], f"{missing[-1]}=None"])
    return safe(
        f"Take {' and '.join(f'`{name}`' for name in missing)}", add_parameter(source, method.node, text)
    )


def _renamed(source: SourceFile, method: MethodFacts, old: str, new: str) -> Edits:
    """A parameter under another name, wherever the method mentions it."""
    if not is_here(source, method.node):
        return None
    edits = []
    for node in walk(method.node):
        if isinstance(node, ast.arg) and node.arg == old:
            start = source.span(node).start
            edits.append(Edit(Span(start, start + len(old)), new))
        elif isinstance(node, ast.Name) and node.id == old:
            edits.append(Edit(source.span(node), new))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            return None
    return tuple(edits)


def _is_replaced(facts: ClassFacts, name: str) -> bool:
    """`on_batch_end` is called by `on_train_batch_end`, unless the class has another."""
    return name.startswith("on_batch_") and facts.defines(name.replace("on_batch_", "on_train_batch_"))
