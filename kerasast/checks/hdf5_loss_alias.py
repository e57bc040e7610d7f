"""`load_model()` of an HDF5 file of a model that was compiled with a short name of a loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._file_names import together
from kerasast.checks._files import HDF5, at_load, models_in
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity, Step
from kerasast.fixes import set_string
from kerasast.flow.events import ProjectReady
from kerasast.flow.facts import LoadSite, SaveSite
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.walking import walk

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
    fix=FixAvailability.SOMETIMES,
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
            fix=partial(_fix, ctx, load, saves),
        )


def _fix(ctx: Context, load: LoadSite, saves: list[SaveSite]) -> Fix | None:
    """Write the full names of losses in the calls of `compile()` of all files that save the model."""
    source = ctx.project.source(load.module)
    parts = []
    for module in dict.fromkeys(save.module for save in saves):
        file = ctx.project.source(module)
        if file is None:
            return None
        aliases = {
            name
            for save in saves
            if save.module == module
            for name in save.losses
            if name.lower() in _FULL_NAMES
        }
        edits = [
            set_string(file, node, _FULL_NAMES[node.value.lower()])
            for node in _losses(file)
            if isinstance(node, ast.Constant) and node.value in aliases
        ]
        if not edits:
            return None
        parts += [(file, item) for item in edits]
    return (
        None
        if source is None
        else together(source, "Give the losses their full names", *parts, harmless=True)
    )


def _losses(source: SourceFile) -> Iterator[ast.AST]:
    """What the calls of `compile()` in a file are given for `loss`, and all parts of that."""
    for call in walk(source.parse()):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "compile"
        ):
            for given in [*call.args[1:2], *(item.value for item in call.keywords if item.arg == "loss")]:
                yield from walk(given)
