"""The learning rate under the name that it has in the logs of Keras 2."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_asked_for, is_guarded
from kerasast.checks._hooks import is_callback
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import set_string, unsafe
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_HOOK = "on_epoch_end"
_LOGGED = (
    r"""[\"']lr[\"']\s*(?:\]\s*=[^=]|:)|update\(\s*lr\s*=|def lr\b|name\s*=\s*[\"']lr[\"']|__name__\s*="""
)
"""Code that logs something as `lr`: a callback's, or a metric of that name."""


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    text=r"[\"']lr[\"']",
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def legacy_lr_log(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    method = event.facts.own.get(_HOOK)
    if method is None or not is_callback(event.facts):
        return
    for node, key in _reads(method):
        if is_guarded(ctx, node) or is_asked_for(ctx.source, node) or ctx.project.mentions(_LOGGED):
            continue
        effect = "raises `KeyError`" if isinstance(node, ast.Subscript) else "never finds it"
        yield ctx.report(
            node,
            f"Keras 3 logs the learning rate as `learning_rate`: asking the logs for `lr` {effect}",
            help="read `float(self.model.optimizer.learning_rate)`,"
            ' or `logs["learning_rate"]` after a callback that sets it',
            fix=partial(_fix, ctx.source, key),
        )


def _reads(method: MethodFacts) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The places that ask the logs for `lr`, each with the key that it is written as."""
    given = [item.arg for item in (*method.node.args.posonlyargs, *method.node.args.args)][2:3]
    for node in walk(method.node):
        match node:
            case ast.Subscript(
                value=ast.Name(id=name), slice=ast.Constant(value="lr") as key, ctx=ast.Load()
            ):
                if name in given:
                    yield node, key
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value="lr") as key, *_],
            ):
                if name in given:
                    yield node, key


def _fix(source: SourceFile, key: ast.expr) -> Fix | None:
    return unsafe("Ask for `learning_rate`", set_string(source, key, "learning_rate"))
