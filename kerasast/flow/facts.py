"""What one file tells about the whole project: the models that it saves and loads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kerasast.diagnostics import Span, Step
from kerasast.flow.text import HERE

if TYPE_CHECKING:
    from kerasast.index.project import ProjectIndex


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
    """A place that saves a whole model. `path_key` identifies the file; `None` when it is not known.

    `losses` are the losses that the model was compiled with by name.
    """

    path: str
    module: str
    span: Span
    path_key: tuple[object, ...] | None
    format: str | None
    needs: tuple[CustomObject, ...]
    complete: bool
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherSite:
    """A place that writes what is no whole Keras model: weights alone, or a SavedModel for TensorFlow.

    `call` is what writes it, as it is shown to people.
    """

    path: str
    module: str
    span: Span
    path_key: tuple[object, ...] | None
    content: Literal["weights", "SavedModel"]
    call: str


@dataclass(frozen=True, slots=True)
class LoadSite:
    """A place that loads a whole model, and what it provides.

    `provides` are the names given by `custom_objects`, scopes and global registrations in the modules it imports;
    `provides_unknown` when some of these cannot be read. `modules` are the project modules imported by then.
    `compiled` is false for `compile=False`; `safe_mode` false when it is switched off. `ending` is what the path is
    known to end with.
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
    ending: str | None = None


def is_same_file(save: SaveSite | OtherSite, load: LoadSite, project: ProjectIndex) -> bool:
    """Whether what one place saves is certainly what another loads.

    A relative path means the same in files of one folder, and in modules that run together. Elsewhere it may not:
    each example of a collection has its own `model.keras`.
    """
    key = load.path_key
    if key is None or save.path_key != key:
        return False
    if key[0] == "folder":
        return True
    if HERE in _flattened(key):
        return save.path == load.path
    if save.module in load.modules or posixpath.dirname(save.path) == posixpath.dirname(load.path):
        return True
    if key[0] == "path" and str(key[1]).startswith("/"):
        return True
    shared = project.import_closure(save.module) & project.import_closure(load.module)
    return bool(shared - {save.module, load.module})


def _flattened(key: tuple[object, ...]) -> Iterator[object]:
    for part in key:
        if isinstance(part, tuple):
            yield from _flattened(part)
        else:
            yield part


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file contributes to the facts about the project."""

    saves: tuple[SaveSite, ...] = ()
    loads: tuple[LoadSite, ...] = ()
    others: tuple[OtherSite, ...] = ()
