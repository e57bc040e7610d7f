"""Two weights of one layer under one name, in a model that is saved to an HDF5 file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._children import looped_attribute
from kerasast.checks._training_steps import layers_kept
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.roles import Role, role_of
from kerasast.flow.text import known_suffix
from kerasast.registry import rule


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("save", "save_weights"),
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
        facts = class_facts(cls, ctx.keras)
        repeated = _repeated(facts) or (_built_twice(facts) if ctx.keras.major < 3 else None)
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


_FIRST_WEIGHTS = {
    "BatchNormalization": "gamma",
    "Conv1D": "kernel",
    "Conv1DTranspose": "kernel",
    "Conv2D": "kernel",
    "Conv2DTranspose": "kernel",
    "Conv3D": "kernel",
    "Dense": "kernel",
    "Embedding": "embeddings",
    "LayerNormalization": "gamma",
}
"""The name of the first weight of layers of Keras."""


def _built_twice(facts: ClassFacts) -> tuple[str, ast.Call] | None:
    """The same for weights of layers that `build` builds by hand: Keras 2 names them as if they were its own."""
    build = facts.method("build")
    if build is None or not facts.ancestry.complete or role_of(facts) is not Role.LAYER:
        return None  # The layers of a model each have a place of their own in the file.
    if "name_scope" in facts.cls.scope.module.source.code:
        return None
    seen: set[str] = set()
    for call in build.calls:
        if not call.builds_another or call.guards.conditional:
            continue
        attribute = call.path[0] if len(call.path) == 2 else looped_attribute(call, build)
        made = [api.removeprefix("keras.layers.") for api, _ in layers_kept(facts, attribute or "")]
        names = [_FIRST_WEIGHTS[name] for name in made if name in _FIRST_WEIGHTS]
        if len(call.path) != 2 and _is_repeated(facts, attribute or ""):
            names *= 2
        for name in names:
            if name in seen:
                return name, call.node
            seen.add(name)
    return None


def _is_repeated(facts: ClassFacts, attribute: str) -> bool:
    """Whether an attribute is `[… for … in range(2)]`, or with a greater number."""
    match [store.value for store in facts.stores[attribute]]:
        case [
            ast.ListComp(
                generators=[
                    ast.comprehension(
                        iter=ast.Call(func=ast.Name("range"), args=[ast.Constant(value=int(count))]), ifs=[]
                    )
                ]
            )
        ]:
            return count > 1
    return False
