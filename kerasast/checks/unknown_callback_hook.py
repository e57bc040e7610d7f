"""A method of a callback that is meant to be a hook, and that Keras never calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kerasast.checks._hooks import hook_arguments, hooks, is_callback, takes
from kerasast.checks._spelling import close_names
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import rename_function, unsafe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import FixAvailability, rule

_WORDS = {
    "batches": "batch",
    "begins": "begin",
    "ended": "end",
    "ends": "end",
    "epochs": "epoch",
    "eval": "test",
    "evaluate": "test",
    "evaluation": "test",
    "finish": "end",
    "finished": "end",
    "fit": "train",
    "prediction": "predict",
    "start": "begin",
    "started": "begin",
    "starts": "begin",
    "step": "batch",
    "stop": "end",
    "training": "train",
    "val": "test",
    "validation": "test",
}
"""Words of other libraries for those in the names of Keras's hooks."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unknown_callback_hook(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if not is_callback(facts):
        return
    known = hooks(ctx.keras)
    for name, method in facts.own.items():
        if not name.startswith("on_") or name in known or method.is_abstract or method.node.decorator_list:
            continue
        meant = _meant(name, known)
        if meant is not None and not facts.defines(meant) and not _is_used(ctx, facts, name):
            yield ctx.report(
                method.node,
                f"Keras never calls `{name}`: callbacks have no such hook",
                help=f"name it `{meant}`",
                fix=partial(_fix, ctx, method, meant),
            )


def _fix(ctx: Context, method: MethodFacts, meant: str) -> Fix | None:
    if not takes(method, *hook_arguments(meant, ctx.keras)):
        return None
    return unsafe(f"Name it `{meant}`", rename_function(ctx.source, method.node, meant))


def _meant(name: str, known: frozenset[str]) -> str | None:
    """The hook that a name may be meant for."""
    translated = "_".join(_WORDS.get(word, word) for word in name.split("_"))
    if translated in known:
        return translated
    close = close_names(name, known, 2)
    return close[0] if len(close) == 1 else None


def _is_used(ctx: Context, facts: ClassFacts, name: str) -> bool:
    """Whether the project mentions an attribute of this name anywhere, or hands callbacks to `getattr`."""
    return ctx.project.mentions(rf"\.{name}|[\"']{name}[\"']")
