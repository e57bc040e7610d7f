"""Which bindings of a name are left where paths of a module's top level meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kerasast.index.bindings import OPAQUE, AliasBinding, Binding, ImportBinding

MAX_BINDINGS = 16
"""A name that may be bound in more ways has an opaque binding for the rest of them."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What some statements bind a name to; `definite` if they do so on every path."""

    bindings: tuple[Binding, ...]
    definite: bool = True


Delta = dict[str, Bound]
"""What a run of statements does to names."""


def bind(names: Delta, name: str, bound: Bound) -> None:
    """Let `bound` happen to `name` after everything that `names` holds."""
    previous = names.get(name)
    if previous is None:
        names[name] = bound
        return
    bindings = _without_self_reference(name, bound.bindings, previous.bindings)
    if bound.definite:
        names[name] = Bound(bindings)
    else:
        names[name] = Bound(_union(previous.bindings, bindings), previous.definite)


def join(arms: Iterable[Delta]) -> Delta:
    """What happens to names when one of `arms` runs."""
    arms = list(arms)
    if len(arms) == 1:
        return arms[0]
    joined: Delta = {}
    for name in dict.fromkeys(name for arm in arms for name in arm):
        found = [arm[name] for arm in arms if name in arm]
        bindings = found[0].bindings
        for bound in found[1:]:
            bindings = _union(bindings, bound.bindings)
        joined[name] = Bound(bindings, len(found) == len(arms) and all(bound.definite for bound in found))
    return joined


def weaken(names: Delta) -> Delta:
    """The same, where it may also not happen."""
    return {name: Bound(bound.bindings, False) for name, bound in names.items()}


def _union(first: tuple[Binding, ...], second: tuple[Binding, ...]) -> tuple[Binding, ...]:
    if len(first) >= MAX_BINDINGS:
        return first
    # by representation: LiteralBinding(1) equals LiteralBinding(True), and lists cannot be hashed
    union = tuple({repr(binding): binding for binding in (*first, *second)}.values())
    return union if len(union) < MAX_BINDINGS else (*union[: MAX_BINDINGS - 1], OPAQUE)


def _without_self_reference(
    name: str, bindings: tuple[Binding, ...], previous: tuple[Binding, ...]
) -> tuple[Binding, ...]:
    """Replace `tf` in `tf = tf.compat.v1` by what it meant before."""
    if not any(isinstance(binding, AliasBinding) and _head(binding) == name for binding in bindings):
        return bindings
    result: list[Binding] = []
    for binding in bindings:
        if isinstance(binding, AliasBinding) and _head(binding) == name:
            rest = binding.expression[len(name) :]
            result.extend(_attribute(old, rest) for old in previous)
        else:
            result.append(binding)
    return tuple(result)


def _head(binding: AliasBinding) -> str:
    return binding.expression.partition(".")[0]


def _attribute(binding: Binding, rest: str) -> Binding:
    if not rest:
        return binding
    match binding:
        case ImportBinding(target, relative):
            return ImportBinding(target + rest, relative)
        case AliasBinding(expression):
            return AliasBinding(expression + rest)
    return OPAQUE
