"""`get_file()` that unpacks whatever it was sent."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ApiUse
from kerasast.flow.values import Const, Text, Value
from kerasast.registry import rule


@rule(
    category="security",
    severity=Severity.INFO,
    on=(ApiUse,),
    calls=("get_file",),
    opt_in=True,
    cwe=(494,),
    since="0.1",
)
def unverified_download(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
    arguments = event.arguments
    if event.api.name != "keras.utils.get_file" or arguments is None or not arguments.complete:
        return
    if any(arguments.value(name) not in (None, Const(None)) for name in ("file_hash", "md5_hash")):
        return
    what = []
    if _is_plain_http(arguments.value("origin")):
        what.append("comes over plain HTTP")
    if any(arguments.value(name) == Const(True) for name in ("extract", "untar")):
        what.append("is unpacked")
    if what:
        yield ctx.report(
            event.node,
            f"the file {' and '.join(what)} without a check that it is the one that was published",
            help="pass its SHA-256 as `file_hash`",
        )


def _is_plain_http(origin: Value | None) -> bool:
    match origin:
        case Const(str(text)):
            return text.startswith("http://")
        case Text(parts=[str(text), *_]):
            return text.startswith("http://")
    return False
