"""A layer class that an HDF5 file confuses with one of Keras's own."""

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


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "ModelCheckpoint"),
    since="0.1",
)
def builtin_class_name(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        if load.path_key is None or load.provides_unknown:
            continue
        saves = models_in(ctx, event, load)
        for item in _confused(saves, load, ctx.keras):
            yield _report(ctx, load, saves[0], item)


def _confused(saves: list[SaveSite], load: LoadSite, version: KerasVersion) -> list[CustomObject]:
    """The layers for which Keras takes its own, whichever of these places wrote the file."""
    if any(save.format not in ("h5", "hdf5") for save in saves):
        return []
    return in_all(saves, lambda item, _: _is_confused(item, load, version))


def _is_confused(item: CustomObject, load: LoadSite, version: KerasVersion) -> bool:
    """Whether the file names the class as it names Keras's, which is then the only one to be found."""
    return (
        item.role == "layer"
        and item.is_class
        and item.registered is None
        and item.name not in load.provides
        and is_builtin_layer(item.name, version)
    )


def _report(ctx: Context, load: LoadSite, save: SaveSite, item: CustomObject) -> Diagnostic:
    return at_load(
        ctx,
        load,
        f"`load_model()` takes Keras's own `{item.name}` for the `{item.name}` of `{item.module}`:"
        " an HDF5 file tells them apart by nothing but the name",
        (item.step, Step(save.path, save.span, "the model is saved here")),
        f'rename the class, register it with `@keras.saving.register_keras_serializable(package="…")`,'
        f' or pass `custom_objects={{"{item.name}": {item.name}}}`',
    )
