"""A metric that a step updates and that the model's `metrics` property leaves out, so that it is never reset."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._training_steps import is_metric_call, own_steps
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from kerasast.fixes import Edits, is_here, unsafe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def metric_not_listed(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    listing = facts.method("metrics")
    listed = None if listing is None else _listed(listing)
    if listing is None or listed is None:
        return
    reported: set[str] = set()
    for method in own_steps(facts):
        for call in method.calls:
            if len(call.path) != 2 or call.path[1] != "update_state":
                continue
            name = call.path[0]
            if name in listed or name in reported or not _is_metric(name, facts) or _is_reset(ctx, name):
                continue
            reported.add(name)
            yield ctx.report(
                call.node,
                f"`self.{name}` is not among the `metrics` of `{facts.cls.name}`: it is never reset,"
                " and goes on counting from one epoch to the next",
                story=(ctx.step(listing.node, "the metrics that are reset"),)
                if listing.owner == facts.cls
                else (),
                help=f"add `self.{name}` to the list that `metrics` returns",
                fix=partial(_fix, ctx.source, listing, name),
            )


def _fix(source: SourceFile, listing: MethodFacts, name: str) -> Fix | None:
    """Add the metric to the list."""
    for node in listing.node.body:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.List) and node.value.elts:
            last = source.span(node.value.elts[-1]).end
            added = f", {listing.self_name}.{name}"
            edits: Edits = (Edit(Span(last, last), added),) if is_here(source, node) else None
            return unsafe(f"Add `self.{name}` to the `metrics`", edits)
    return None


def _listed(method: MethodFacts) -> set[str] | None:
    """The attributes in the list that a `metrics` property returns; `None` if it may hold others."""
    if not any(ast.unparse(item) == "property" for item in method.node.decorator_list):
        return None
    match [item for item in method.node.body if not isinstance(item, ast.Expr)]:
        case [ast.Return(value=ast.List(elts=elements) | ast.Tuple(elts=elements))]:
            names = {
                item.attr
                for item in elements
                if isinstance(item, ast.Attribute)
                and isinstance(item.value, ast.Name)
                and item.value.id == method.self_name
            }
            return names if len(names) == len(elements) else None
    return None


def _is_metric(attribute: str, facts: ClassFacts) -> bool:
    """Whether an attribute is certainly a metric, and the only name of it."""
    stores = facts.stores.get(attribute, [])
    for store in stores:
        method = facts.method(store.method)
        if method is None or not isinstance(store.value, ast.Call):
            return False
        if not is_metric_call(store.value, method, facts):
            return False
    return bool(stores) and not any(
        read.attr == attribute and other.value is read.node
        for method in facts.methods()
        for other in method.stores
        for read in method.reads
    )


def _is_reset(ctx: Context, attribute: str) -> bool:
    """Whether code of the project resets the metric by itself."""
    return ctx.project.mentions(rf"{attribute}\.reset_state")
