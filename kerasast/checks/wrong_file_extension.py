"""File names whose ending the saving or loading method does not take, or that promise another content."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from kerasast.checks._file_names import FilePlaces, model_name, places_of, rename, together, weights_name
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Confidence, Diagnostic, Fix, Severity
from kerasast.fixes import remove_argument, rename_attribute, set_keyword
from kerasast.flow.arguments import Argument, Arguments, is_part_of, place_of
from kerasast.flow.events import ModelCall, ObjectCreated
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const, Text, Value
from kerasast.flow.weights import is_constant
from kerasast.registry import FixAvailability, rule
from kerasast.versions import KerasVersion

_HDF5 = (".h5", ".hdf5")
_MODEL = (".keras", *_HDF5)
_WEIGHTS = ".weights.h5"

_WEIGHTS_SINCE = KerasVersion(2, 12)
"""The release from which on that ending has a format of its own."""


class _Finding(NamedTuple):
    message: str
    help: str
    severity: Severity = Severity.ERROR
    confidence: Confidence = Confidence.HIGH


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall, ObjectCreated),
    names=("load_weights", "save", "save_weights"),
    calls=("ModelCheckpoint", "load_weights", "save", "save_model", "save_weights"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def wrong_file_extension(ctx: Context, event: ModelCall | ObjectCreated) -> Iterator[Diagnostic]:
    arguments = event.arguments
    path = arguments.get("filepath")
    if path is None or not _is_local(path.value):
        return
    if isinstance(event, ObjectCreated):
        if event.state.api != "keras.callbacks.ModelCheckpoint" or event.state.cls is not None:
            return
        found = _checkpoint(path.value, arguments, ctx.keras)
    elif not event.before.kind.is_model:
        return
    else:
        found = _METHODS[event.method](path.value, arguments, ctx.keras) if event.method in _METHODS else None
    if found is None or _is_told_elsewhere(ctx, path, event.node):
        return
    if not is_guarded(ctx, event.node):
        yield ctx.report(
            place_of(path, event.node),
            found.message,
            help=found.help,
            fix=partial(_fix, ctx, event.node, path.value, arguments),
            severity=found.severity,
            confidence=found.confidence,
        )


def _is_told_elsewhere(ctx: Context, path: Argument, call: ast.AST) -> bool:
    """Whether the method is called in another module, with a name that was not made in this file."""
    if is_part_of(path.node, call):
        return False
    match path.value:
        case Const(str(text)):
            return text not in ctx.source.text
        case Text(parts):
            return not all(part in ctx.source.text for part in parts if part is not None)
    return True


def _fix(ctx: Context, call: ast.AST, path: Value, arguments: Arguments) -> Fix | None:
    """Another name in all places, or another way to write what the name stands for."""
    dropped = _without_format(ctx, call, path)
    if dropped is not None:
        return dropped
    places = places_of(ctx.project, ctx.source, path)
    if places is None or places.is_read_by_name() or len(places.written()) != 1:
        return None
    title = "Name the file `{}`" if len(places.spans) == 1 else "Name the file `{}` wherever it is named"
    if places.written() == {"weights"}:
        if places.read() <= {"weights"}:
            return rename(places, weights_name(places.name), ctx.source, title)
        return None
    if _ends(path, _WEIGHTS) and "model" not in places.read():
        return _as_weights(ctx, places)
    format = arguments.value("save_format")
    if format is None or is_constant(format, "keras"):
        return rename(places, model_name(places.name), ctx.source, title)
    return None


def _without_format(ctx: Context, call: ast.AST, path: Value) -> Fix | None:
    """Leave `save_format="tf"` away where the name is one of a file in HDF5."""
    given = [item.value for item in getattr(call, "keywords", ()) if item.arg == "save_format"]
    if ctx.keras.major >= 3 or not given or not _ends(path, *_HDF5):
        return None
    if not (isinstance(given[0], ast.Constant) and given[0].value in ("tf", "tensorflow")):
        return None
    edits = remove_argument(ctx.source, call, "save_format")
    return together(
        ctx.source, "Leave out `save_format`, so that an HDF5 file is written", (ctx.source, edits)
    )


def _as_weights(ctx: Context, places: FilePlaces) -> Fix | None:
    """Write weights alone in all places, if the project reads weights, or a callback writes to the file."""
    callbacks = [site for site in places.writers if site.name == "ModelCheckpoint"]
    if len(callbacks) == len(places.writers):
        title = "Pass `save_weights_only=True`"
        edits = [
            (site.source, set_keyword(site.source, site.call, "save_weights_only", "True"))
            for site in callbacks
        ]
        return together(ctx.source, title, *edits)
    plain = all(
        site.name == "save" and len(site.call.args) == 1 and not site.call.keywords for site in places.writers
    )
    if plain and places.readers:
        edits = [
            (site.source, rename_attribute(site.source, site.call, "save_weights")) for site in places.writers
        ]
        return together(ctx.source, "Call `save_weights()`, which `load_weights()` reads", *edits)
    title = "Name the file `{}`" if len(places.spans) == 1 else "Name the file `{}` wherever it is named"
    return None if places.readers else rename(places, model_name(places.name), ctx.source, title)


def _save(path: Value, arguments: Arguments, version: KerasVersion) -> _Finding | None:
    if version >= _WEIGHTS_SINCE and _ends(path, _WEIGHTS):
        return _Finding(
            f"`save()` writes a whole model to {_shown(path)}, which `load_weights()` cannot read",
            "name it `….keras`, or call `save_weights()` if only the weights are wanted",
            Severity.WARNING,
        )
    if version.major >= 3:
        if arguments.value("zipped") not in (None, Const(True), Const(None)):
            return None
        return _rejected(
            "save()", path, _MODEL, "end the name in `.keras`; `model.export()` writes a SavedModel directory"
        )
    if is_constant(arguments.value("save_format"), "keras"):
        return _rejected('save(…, save_format="keras")', path, (".keras",), "end the name in `.keras`")
    return None


def _save_weights(path: Value, arguments: Arguments, version: KerasVersion) -> _Finding | None:
    if version.major >= 3:
        if arguments.value("max_shard_size") not in (None, Const(None)):
            return None
        return _rejected("save_weights()", path, (_WEIGHTS,), "end the name in `.weights.h5`")
    if is_constant(arguments.value("save_format"), "tf", "tensorflow") and _ends(path, *_MODEL):
        return _Finding(
            f'`save_weights(…, save_format="tf")` rejects {_shown(path)}: the name is one of an HDF5 file',
            "leave `save_format` or the ending away",
        )
    if _ends(path, ".keras"):
        return _weights_named_like_model("`save_weights()`", path)
    return None


def _load_weights(path: Value, arguments: Arguments, version: KerasVersion) -> _Finding | None:
    suffix = known_suffix(path)
    if version.major < 3 or suffix is None or suffix.endswith("/") or "orbax" in suffix.lower():
        return None
    return _rejected(
        "load_weights()",
        path,
        (*_MODEL, ".weights.json"),
        "Keras 3 reads no TensorFlow checkpoints: load it in Keras 2 and save a `.weights.h5` file there",
    )


def _checkpoint(path: Value, arguments: Arguments, version: KerasVersion) -> _Finding | None:
    given = arguments.value("save_weights_only")
    if not (given is None or isinstance(given, Const)):
        return None
    if isinstance(given, Const) and given.value:
        if version.major >= 3:
            name = "ModelCheckpoint(…, save_weights_only=True)"
            return _rejected(name, path, (_WEIGHTS,), "end the name in `.weights.h5`")
        if _ends(path, ".keras"):
            return _weights_named_like_model("`ModelCheckpoint(…, save_weights_only=True)`", path)
        return None
    if version >= _WEIGHTS_SINCE and _ends(path, _WEIGHTS):
        return _Finding(
            f"`ModelCheckpoint` writes a whole model to {_shown(path)}, which `load_weights()` cannot read",
            "pass `save_weights_only=True`, or name it `….keras`",
            Severity.WARNING,
        )
    if version.major >= 3:
        help = "end the name in `.keras`, or pass `save_weights_only=True` and end it in `.weights.h5`"
        return _rejected("ModelCheckpoint", path, (".keras", ".h5"), help)
    return None


_METHODS = {"save": _save, "save_weights": _save_weights, "load_weights": _load_weights}


def _rejected(what: str, path: Value, endings: tuple[str, ...], help: str) -> _Finding | None:
    """What to say of a name that has to end in one of `endings`, if it does not.

    Where the known end of a name could be part of such an ending (`f"{name}.h5"`), the report is less sure.
    """
    suffix = known_suffix(path)
    if suffix is None or suffix.endswith(endings):
        return None
    unsure = isinstance(path, Text) and any(ending.endswith(suffix) for ending in endings)
    return _Finding(
        f"`{what}` rejects {_shown(path)}: the name has to end in {_either(endings)}",
        help,
        confidence=Confidence.LOW if unsure else Confidence.HIGH,
    )


def _weights_named_like_model(what: str, path: Value) -> _Finding:
    return _Finding(
        f"{what} writes weights alone to {_shown(path)}, which `load_model()` then cannot read",
        "end the name in `.weights.h5`",
        Severity.WARNING,
    )


def _either(endings: tuple[str, ...]) -> str:
    named = [f"`{ending}`" for ending in endings if ending not in (".hdf5", ".weights.json")]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def _is_local(path: Value) -> bool:
    """Whether a path is not one of a store such as `hf://`, for which other rules hold."""
    match path:
        case Const(str(text)):
            return not text.startswith("hf://")
        case Text(parts):
            return not (parts[0] or "").startswith("hf://")
    return False


def _ends(path: Value, *endings: str) -> bool:
    suffix = known_suffix(path)
    return suffix is not None and suffix.endswith(endings)


def _shown(path: Value) -> str:
    match path:
        case Const(str(text)):
            return f"`{text}`"
        case Text(parts):
            return f"`{''.join(part or '…' for part in parts)}`"
    return "this name"
