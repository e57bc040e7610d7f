"""Loading a model without what its file needs of the user's own classes and functions."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.events import ProjectReady
from kerasast.flow.facts import CustomObject, LoadSite, SaveSite
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_FOUND_BY_IMPORT = frozenset({"model", "loss", "metric", "optimizer", "regularizer"})
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
        saves = [save for save in event.saves if save.path_key == load.path_key]
        lacking = _lacking(saves, load, ctx.keras)
        if lacking:
            yield _report(ctx, load, saves[0], lacking)


def _lacking(saves: list[SaveSite], load: LoadSite, version: KerasVersion) -> list[CustomObject]:
    """What is missing for whichever of these places wrote the file."""
    if not saves:
        return []
    candidates = [item for item in saves[0].needs if _lacks(item, saves[0], load, version)]
    for save in saves[1:]:
        names = {item.name for item in save.needs if _lacks(item, save, load, version)}
        candidates = [item for item in candidates if item.name in names]
    return candidates


def _lacks(item: CustomObject, save: SaveSite, load: LoadSite, version: KerasVersion) -> bool:
    """Whether loading fails for want of `item`, as observed on Keras 2.15.0 and 3.15.1."""
    legacy = version.major < 3
    if item.only_compile and not load.compiled:
        return False
    if item.name in load.provides or item.registered in load.provides:
        return False
    if item.role == "lambda" and item.name == "<lambda>":
        return load.safe_mode and not (legacy and save.format != "keras")
    if item.role == "lambda" and legacy:
        # Keras 2 stores the code of the function, whatever its name.
        return load.safe_mode and save.format == "keras"
    if item.registered is not None and item.module in load.modules:
        return False
    if save.format in ("h5", "hdf5"):
        return legacy or item.role != "metric"
    if not legacy:
        return save.format != "tf"  # Saving that raises.
    if save.format == "keras":
        return not (item.role in _FOUND_BY_IMPORT and item.module != save.module)
    return save.format == "tf" and item.role in ("loss", "metric")


def _report(ctx: Context, load: LoadSite, save: SaveSite, lacking: list[CustomObject]) -> Diagnostic:
    names = [_shown(item) for item in lacking[:3]]
    if len(lacking) > 3:
        names.append(f"{len(lacking) - 3} more")
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    saved = Step(save.path, save.span, "the model is saved here")
    return Diagnostic(
        rule=ctx.rule.name,
        path=load.path,
        span=load.span,
        message=f"`load_model()` cannot rebuild this model: nothing here provides {listed}",
        severity=ctx.rule.severity,
        steps=(*(item.step for item in lacking[:3]), saved),
        help=_help(load, lacking),
    )


def _shown(item: CustomObject) -> str:
    if item.name == "<lambda>":
        return (
            "the lambda of its `Lambda` layer" if item.role == "lambda" else f"the lambda used as {item.role}"
        )
    return f"`{item.name}`"


def _help(load: LoadSite, lacking: list[CustomObject]) -> str:
    first = lacking[0]
    if first.name == "<lambda>":
        if first.role != "lambda":
            return "write it as a function with a name, or pass `compile=False`"
        return "replace the `Lambda` by a registered layer class, or pass `safe_mode=False` if you trust the file"
    if first.registered is not None:
        return f"import `{first.module}` before loading, so that `{first.name}` is registered"
    text = ", ".join(f'"{item.name}": {item.name}' for item in lacking[:3] if item.name != "<lambda>")
    end = ", or `compile=False`" if all(item.only_compile for item in lacking) else ""
    return f"pass `custom_objects={{{text}}}`{end}, or register it with `@keras.saving.register_keras_serializable()`"
