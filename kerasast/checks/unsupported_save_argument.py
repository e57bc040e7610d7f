"""Arguments of saving methods that the format or the release does not take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, safe, unsafe
from kerasast.flow.arguments import place_of
from kerasast.flow.events import ModelCall
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion

_SAVED_MODEL_ONLY = ("options", "save_traces", "signatures")


@rule(
    category="saving",
    severity=Severity.ERROR,
    keras=">=2.12",
    on=(ModelCall,),
    names=("save", "save_weights"),
    calls=("save", "save_model", "save_weights"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unsupported_save_argument(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not event.before.kind.is_model or event.before.cls is not None:
        return
    for name, severity, why, help in _rejected(event, ctx.keras):
        argument = event.arguments.get(name)
        if argument is not None and argument.keyword and not is_guarded(ctx, event.node):
            yield ctx.report(
                place_of(argument, event.node),
                f"`{event.method}(…, {name}=…)` {why}",
                help=help,
                severity=severity,
                fix=partial(_fix, ctx.source, event.node, name) if _is_dispensable(name, severity) else None,
            )


def _is_dispensable(name: str, severity: Severity) -> bool:
    """Whether the call can do without an argument: who gives signatures wants a SavedModel."""
    return name != "signatures" and severity is not Severity.INFO


def _fix(source: SourceFile, call: ast.AST, name: str) -> Fix | None:
    title, edits = f"Leave out `{name}`", remove_argument(source, call, name)
    return unsafe(title, edits) if name == "options" else safe(title, edits)


def _rejected(event: ModelCall, version: KerasVersion) -> Iterator[tuple[str, Severity, str, str]]:
    """The arguments that do not work with a call, how bad that is, what happens, and what to do."""
    suffix = known_suffix(event.arguments.value("filepath")) or ""
    if event.method == "save_weights":
        if version.major >= 3:
            for name in ("save_format", "options"):
                yield name, Severity.ERROR, "raises `TypeError` in Keras 3", "leave the argument out"
        return
    if event.method != "save":
        return
    if version.major >= 3:
        for name in _SAVED_MODEL_ONLY:
            help = "leave it out; `model.export()` writes a SavedModel"
            yield name, Severity.ERROR, "is not supported in Keras 3 and raises `ValueError`", help
    native = version.major < 3 and suffix.endswith(".keras") and "save_format" not in event.arguments
    if native:
        for name in (*_SAVED_MODEL_ONLY, "include_optimizer"):
            yield name, Severity.ERROR, "raises `ValueError` for a `.keras` file", "leave the argument out"
    dropped = event.arguments.value("include_optimizer")
    if version.major >= 3 and suffix.endswith(".keras") and dropped == Const(False):
        why = "is ignored for a `.keras` file: the state of the optimizer is saved as well"
        help = "save to an `.h5` file, or a model that is not compiled, if the file is to be without it"
        yield "include_optimizer", Severity.INFO, why, help
