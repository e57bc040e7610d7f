"""Arguments that `add_weight` had in Keras 2 and has no longer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_for_one_version
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, rename_keyword, safe, set_keyword
from kerasast.flow.events import ClassDefined
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import External
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_REMOVED = {
    "caching_device": "leave it out",
    "collections": "leave it out",
    "experimental_autocast": "it is called `autocast` in Keras 3",
    "getter": "leave it out",
    "layout": "leave it out",
    "partitioner": "leave it out",
    "synchronization": "leave it out",
    "use_resource": "leave it out",
}


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    keras=">=3",
    fix=FixAvailability.ALWAYS,
    since="0.1",
)
def legacy_add_weight_argument(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL, Role.METRIC) or not facts.ancestry.complete:
        return
    if facts.defines("add_weight"):
        return
    for method in facts.own.values():
        for call in method.self_calls("add_weight"):
            if is_for_one_version(call.guards):
                continue
            for keyword in call.node.keywords:
                if keyword.arg in _REMOVED:
                    yield ctx.report(
                        keyword,
                        f"`add_weight` has no argument `{keyword.arg}` in Keras 3: it raises a `TypeError`",
                        help=_REMOVED[keyword.arg],
                        fix=partial(_drop, ctx.source, call.node, keyword.arg),
                    )
                elif keyword.arg == "aggregation":
                    value = method.resolve(keyword.value)
                    if isinstance(value, External) and value.name.startswith(
                        "tensorflow.VariableAggregation."
                    ):
                        name = value.name.rpartition(".")[2].lower()
                        yield ctx.report(
                            keyword,
                            "`add_weight` takes `aggregation` as a string in Keras 3: it raises a `ValueError`",
                            help=f'write `aggregation="{name}"`',
                            fix=partial(_aggregate, ctx.source, call.node, name),
                        )


def _drop(source: SourceFile, call: ast.Call, name: str) -> Fix | None:
    if name == "experimental_autocast":
        return safe(f"Rename `{name}` to `autocast`", rename_keyword(source, call, name, "autocast"))
    return safe(f"Remove `{name}`", remove_argument(source, call, name))


def _aggregate(source: SourceFile, call: ast.Call, name: str) -> Fix | None:
    return safe(f'Write `aggregation="{name}"`', set_keyword(source, call, "aggregation", f'"{name}"'))
