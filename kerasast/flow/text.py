"""Strings and paths of which parts may be unknown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Formatter
from typing import Any

from kerasast.flow.values import UNKNOWN, BoundMethod, Const, External, Text, Unknown, Value

Piece = str | Value

_PERCENT = re.compile(r"%(?:\(\w*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?[a-zA-Z%]")

MAX_LENGTH = 10_000
"""Characters of a string, or parts, that are kept. Longer ones are neither names nor paths."""


def concatenate(pieces: Iterable[Piece]) -> Value:
    """The string that literal and unknown pieces make: a `Const` if all are literal, else a `Text`."""
    parts: list[str | None] = []
    keys: list[Any] = []
    for piece in pieces:
        match piece:
            case str(text) | Const(str(text)):
                _append(parts, text)
            case Const(int(number)) if not isinstance(number, bool) and abs(number) < 1 << 63:
                _append(parts, str(number))
            case Text(inner, key):
                for part in inner:
                    _append(parts, part)
                keys.extend(key)
            case _:
                _append(parts, None)
                keys.append(_identity(piece))
    if sum(map(len, filter(None, parts))) > MAX_LENGTH or len(parts) > MAX_LENGTH:
        return UNKNOWN
    if all(part is not None for part in parts):
        return Const("".join(part for part in parts if part is not None))
    return Text(tuple(parts), tuple(keys))


def _append(parts: list[str | None], part: str | None) -> None:
    if part is not None and parts and parts[-1] is not None:
        parts[-1] += part
    elif part != "":
        parts.append(part)


def _identity(piece: Piece) -> Any:
    """What tells an unknown piece from another: `None` if nothing does."""
    match piece:
        case Unknown(origin):
            return origin or None
        case External(name) if not name.endswith("()") and "[]" not in name:
            return (HERE, name)  # An attribute of something: `args.folder`.
        case BoundMethod(receiver=Unknown(origin), name=name) if origin:
            return (origin, name)
    return None


HERE = "here"
"""The first part of what tells an unknown piece from another only within one file."""


def join_path(pieces: list[Value]) -> Value:
    """`os.path.join`, or `/` of paths. A path in the working directory is a relative one."""
    pieces = [piece for piece in pieces if piece not in _WORKING_DIRECTORY]
    if not pieces:
        return UNKNOWN
    if all(isinstance(piece, Const) and isinstance(piece.value, str) for piece in pieces):
        return Const(posixpath.join(*(str(piece.value) for piece in pieces if isinstance(piece, Const))))
    spread: list[Piece] = []
    for index, piece in enumerate(pieces):
        if index:
            spread.append("/")
        spread.append(piece)
    return concatenate(spread)


def path_key(value: Value | None) -> tuple[object, ...] | None:
    """What two expressions for the same file have in common; `None` where that cannot be told."""
    match value:
        case Const(str(text)):
            return ("path", posixpath.normpath(text))
        case Text((None,) | (None, str()) as parts, (("folder", str(folder)),)):
            return ("folder", posixpath.normpath(posixpath.join(folder, (parts[-1] or "").lstrip("/"))))
        case Text(parts, key) if None not in key and key:
            return ("text", parts, key)
        case Unknown() | External() | BoundMethod() if (identity := _identity(value)) is not None:
            return ("value", identity)
    return None


def source_path(path: str) -> Value:
    """`__file__` of a source file. Where the folder of the file lies is not known, but it is the same for all."""
    folder, name = posixpath.split(path.replace("\\", "/"))
    return Text((None, f"/{name}"), (("folder", folder),))


def parent(path: Value) -> Value:
    """The folder that a path lies in."""
    match path:
        case Const(str(text)):
            return Const(posixpath.dirname(text))
        case Text((*before, str(last)), key) if "/" in last:
            head = last.rpartition("/")[0]
            return Text((*before, head), key) if head else _text_of(tuple(before), key)
        case Text((None,), (("folder", str(folder)),)):
            return Text((None,), (("folder", posixpath.normpath(posixpath.join(folder, ".."))),))
        case Text(parts, key) if None not in key:
            return Text((None,), (("parent", parts, key),))
    return UNKNOWN


def ancestor(path: Value, index: Value) -> Value:
    """`path.parents[index]`."""
    if not isinstance(index, Const) or not isinstance(index.value, int) or not 0 <= index.value < 16:
        return UNKNOWN
    for _ in range(index.value + 1):
        path = parent(path)
    return path


def _text_of(parts: tuple[str | None, ...], key: tuple[Any, ...]) -> Value:
    return Text(parts, key) if parts else UNKNOWN


def with_suffix(path: Value, suffix: Value | None) -> Value:
    """`path.with_suffix(suffix)`, where the end of the path is known."""
    if not isinstance(suffix, Const) or not isinstance(suffix.value, str):
        return UNKNOWN
    match path:
        case Const(str(text)) if text:
            return Const(posixpath.splitext(text)[0] + suffix.value)
        case Text((*before, str(last)), key) if "." in last:
            return Text((*before, posixpath.splitext(last)[0] + suffix.value), key)
    return UNKNOWN


def path_attribute(path: Value, attr: str) -> Value | None:
    """The value of an attribute of a `pathlib` path, of those that are followed."""
    return parent(path) if attr == "parent" else None


def path_method(path: Value, name: str, values: list[Value]) -> Value | None:
    """The value of a method of a `pathlib` path or string, of those that are followed."""
    if name in ("as_posix", "resolve", "absolute", "expanduser", "strip"):
        return path
    if name == "joinpath":
        return join_path([path, *values])
    if name == "with_suffix" and values:
        return with_suffix(path, values[0])
    return None


def _first(values: list[Value]) -> Value:
    return values[0] if values else UNKNOWN


PATH_FUNCTIONS: Mapping[str, Callable[[list[Value]], Value]] = {
    "os.fspath": _first,
    "os.path.abspath": _first,
    "os.path.dirname": lambda values: parent(_first(values)),
    "os.path.expanduser": _first,
    "os.path.join": join_path,
    "os.path.normpath": _first,
    "os.path.realpath": _first,
    "pathlib.Path": join_path,
    "pathlib.PosixPath": join_path,
    "pathlib.PurePath": join_path,
    "pathlib.PurePosixPath": join_path,
}
"""Functions of paths by their names: what they make of positional arguments."""

_WORKING_DIRECTORY = (External("os.getcwd()"), External("pathlib.Path.cwd()"))


def format_percent(template: str, values: list[Value]) -> Value:
    """`template % values`: exact where it only puts in strings and whole numbers."""
    pieces: list[Piece] = []
    rest = iter(values)
    for literal, field in _percent_parts(template):
        pieces.append(literal)
        if field == "%%":
            pieces.append("%")
        elif field in ("%s", "%d"):
            pieces.append(next(rest, UNKNOWN))
        elif field:
            return _ends(template, template.partition("%")[0], _tail(template), values)
    return concatenate(pieces)


def _percent_parts(template: str) -> Iterator[tuple[str, str]]:
    position = 0
    for match in _PERCENT.finditer(template):
        yield template[position : match.start()], match.group()
        position = match.end()
    yield template[position:], ""


def format_braces(template: str, values: list[Value], named: Mapping[str, Value]) -> Value:
    """`template.format(*values, **named)`: exact where the fields are plain names, numbers or empty."""
    pieces: list[Piece] = []
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return UNKNOWN
    rest = iter(values)
    for literal, field, spec, conversion in parts:
        pieces.append(literal)
        if field is None:
            continue
        if spec or conversion or not (field == "" or field.isalnum()):
            last = parts[-1]
            return _ends(
                template, parts[0][0], last[0] if last[1] is None else "", [*values, *named.values()]
            )
        if field == "":
            pieces.append(next(rest, UNKNOWN))
        elif field.isdecimal() and len(field) < 9:
            pieces.append(values[int(field)] if int(field) < len(values) else UNKNOWN)
        else:
            pieces.append(named.get(field, UNKNOWN))
    return concatenate(pieces)


def _ends(template: str, head: str, tail: str, values: list[Value]) -> Value:
    """A text of which the literal ends are known."""
    keys = [_identity(value) or value for value in values] or [None]
    parts = [part for part in (head, None, tail) if part != ""]
    return Text(tuple(parts), (template, *keys) if None not in keys else (None,))


def _tail(template: str) -> str:
    """What follows the last conversion of a template for `%`."""
    *_, (tail, _) = _percent_parts(template)
    return tail


def known_suffix(value: Value | None) -> str | None:
    """The literal text at the end of a string or path; `None` where the end is not known."""
    match value:
        case Const(str(text)):
            return text
        case Text() if value.suffix:
            return value.suffix
    return None
