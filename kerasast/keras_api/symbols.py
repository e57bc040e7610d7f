"""What Keras's public names are in each generation: kind, signature and ancestry."""

from __future__ import annotations

from dataclasses import dataclass

from kerasast.versions import KerasVersion


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function. `kind` is what `inspect` calls it, in lower case: `keyword_only`.

    `default` is the default's `repr`, `None` without one.
    """

    name: str
    kind: str
    has_default: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A public name: `kind` is `class`, `function`, `module` or `value`.

    `parameters` are those of a call (for a class of its constructor, without `self`); `None` when not known.
    `bases` are the canonical names of the direct bases that are Keras's.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...] | None
    bases: tuple[str, ...]


def lookup(name: str, version: KerasVersion) -> Symbol | None:
    """The symbol of a canonical name in the generation of `version`, or `None` if it has none there."""
    return None


def ancestors(name: str, version: KerasVersion) -> tuple[str, ...]:
    """The canonical names of all Keras ancestors of a class, nearest first (its MRO without itself)."""
    return ()


def exists(dotted_or_name: str, namespace: str, version: KerasVersion) -> bool | None:
    """Whether a public path exists in a namespace in the generation of `version`; `None` if not known."""
    return None
