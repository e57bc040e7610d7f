"""A `compute_output_shape` that says something else than `call` does, or says nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._loss_functions import full_name
from kerasast.checks._training_steps import local_value
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import MethodFacts
from kerasast.flow.roles import Role, role_of
from kerasast.registry import rule
from kerasast.walking import walk

_MODULES = ("tensorflow.", "tensorflow.math.", "keras.backend.", "keras.ops.")

_REDUCTIONS = """
all any argmax argmin max mean min prod reduce_all reduce_any reduce_max reduce_mean reduce_min reduce_prod reduce_std
reduce_sum reduce_variance std sum var
"""
_REDUCING = frozenset(_REDUCTIONS.split())
"""Functions that take one axis away, if they are given one."""

_ELEMENTWISE = "abs cast exp identity log relu sigmoid sign sqrt square stop_gradient tanh"
_SAME = frozenset(_ELEMENTWISE.split())


@rule(category="custom-objects", severity=Severity.WARNING, on=(ClassDefined,), keras=">=3", since="0.1")
def wrong_output_shape(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    declared = facts.own.get("compute_output_shape")
    if declared is None or role_of(facts) is not Role.LAYER or not _is_plain(declared, facts):
        return
    if all(item.value is None for item in declared.returns):
        if _ends(declared):
            yield ctx.report(
                declared.node,
                f"`compute_output_shape` of `{facts.cls.name}` returns nothing: Keras 3 takes no such layer",
                help="return the shape, or leave the method out: Keras 3 works the shape out from `call`",
            )
        return
    change = _change(facts)
    if change is not None and _gives_input_shape(declared):
        node, ranks = change
        how = "fewer" if ranks < 0 else "more"
        dimensions = "dimension" if abs(ranks) == 1 else "dimensions"
        yield ctx.report(
            declared.node,
            f"`compute_output_shape` of `{facts.cls.name}` returns the shape of the input, but the output has "
            f"{abs(ranks)} {dimensions} {how}: Keras 3 takes its word for it",
            story=(ctx.step(node, "what `call` returns"),) if "call" in facts.own else (),
            help="return the shape of the output, or leave the method out: Keras 3 works it out from `call`",
        )


def _is_plain(method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether it is an ordinary method, of a class that says nothing else about its outputs."""
    if method.node.decorator_list or method.is_abstract or not isinstance(method.node, ast.FunctionDef):
        return False
    return (
        facts.ancestry.complete
        and not facts.is_decorated
        and not facts.is_abstract
        and not any(facts.defines(name) for name in ("compute_output_spec", "__call__"))
    )


def _ends(method: MethodFacts) -> bool:
    """Whether the end of the body is reached by something other than an error."""
    last = method.node.body[-1]
    return not any(
        isinstance(node, ast.Raise | ast.Yield | ast.YieldFrom) for node in walk(method.node)
    ) and (not isinstance(last, ast.Return) or last.value is None)


def _gives_input_shape(method: MethodFacts) -> bool:
    """Whether all it does is to return the shape that it is given."""
    arguments = [*method.node.args.posonlyargs, *method.node.args.args]
    body = [item for item in method.node.body if not _is_docstring(item)]
    match body:
        case [ast.Return(value=ast.Name(id=name))]:
            return len(arguments) == 2 and name == arguments[1].arg
    return False


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _change(facts: ClassFacts) -> tuple[ast.expr, int] | None:
    """What `call` returns, and by how much its rank certainly differs from that of its one input."""
    method = facts.method("call")
    if method is None or len(method.returns) != 1 or method.node.decorator_list:
        return None
    arguments = [*method.node.args.posonlyargs, *method.node.args.args][1:]
    value = local_value(method, method.returns[0].value)
    if not arguments or value is None or _is_rebound(arguments[0].arg, method):
        return None
    ranks = _ranks(value, arguments[0].arg, method)
    return (value, ranks) if ranks else None


def _is_rebound(name: str, method: MethodFacts) -> bool:
    nodes = (node for part in method.node.body for node in walk(part))
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in nodes
    )


def _ranks(node: ast.expr, given: str, method: MethodFacts) -> int | None:
    """How many more dimensions an expression has than the input; `None` if that is not certain."""
    match node:
        case ast.Name(id=name):
            if name == given:
                return 0
            value = local_value(method, node)
            return None if value is None or value is node else _ranks(value, given, method)
        case ast.BinOp(left=left, right=ast.Constant()):
            return _ranks(left, given, method)
        case ast.BinOp(left=ast.Constant(), right=right):
            return _ranks(right, given, method)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _ranks(operand, given, method)
        case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
            return _sum(_ranks(value, given, method), _of_index(items))
        case ast.Call(func=func, args=[value, *rest]):
            return _sum(
                _ranks(value, given, method), _of_function(node, full_name(method.resolve(func)), rest)
            )
    return None


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _of_index(items: list[ast.expr]) -> int | None:
    """`x[:, 0]` has a dimension less, `x[..., None]` one more."""
    ranks = 0
    for item in items:
        match item:
            case ast.Slice():
                pass
            case ast.Constant(value=value) if value is ...:
                pass
            case ast.Constant(value=None):
                ranks += 1
            case _ if _is_number(item):
                ranks -= 1
            case _:
                return None
    return ranks


def _of_function(node: ast.Call, name: str, rest: list[ast.expr]) -> int | None:
    module, _, function = name.rpartition(".")
    if f"{module}." not in _MODULES:
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if function in _SAME:
        return 0
    axis = rest[0] if rest else given.get("axis")
    if axis is None or len(rest) > 1 or not _is_number(axis):
        return None
    if function == "expand_dims":
        return 1
    if function in _REDUCING and set(given) <= {"axis", "name"}:
        return -1
    return None


def _is_number(node: ast.expr) -> bool:
    """Whether it is a number, perhaps a negative one."""
    number = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(number, ast.Constant) and type(number.value) is int
