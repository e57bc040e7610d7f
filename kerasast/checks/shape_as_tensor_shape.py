"""`input_shape.as_list()` in `build`: the shape is a tuple in Keras 3."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import enclosing, replace, safe, text_of
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, role_of
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

_METHODS = ("build", "compute_output_shape")

_ADVICE = {
    "as_list": "write `list({0})`",
    "rank": "write `len({0})`",
    "ndims": "write `len({0})`",
    "dims": "write `list({0})`",
    "value": "leave `.value` out",
    "num_elements": "write `math.prod({0})`",
    "is_fully_defined": "write `None not in {0}`",
    "concatenate": "add tuples: `{0} + (…,)`",
}
"""What a `tf.TensorShape`, or once its dimensions, have and a tuple of integers has not; and what to write instead."""


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    keras=">=3",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def shape_as_tensor_shape(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or not facts.ancestry.complete:
        return
    for name in _METHODS:
        method = facts.own.get(name)
        shape = None if method is None else _shape(method)
        if method is None or shape is None:
            continue
        nested = _holds_shapes(method, shape)
        for node in walk(method.node):
            if isinstance(node, ast.BinOp) and not nested and _adds_list(node, shape):
                yield ctx.report(
                    node,
                    f"`{name}` of `{facts.cls.name}` gets `{shape}` as a tuple in Keras 3: adding a list raises a "
                    "`TypeError`",
                    help=f"write `(*{shape}[:-1], …)`, which works with every kind of shape",
                    fix=partial(_add_tuple, ctx.source, node),
                )
            if isinstance(node, ast.Attribute) and (owner := _owner(node, shape)) is not None:
                yield ctx.report(
                    node,
                    f"`{name}` of `{facts.cls.name}` gets `{shape}` as a tuple in Keras 3: "
                    f"`{ast.unparse(node)}` raises an `AttributeError`",
                    help=_ADVICE[node.attr].format(ast.unparse(owner)),
                    fix=partial(_fix, ctx.source, node, owner),
                )


def _fix(source: SourceFile, node: ast.Attribute, owner: ast.expr) -> Fix | None:
    text = text_of(source, owner)
    new = {"as_list": f"list({text})", "dims": f"list({text})", "value": text}
    around = enclosing(source, node)[::-1]
    whole: ast.AST = node
    if node.attr == "as_list":
        if not isinstance(around[0], ast.Call) or around[0].args or around[0].keywords:
            return None
        whole, around = around[0], around[1:]
    if isinstance(around[0], ast.Subscript) and not isinstance(around[0].slice, ast.Slice):
        new |= dict.fromkeys(("as_list", "dims"), text)  # an item of a tuple is as good as that of a list
    new |= dict.fromkeys(("rank", "ndims"), f"len({text})")
    if node.attr not in new:
        return None
    return safe(f"Write `{new[node.attr]}`", replace(source, whole, new[node.attr]))


def _add_tuple(source: SourceFile, node: ast.BinOp) -> Fix | None:
    parts = []
    for side in (node.left, node.right):
        if isinstance(side, ast.List):
            parts += [text_of(source, item) for item in side.elts]
        else:
            parts.append(f"*{text_of(source, side)}")
    return safe("Make one tuple of both", replace(source, node, f"({', '.join(parts)})"))


def _shape(method: MethodFacts) -> str | None:
    """The parameter that Keras gives the shape to, if it stays what Keras gave it."""
    arguments = [*method.node.args.posonlyargs, *method.node.args.args]
    if method.self_name is None or len(arguments) < 2:
        return None
    name = arguments[1].arg
    for node in walk(method.node):
        match node:
            case ast.Try() | ast.Name(id="hasattr" | "isinstance" | "TensorShape"):
                return None
            case ast.Attribute(attr="TensorShape"):
                return None
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                return None
    return name


def _holds_shapes(method: MethodFacts, shape: str) -> bool:
    """Whether it may be a list of the shapes of several inputs: items of its items are asked for."""
    for node in walk(method.node):
        match node:
            case ast.Subscript(value=ast.Subscript(value=ast.Name(id=name), slice=index)) if name == shape:
                if not isinstance(index, ast.Slice):
                    return True
            case ast.For(iter=ast.Name(id=name)) | ast.comprehension(iter=ast.Name(id=name)) if name == shape:
                return True
    return False


def _adds_list(node: ast.BinOp, shape: str) -> bool:
    """Whether it is `shape[:-1] + [3]`, or the other way round, with a list of dimensions."""
    if not isinstance(node.op, ast.Add):
        return False
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, ast.List) and not any(
            isinstance(item, ast.List | ast.Tuple) for item in other.elts
        ):
            match side:
                case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name), slice=ast.Slice()):
                    return name == shape
    return False


def _owner(node: ast.Attribute, shape: str) -> ast.expr | None:
    """What the attribute is of, if that is the shape, or an item of it: of a list of shapes, or a dimension."""
    if node.attr not in _ADVICE:
        return None
    match node.value:
        case ast.Name(id=name) if name == shape and node.attr != "value":
            return node.value
        case ast.Subscript(value=ast.Name(id=name)) if name == shape and node.attr in ("as_list", "value"):
            return node.value
    return None
