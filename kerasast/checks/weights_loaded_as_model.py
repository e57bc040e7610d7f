"""`load_model()` of a file that holds nothing but weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._file_names import (
    Site,
    model_name,
    path_of,
    places_of,
    rename,
    uses_custom_objects,
)
from kerasast.checks._files import at_load, others_in
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity, Step
from kerasast.fixes import Edits, join, remove_argument, rename_attribute
from kerasast.flow.events import ProjectReady
from kerasast.flow.facts import LoadSite
from kerasast.registry import FixAvailability, rule


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "save_weights", "ModelCheckpoint"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def weights_loaded_as_model(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        if ctx.keras.major >= 3 and not (load.ending or ".weights.h5").endswith(".weights.h5"):
            continue  # Writing weights to such a file fails already: `wrong-file-extension`.
        weights = [site for site in others_in(ctx, event, load) if site.content == "weights"]
        if not weights:
            continue
        written = weights[0]
        yield at_load(
            ctx,
            load,
            f"`load_model()` reads a file of weights alone: `{written.call}` writes no architecture",
            (Step(written.path, written.span, "the weights are saved here"),),
            "build the model and call `load_weights()`, or save the whole model to a `.keras` file",
            fix=partial(_fix, ctx, load),
        )


def _fix(ctx: Context, load: LoadSite) -> Fix | None:
    """Save whole models, if all places that name the file save it or load it as one, and Keras alone can load it."""
    source = ctx.project.source(load.module)
    if source is None or uses_custom_objects(ctx.project, source):
        return None
    places = places_of(ctx.project, source, path_of(load))
    if places is None or places.read() != {"model"} or places.written() != {"weights"}:
        return None
    edits = [(site.source, _whole(site)) for site in places.writers]
    return rename(places, model_name(places.name), source, "Save the whole model to `{}`", *edits)


def _whole(site: Site) -> Edits:
    """The edits that make a call save the whole model."""
    if site.name == "ModelCheckpoint":
        return remove_argument(site.source, site.call, "save_weights_only")
    plain = len(site.call.args) + len(site.call.keywords) == 1
    dropped: Edits = ()
    if not plain:
        known = {item.arg for item in site.call.keywords} <= {"filepath", "overwrite", "save_format"}
        formats = [item.value for item in site.call.keywords if item.arg == "save_format"]
        if not known or not all(isinstance(item, ast.Constant) for item in formats):
            return None
        dropped = remove_argument(site.source, site.call, "save_format") if formats else ()
    return join(rename_attribute(site.source, site.call, "save"), dropped)
