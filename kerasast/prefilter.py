"""Which files are worth parsing, told from their bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_KERAS_WORDS = (b"keras", b"tensorflow")

_STATEMENT = re.compile(
    rb"""import(?:_module)?\b
         (?:\\\r?\n|[^\n(])*               # the rest of the line, with continued ones
         (?:\([^)]*\))?                     # and names in parentheses
    """,
    re.VERBOSE,
)
_FROM = re.compile(rb"\bfrom[ \t\\\r\n]*([.\w\x80-\xff]+)[ \t\\\r\n]*$")
_WORD = re.compile(rb"[\w\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """The keys of the files to check (phase 2), and those with all that they import, to index (phase 1)."""

    check: frozenset[str]
    index: frozenset[str]


def mentions_keras(data: bytes) -> bool:
    """Whether a file can name Keras itself. Names built at run time, or escaped in a notebook, go unseen."""
    return any(word in data for word in _KERAS_WORDS)


def select_files(files: Mapping[str, bytes]) -> Selection:
    """Which files of a project need analysis; `files` are all of them, by module key.

    Those are the ones that mention Keras, and those that import such a one, directly or through others: it
    may hand on Keras objects under names of its own. The files that any of these import are indexed too.
    Imports are matched by their words alone, so that more is taken in than needed but nothing is left out.
    """
    words = {key: imported_words(data, key) for key, data in files.items()}
    users: defaultdict[bytes, list[str]] = defaultdict(list)
    modules: defaultdict[bytes, list[str]] = defaultdict(list)
    for key in files:
        modules[_leaf(key)].append(key)
        for word in words[key]:
            users[word].append(key)
    check = {key for key, data in files.items() if mentions_keras(data)}
    pending = list(check)
    while pending:
        _extend(check, pending, users[_leaf(pending.pop())])
    index = set(check)
    pending = list(index)
    while pending:
        for word in words[pending.pop()]:
            _extend(index, pending, modules[word])
    return Selection(frozenset(check), frozenset(index))


def imported_words(data: bytes, key: str = "") -> frozenset[bytes]:
    """The identifiers in the imports of a file. A relative import adds the folders that the file lies in."""
    found: set[bytes] = set()
    position = data.find(b"import")  # a regular expression takes ten times as long on a notebook's pictures
    while position >= 0:
        statement = _STATEMENT.match(data, position)
        if statement is not None:
            found.update(_WORD.findall(statement[0]))
            origin = _FROM.search(data, _line_start(data, position), position)
            if origin is not None:
                found.update(_WORD.findall(origin[1]))
                if origin[1].startswith(b"."):
                    found.update(_encode(key).split(b"."))
        position = data.find(b"import", position + 6 if statement is None else statement.end())
    return frozenset(found)


def _line_start(data: bytes, position: int) -> int:
    """Where the line of `position` starts, or the one that it continues."""
    start = data.rfind(b"\n", 0, position) + 1
    while data[max(start - 3, 0) : start].rstrip(b"\r\n").endswith(b"\\"):
        start = data.rfind(b"\n", 0, start - 1) + 1
    return start


def _leaf(key: str) -> bytes:
    return _encode(key.rpartition(".")[2])


def _encode(key: str) -> bytes:
    """The bytes of a key, in which lone surrogates stand for those of a file name that are not UTF-8."""
    return key.encode("utf-8", "surrogateescape")


def _extend(reached: set[str], pending: list[str], keys: list[str]) -> None:
    new = [key for key in keys if key not in reached]
    reached.update(new)
    pending.extend(new)
