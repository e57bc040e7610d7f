"""What one file tells about the whole project: the models that it saves and loads."""

from __future__ import annotations

from dataclasses import dataclass

from kerasast.diagnostics import Span, Step


@dataclass(frozen=True, slots=True)
class CustomObject:
    """Something of the user's own that a saved file names: a class, function, or lambda.

    `role` is `layer`, `model`, `loss`, `metric`, `activation`, `lambda`, …; those of `compile` are not needed when
    loading with `compile=False`. `registered` is the name given by `register_keras_serializable`, `module` the
    project module that defines it. `is_class` tells classes from functions, `listed` what `compile()` was given in a
    list or dict.
    """

    name: str
    role: str
    module: str
    registered: str | None
    step: Step
    is_class: bool = False
    listed: bool = False

    @property
    def only_compile(self) -> bool:
        return self.role in ("loss", "metric", "optimizer")


@dataclass(frozen=True, slots=True)
class SaveSite:
    """A place that saves a whole model. `path_key` identifies the file; `None` when it is not known."""

    path: str
    module: str
    span: Span
    path_key: tuple[object, ...] | None
    format: str | None
    needs: tuple[CustomObject, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class LoadSite:
    """A place that loads a whole model, and what it provides.

    `provides` are the names given by `custom_objects`, scopes and global registrations in the modules it imports;
    `provides_unknown` when some of these cannot be read. `modules` are the project modules imported by then.
    `compiled` is false for `compile=False`; `safe_mode` false when it is switched off.
    """

    path: str
    module: str
    span: Span
    path_key: tuple[object, ...] | None
    provides: frozenset[str]
    provides_unknown: bool
    modules: frozenset[str]
    compiled: bool
    safe_mode: bool


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file contributes to the facts about the project."""

    saves: tuple[SaveSite, ...] = ()
    loads: tuple[LoadSite, ...] = ()
