"""`random.random()` in `call`: a number that is drawn once, when the function is traced."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kerasast.checks._eager import runs_eagerly
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.arguments import is_part_of
from kerasast.flow.events import ClassDefined, ObjectCreated
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, role_of
from kerasast.flow.scopes import static_value
from kerasast.flow.values import External, FunctionValue, Value
from kerasast.registry import rule
from kerasast.walking import walk

_ENTRIES = {Role.LAYER: ("call",), Role.MODEL: ("call", "train_step", "test_step")}

_PYTHON = "betavariate choice choices expovariate gauss normalvariate randint random randrange sample uniform"

_NUMPY = "beta binomial choice exponential gamma normal permutation poisson rand randint randn random uniform"

_DRAWS = frozenset(
    {
        *(f"random.{name}" for name in _PYTHON.split()),
        *(f"numpy.random.{name}" for name in (*_NUMPY.split(), "random_sample", "standard_normal")),
    }
)
"""Functions of Python and NumPy that draw random numbers."""


@rule(
    category="training",
    severity=Severity.WARNING,
    on=(ClassDefined, ObjectCreated),
    calls=("Lambda",),
    text="random",
    since="0.1",
)
def random_number_in_call(ctx: Context, event: ClassDefined | ObjectCreated) -> Iterator[Diagnostic]:
    if runs_eagerly(ctx):
        return
    if isinstance(event, ObjectCreated):
        yield from _in_lambda(ctx, event)
        return
    facts = event.facts
    for entry in _ENTRIES.get(role_of(facts) or Role.LOSS, ()):
        for method in reached_methods(facts, [entry], mentioned=False):
            if method.owner != facts.cls or facts.is_decorated:
                continue
            story: tuple[Step, ...] = ()
            if method.name != entry and entry in facts.own:
                story = (ctx.step(facts.own[entry].node, f"`{entry}` runs `{method.name}`"),)
            for call in method.calls:
                if _draws(call.target) and not call.guards.nested:
                    yield _report(ctx, call.node, f"`{method.name}` of `{facts.cls.name}`", story)


def _draws(target: Value) -> bool:
    return isinstance(target, External) and target.name in _DRAWS


def _in_lambda(ctx: Context, event: ObjectCreated) -> Iterator[Diagnostic]:
    """`Lambda(lambda x: x + np.random.normal())`."""
    if event.state.api != "keras.layers.Lambda" or event.state.cls is not None:
        return
    function = event.state.arguments.get("function")
    if not isinstance(function, FunctionValue) or not is_part_of(function.node, event.node):
        return
    for node in walk(function.node):
        if isinstance(node, ast.Call) and _draws(static_value(node.func, function.scope)):
            yield _report(ctx, node, "this `Lambda`", ())


def _report(ctx: Context, node: ast.Call, where: str, story: tuple[Step, ...]) -> Diagnostic:
    if ctx.keras.major >= 3:
        advice = "keep a `keras.random.SeedGenerator` on `self`, and use `keras.random` with `seed=` of it"
    else:
        advice = "use `tf.random`"
    return ctx.report(
        node,
        f"`{ast.unparse(node.func)}` in {where} is a constant in `fit()` and `predict()`: "
        "it is drawn once, when Keras traces the code",
        story=story,
        help=advice,
    )
