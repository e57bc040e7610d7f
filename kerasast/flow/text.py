"""Strings and paths of which parts may be unknown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import Any

from kerasast.flow.values import UNKNOWN, Const, Text, Unknown, Value

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
    if isinstance(piece, Unknown):
        return piece.origin or None
    return None


def join_path(pieces: list[Value]) -> Value:
    """`os.path.join`, or `/` of paths."""
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
        case Text(parts, key) if None not in key and key:
            return ("text", parts, key)
        case Unknown(origin) if origin:
            return ("value", origin)
    return None


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
