"""`model.layers.pop()`: a list that Keras makes anew each time it is asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.ancestry import ancestry
from kerasast.flow.events import ModelCall
from kerasast.registry import rule


@rule(
    category="architecture",
    severity=Severity.WARNING,
    on=(ModelCall,),
    names=("layers.*",),
    calls=("append", "insert", "pop", "remove"),
    text=r"\.layers\.(?:append|insert|pop|remove)\(",
    since="0.1",
)
def layers_list_changed(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    owner, _, method = event.method.partition(".")
    state, node = event.before, event.node
    if owner != "layers" or not method or not state.kind.is_model or not _is_statement(ctx, node):
        return
    if state.cls is not None:
        lineage = ancestry(state.cls, ctx.keras)
        if not lineage.complete or lineage.defines("layers"):
            return
    yield ctx.report(
        node,
        f"`{method}` changes a list that Keras has just made: the model keeps all its layers, and gets no others",
        story=state.trace[:1],
        help=(
            "make a model that ends earlier: `keras.Model(model.input, model.layers[-2].output)`"
            if method in ("pop", "remove")
            else "make a new model with the layer"
        ),
    )


def _is_statement(ctx: Context, node: ast.AST) -> bool:
    """Whether a call `….layers.pop(…)` stands alone, so that it can only be meant to change the model."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="layers"))):
            span = ctx.span(node)
            text = ctx.source.text
            before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
            after = text[span.end :].partition("\n")[0].strip()
            return not before.strip() and (not after or after.startswith(("#", ";")))
    return False
