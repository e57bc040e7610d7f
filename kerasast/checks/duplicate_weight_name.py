"""Two weights of one layer under one name, in a model that is saved to an HDF5 file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    calls=("save", "save_weights"),
    text=r"h5|hdf5",
    since="0.1",
)
def duplicate_weight_name(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method != "save" and not (event.method == "save_weights" and ctx.keras.major < 3):
        return
    suffix = known_suffix(event.arguments.value("filepath"))
    if suffix is None or not suffix.endswith((".h5", ".hdf5")) or suffix.endswith(".weights.h5"):
        return
    if event.before.escaped or "save_format" in event.arguments or not event.arguments.complete:
        return
    for part in event.view.contents(event.target):
        cls = event.view.state(part).cls
        if cls is None or cls.scope.module.source is not ctx.source:
            continue
        repeated = _repeated(class_facts(cls, ctx.keras))
        if repeated is not None:
            name, node = repeated
            step: Step = ctx.step(node, f"a weight called `{name}` again")
            yield ctx.report(
                event.node,
                f"`{cls.name}` has several weights called `{name}`, which an HDF5 file cannot hold: it raises",
                story=(step,),
                help="give each weight a name of its own, or save to a `.keras` file",
            )


def _repeated(facts: ClassFacts) -> tuple[str, ast.Call] | None:
    """A name that the class certainly gives to more than one of its weights, and where it does so again."""
    if not facts.ancestry.complete or facts.defines("add_weight"):
        return None
    seen: set[str] = set()
    for name in ("__init__", "build"):
        method = facts.method(name)
        for call in method.self_calls("add_weight") if method is not None else ():
            given = next((item.value for item in call.node.keywords if item.arg == "name"), None)
            if (
                call.guards.conditional
                or not isinstance(given, ast.Constant)
                or not isinstance(given.value, str)
            ):
                continue
            if given.value in seen:
                return given.value, call.node
            seen.add(given.value)
    return None
