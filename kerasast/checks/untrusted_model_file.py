"""A model file from outside the program, in a format whose files run code."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ApiUse
from kerasast.flow.loading import DOWNLOAD
from kerasast.flow.values import External, Value
from kerasast.registry import rule
from kerasast.versions import KerasVersion

_LOAD, _WRAP = "keras.models.load_model", "keras.layers.TFSMLayer"

_SAFE_HDF5 = KerasVersion(3, 11)
"""The first release that does not run the lambdas of a `.h5` file (3.11.3, CVE-2025-9905)."""

_REQUESTS = ("flask.request.", "quart.request.", "streamlit.file_uploader(", "bottle.request.")

_DOWNLOADS = (
    DOWNLOAD,
    "gdown.download()",
    "huggingface_hub.hf_hub_download()",
    "huggingface_hub.snapshot_download()",
    "kagglehub.model_download()",
    "wget.download()",
)

_COMMAND_LINE = ("sys.argv[", "argparse.ArgumentParser().parse_args().")


@rule(
    category="security",
    severity=Severity.WARNING,
    on=(ApiUse,),
    calls=("load_model", "TFSMLayer"),
    opt_in=True,
    cwe=(502,),
    since="0.1",
)
def untrusted_model_file(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
    name, arguments = event.api.name, event.arguments
    path = arguments.get("filepath") if arguments is not None and name in (_LOAD, _WRAP) else None
    if path is None or (name == _LOAD and ctx.keras >= _SAFE_HDF5):
        return
    origin = _origin(path.value)
    if origin is None:
        return
    if name == _LOAD:
        what = f"a `.h5` file can run code of its own in Keras {ctx.keras} when it is loaded"
        help = "take `.keras` files only, and check that the name ends in that"
    else:
        what = "the operations of a SavedModel can read and write any file when it is called"
        help = "compare the file with a hash that is known"
    yield ctx.report(
        place_of(path, event.node),
        f"{what}, and this one {origin[0]}",
        help=help,
        severity=origin[1],
    )


def _origin(value: Value) -> tuple[str, Severity] | None:
    """Where a path comes from, if that is outside of the program, and how bad that is."""
    if not isinstance(value, External):
        return None
    if value.name.startswith(_REQUESTS):
        return "is named by a request", Severity.WARNING
    if value.name in _DOWNLOADS:
        return "is downloaded without a check that it is the one that was published", Severity.WARNING
    if value.name.startswith(_COMMAND_LINE):
        return "is whichever the command line names", Severity.INFO
    return None
