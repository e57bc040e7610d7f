"""A layer, weight or variable that `call` makes anew each time it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial

from kerasast.checks._hoisting import hoisted
from kerasast.checks._late_state import comes_too_late, is_hidden_from_loading
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Fix, Severity, Step
from kerasast.fixes import unsafe
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.events import ClassDefined
from kerasast.flow.methods import CallSite, MethodFacts
from kerasast.flow.persistence import kept_confidence
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import Role, has_random_state, makes_weights, role_of
from kerasast.flow.values import External
from kerasast.registry import FixAvailability, rule
from kerasast.walking import walk


@rule(
    category="custom-objects",
    severity=Severity.ERROR,
    on=(ClassDefined,),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def state_created_in_call(ctx: Context, event: ClassDefined) -> Iterator[Diagnostic]:
    facts = event.facts
    if role_of(facts) not in (Role.LAYER, Role.MODEL) or "call" not in facts.own or facts.is_decorated:
        return
    reached = _always_reached(facts)
    if any(_is_wrapped(method) for method in reached):
        return
    found = list(_found(facts, reached))
    for method, call, what in found:
        together = [(method, call) for method, call, _ in found]
        confidence = kept_confidence(event) if what == _LOST else Confidence.HIGH
        yield _report(ctx, facts, method, call, what, together, confidence)


def _found(facts: ClassFacts, reached: list[MethodFacts]) -> Iterator[tuple[MethodFacts, CallSite, str]]:
    """The calls that create state, the methods that they are in, and what is wrong with them."""
    stored = _stored(facts)
    for method in reached:
        if method.owner != facts.cls:
            continue
        for call in method.calls:
            what = _what(call, facts)
            if what is None:
                continue
            if not _is_once(call, method, stored):
                yield method, call, what
            elif method.name == "call" and comes_too_late(call, method, facts):
                yield method, call, _TOO_LATE
            elif method.name == "call" and _is_lost(call, method, facts):
                yield method, call, _LOST


_TOO_LATE = "creates state when it first runs: Keras 3 takes the layer for built by then, and raises"


_LOST = (
    "creates state when it first runs, and `built = True` keeps `load_model()` from running it:"
    " a loaded model has random weights there"
)


def _is_lost(call: CallSite, method: MethodFacts, facts: ClassFacts) -> bool:
    return role_of(facts) is Role.MODEL and is_hidden_from_loading(call, method, facts)


def _always_reached(facts: ClassFacts) -> list[MethodFacts]:
    """`call`, and the methods of the class that each run of it runs, or each that has some property."""
    stored = _stored(facts)
    found = [facts.own["call"]]
    for method in found:
        for call in method.calls:
            if len(call.path) != 1 or call.path[0] in ("build", "__init__"):
                continue
            if call.guards.nested or call.guards.tried or _is_once(call, method, stored):
                continue
            called = facts.method(call.path[0])
            if called is not None and called not in found:
                found.append(called)
    return found


def _stored(facts: ClassFacts) -> set[str]:
    """The attributes that change after `__init__` and `build`: a test of one may let code run only once."""
    return {
        store.attr for method in reached_methods(facts, ["call"], mentioned=False) for store in method.stores
    }


def _is_wrapped(method: MethodFacts) -> bool:
    """Whether a decorator may keep what the method creates, as `track_tf1_style_variables` does."""
    return any(
        not (isinstance(target := method.resolve(node), External) and target.name == "tensorflow.function")
        for node in method.node.decorator_list
    )


def _what(call: CallSite, facts: ClassFacts) -> str | None:
    """What a call creates that has state, and what that leads to; `None` if it may create no state."""
    if call.guards.nested or call.guards.tried:
        return None
    if makes_weights(call, facts.version):
        made = "a weight" if call.path else f"a new `{ast.unparse(call.node.func)}`"
        return f"creates {made} every time it runs: it is never trained or saved"
    if has_random_state(call.target, facts.version):
        made = f"a new `{ast.unparse(call.node.func)}`"
        return f"creates {made} every time it runs, whose random generator makes `fit` and `predict` fail"
    return None


def _is_once(call: CallSite, method: MethodFacts, stored: set[str]) -> bool:
    """Whether a test around it may let it happen only the first time: `if self.dense is None`."""
    for test in call.guards.tests:
        for node in walk(test):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == method.self_name and (node.attr in stored or node.attr == "built"):
                    return True
            elif isinstance(node, ast.Name) and node.id in ("hasattr", "getattr"):
                return True
    return False


def _report(
    ctx: Context,
    facts: ClassFacts,
    method: MethodFacts,
    call: CallSite,
    what: str,
    together: Sequence[tuple[MethodFacts, CallSite]],
    confidence: Confidence,
) -> Diagnostic:
    story: tuple[Step, ...] = ()
    if method.name != "call":
        story = (ctx.step(facts.own["call"].node, f"`call` runs `{method.name}`"),)
    return ctx.report(
        call.node,
        f"`{method.name}` of `{facts.cls.name}` {what}",
        story=story,
        help="create it once, in `__init__` or `build`, and keep it on `self`",
        fix=None if what == _LOST else partial(_fix, ctx, facts, call, together),
        confidence=confidence,
    )


def _fix(
    ctx: Context, facts: ClassFacts, call: CallSite, together: Sequence[tuple[MethodFacts, CallSite]]
) -> Fix | None:
    """One fix for all that can be moved, so that it takes the order in which it was created."""
    moved, edits = hoisted(ctx.source, facts, together)
    return unsafe("Create it in `__init__`", edits) if call in moved else None
