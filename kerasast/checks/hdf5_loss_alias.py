"""`load_model()` of an HDF5 file of a model that was compiled with a short name of a loss."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._files import HDF5, at_load, models_in
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.events import ProjectReady
from kerasast.registry import rule

_FULL_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
"""The short names, in lower or upper case, that Keras 3.15.1 does not find when it loads an HDF5 file."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    keras=">=3",
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "ModelCheckpoint"),
    since="0.1",
)
def hdf5_loss_alias(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        if not load.compiled or load.provides_unknown or not (load.ending or "").endswith(HDF5):
            continue
        saves = models_in(ctx, event, load)
        aliases = [
            {name for name in save.losses if name.lower() in _FULL_NAMES and name not in load.provides}
            for save in saves
        ]
        if not aliases or not all(aliases):
            continue
        alias = min(aliases[0])
        yield at_load(
            ctx,
            load,
            f'`load_model()` does not know the loss `"{alias}"` that this HDF5 file names',
            (
                Step(
                    saves[0].path,
                    saves[0].span,
                    f'the model is saved here, compiled with the loss `"{alias}"`',
                ),
            ),
            f'compile it with `loss="{_FULL_NAMES[alias.lower()]}"`, save it as `.keras`, '
            "or load it with `compile=False`",
        )
