"""Strings and paths of which parts may be unknown."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

from kerasast.flow.values import UNKNOWN, Const, Text, Unknown, Value

Piece = str | Value

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
            case Const(int(number)) if not isinstance(number, bool):
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


def format_text(template: str, values: list[Value]) -> Value:
    """`template % values` or `template.format(*values)`, of which only the literal ends are kept."""
    for opening, closing in (("%", None), ("{", "}")):
        if opening in template:
            head = template[: template.index(opening)]
            tail = _tail(template, closing)
            keys = [_identity(value) or value for value in values] or [None]
            parts = [part for part in (head, None, tail) if part != ""]
            return Text(tuple(parts), (template, *keys) if None not in keys else (None,))
    return Const(template)


def _tail(template: str, closing: str | None) -> str:
    if closing is not None:
        return template[template.rindex(closing) + 1 :] if closing in template else ""
    rest = template[template.rindex("%") + 1 :]
    index = 0
    while index < len(rest) and not rest[index].isalpha():
        index += 1
    return rest[index + 1 :]


def known_suffix(value: Value | None) -> str | None:
    """The literal text at the end of a string or path; `None` where the end is not known."""
    match value:
        case Const(str(text)):
            return text
        case Text() if value.suffix:
            return value.suffix
    return None
