"""What a name of a module can be bound to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportBinding:
    """A name bound by an import. `target` is absolute and dotted: `keras.layers`, `package.module.name`.

    The target of a `relative` import starts from the importing module's own name and so is the name of one
    module of the project; that of an absolute import is what the file says, and has yet to be looked up.
    """

    target: str
    relative: bool = False


@dataclass(frozen=True, slots=True)
class AliasBinding:
    """A name bound to a dotted expression of this module: `layers = tf.keras.layers`."""

    expression: str


@dataclass(frozen=True, slots=True)
class LiteralBinding:
    """A name bound to a literal: a number, string, bytes, bool, None, or a tuple/list/dict of such."""

    value: object


@dataclass(frozen=True, slots=True)
class OpaqueBinding:
    """A name bound to anything else."""


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function or method. `line` (1-based) and `name` find its node in the module's tree again.

    `decorators` are dotted expressions of this module, for a call those of its function; empty text for one
    that has no such name.
    """

    name: str
    line: int
    decorators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class. `bases` are dotted expressions of this module, `None` where a base is not one.

    `decorators` are as in `FunctionInfo`. `attributes` are the names that the class body or any method
    assigns (`self.x = …`).
    """

    name: str
    line: int
    bases: tuple[str | None, ...] = ()
    decorators: tuple[str, ...] = ()
    methods: tuple[FunctionInfo, ...] = ()
    attributes: frozenset[str] = frozenset()


Binding = ImportBinding | AliasBinding | LiteralBinding | OpaqueBinding | FunctionInfo | ClassInfo

OPAQUE = OpaqueBinding()
