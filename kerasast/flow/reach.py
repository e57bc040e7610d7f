"""Which methods of a class run when Keras calls one of them."""

from __future__ import annotations

from collections.abc import Iterable

from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import MethodFacts

_RUN_BY_KERAS = frozenset({"build", "__init__"})


def reached_methods(
    facts: ClassFacts, entries: Iterable[str], *, mentioned: bool = True
) -> list[MethodFacts]:
    """The methods called `entries`, and those of the class that they call, directly or not.

    With `mentioned`, also those that they only mention: properties, and methods given to other code. Where one
    calls `super()`'s method of the same name, those of the project bases are among them. `__init__` and `build`
    are not followed from elsewhere.
    """
    found: dict[int, MethodFacts] = {}
    pending = [method for name in entries if (method := facts.method(name)) is not None]
    while pending:
        method = pending.pop()
        if id(method.node) in found:
            continue
        found[id(method.node)] = method
        names = {call.path[0] for call in method.calls if len(call.path) == 1}
        if mentioned:
            names.update(read.attr for read in method.reads)
        for name in names:
            called = facts.method(name) if name not in _RUN_BY_KERAS else None
            if called is not None:
                pending.append(called)
        pending.extend(_super_methods(facts, method))
    return list(found.values())


def _super_methods(facts: ClassFacts, method: MethodFacts) -> list[MethodFacts]:
    if not any(method.super_calls(method.name)):
        return []
    lineage = [parent for parent in facts.lineage if parent.cls != method.owner]
    return [parent.own[method.name] for parent in lineage if method.name in parent.own]
