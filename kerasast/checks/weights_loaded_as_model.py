"""`load_model()` of a file that holds nothing but weights."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.checks._files import at_load, others_in
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Step
from kerasast.flow.events import ProjectReady
from kerasast.registry import rule


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "save_weights", "ModelCheckpoint"),
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
        )
