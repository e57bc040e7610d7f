"""Loading a model without what its file needs of the user's own classes and functions."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._files import at_load, in_all, models_in
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.events import ProjectReady
from kerasast.flow.facts import CustomObject, LoadSite, SaveSite
from kerasast.flow.roles import is_builtin_layer
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_FOUND_BY_IMPORT = frozenset({"model", "loss", "metric", "optimizer"})
"""Roles of classes that Keras 2.15 finds by importing their module, if a `.keras` file names one."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "ModelCheckpoint"),
    since="0.1",
)
def missing_custom_objects(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        if load.path_key is None or load.provides_unknown:
            continue
        saves = models_in(ctx, event, load)
        lacking = _lacking(saves, load, ctx.keras)
        if lacking:
            yield _report(ctx, load, saves[0], lacking)


def _lacking(saves: list[SaveSite], load: LoadSite, version: KerasVersion) -> list[CustomObject]:
    """What is missing for whichever of these places wrote the file."""
    return in_all(saves, lambda item, save: _lacks(item, save, load, version))


def _lacks(item: CustomObject, save: SaveSite, load: LoadSite, version: KerasVersion) -> bool:
    """Whether loading fails for want of `item`, as observed on Keras 2.15.0 and 3.15.1."""
    legacy = version.major < 3
    if item.only_compile and not load.compiled:
        return False
    # Of what is registered, the file has the registered name. Keras 2.15 looks for both in a `.keras` file.
    bare = item.registered is None or (legacy and save.format == "keras")
    if item.registered in load.provides or (bare and item.name in load.provides):
        return False
    if _is_stored_code(item, version):
        return load.safe_mode and not (legacy and save.format != "keras")
    if item.registered is not None and item.module in load.modules:
        return False
    match save.format:
        case "h5" | "hdf5" if item.role == "layer" and is_builtin_layer(item.name, version):
            return False  # Keras finds a layer of its own: `builtin-class-name` reports that.
        case "h5" | "hdf5":
            return legacy or _is_named_in_hdf5(item)
        case "tf":
            # Keras 3 raises when it is to save one; in Keras 2 it holds the code of layers and models.
            return legacy and item.role in ("loss", "metric")
        case "keras" if legacy:
            imported = item.is_class and item.role in _FOUND_BY_IMPORT and item.module != save.module
            return not imported and item.role != "regularizer"
    return not legacy


def _is_stored_code(item: CustomObject, version: KerasVersion) -> bool:
    """Whether the file holds the code of a function: that of a lambda, in Keras 2 that of every `Lambda` layer."""
    return item.role == "lambda" and (item.name == "<lambda>" or version.major < 3)


def _is_named_in_hdf5(item: CustomObject) -> bool:
    """Whether loading an HDF5 file in Keras 3 certainly looks `item` up.

    It does not for metrics, nor for losses in a list; that of a class depends on the name of its instance.
    """
    if item.role == "loss":
        return not item.is_class and not item.listed
    return item.role != "metric"


def _report(ctx: Context, load: LoadSite, save: SaveSite, lacking: list[CustomObject]) -> Diagnostic:
    names = [_shown(item, ctx.keras) for item in lacking[:3]]
    if len(lacking) > 3:
        names.append(f"{len(lacking) - 3} more")
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    saved = Step(save.path, save.span, "the model is saved here")
    return at_load(
        ctx,
        load,
        f"`load_model()` cannot rebuild this model: nothing here provides {listed}",
        (*(item.step for item in lacking[:3]), saved),
        _help(lacking, ctx.keras),
    )


def _shown(item: CustomObject, version: KerasVersion) -> str:
    if _is_stored_code(item, version):
        return "the function of its `Lambda` layer"
    return f"the lambda used as {item.role}" if item.name == "<lambda>" else f"`{item.name}`"


def _help(lacking: list[CustomObject], version: KerasVersion) -> str:
    first = lacking[0]
    if _is_stored_code(first, version):
        return "use a registered layer class instead of `Lambda`, or pass `safe_mode=False` if you trust the file"
    if first.name == "<lambda>":
        return "write it as a function with a name, or pass `compile=False`"
    if first.registered is not None:
        return (
            f"import `{first.module}` before loading, so that `{first.name}` is registered, "
            f'or pass `custom_objects={{"{first.registered}": {first.name}}}`'
        )
    named = [item for item in lacking[:3] if item.name != "<lambda>" and item.role != "lambda"]
    objects = ", ".join(f'"{item.name}": {item.name}' for item in named)
    end = ", or `compile=False`" if all(item.only_compile for item in lacking) else ""
    return (
        f"pass `custom_objects={{{objects}}}`{end}, "
        "or register it with `@keras.saving.register_keras_serializable()`"
    )
