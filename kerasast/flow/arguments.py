"""The arguments of a call, bound to the parameters they are for.

They are never changed. They are not frozen because so many are made that the time counts.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasast.flow.values import UNKNOWN, Value
from kerasast.walking import walk


@dataclass(slots=True, unsafe_hash=True)
class Argument:
    """One argument: its value and where it is written (the call itself for one from an unpacked literal)."""

    node: ast.AST
    value: Value
    keyword: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Arguments:
    """The arguments of one call.

    `bound` maps parameter names to arguments, as far as the signature is known; `positional` are those given by
    position, in order. `complete` is false when a `*args` or `**kwargs` that is not a literal hides some.
    """

    bound: Mapping[str, Argument] = field(default_factory=dict)
    positional: tuple[Argument, ...] = ()
    complete: bool = True

    def get(self, name: str) -> Argument | None:
        """The argument given for parameter `name`, if any was written."""
        return self.bound.get(name)

    def value(self, name: str) -> Value | None:
        """The value given for `name`: `None` if it certainly was not given, `UNKNOWN` if that cannot be told."""
        argument = self.bound.get(name)
        if argument is not None:
            return argument.value
        return None if self.complete else UNKNOWN

    def __contains__(self, name: str) -> bool:
        return name in self.bound


def place_of(argument: Argument, call: ast.AST) -> ast.AST:
    """Where to report an argument: where it is written, or `call` if that is not part of it.

    An event in a function of another module is told at the call of that function in the file under analysis.
    """
    return argument.node if is_part_of(argument.node, call) else call


def is_part_of(node: ast.AST, whole: ast.AST) -> bool:
    """Whether a node is in a tree."""
    return any(node is part for part in walk(whole))
