"""The configuration in an editor: which settings and rules can be written where, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kerasast.config import CONFIG_NAME, OPTIONS, Option
from kerasast.documents import DocumentError, document
from kerasast.registry import CATEGORIES, all_rules

_HEADER = re.compile(r"^[ \t]*\[[ \t]*([\w.\-\"' ]+?)[ \t]*\][ \t]*(?:#.*)?$", re.MULTILINE)
_KEY = re.compile(r"^[ \t]*(?:\"([^\"\n]*)\"|([\w-]+))[ \t]*=", re.MULTILINE)
_WORD = re.compile(r"[\w./*-]*\Z")
_NAME = re.compile(r"[\w-]+")

_VALUES = {"keras-version": ("auto", "2.15", "3.15"), "min-confidence": ("high", "medium", "low")}
_SEVERITIES = ("error", "warning", "info")
_TABLE = "tool.kerasast"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be written at a place; `typed` is how many characters of it are there already."""

    text: str
    detail: str
    typed: int
    is_setting: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the cursor is: in a table of the settings (`""` for the top), and in the value of `key` or of none.

    `quoted` says whether it is inside a string, `typed` is the word before it.
    """

    table: str
    key: str | None
    quoted: bool
    typed: str


def is_configuration(uri: str) -> bool:
    """Whether a document may hold settings."""
    return uri.rpartition("/")[2] in (CONFIG_NAME, "pyproject.toml")


def suggestions(uri: str, text: str, offset: int) -> Iterator[Suggestion]:
    """What may be written at an offset of a configuration file."""
    place = _place(uri, text, offset)
    if place is None:
        return
    typed = len(place.typed)
    if place.key is None and place.table == "":
        for option in OPTIONS.values():
            yield Suggestion(option.key, option.meaning, typed, is_setting=True)
    elif place.key is None and place.table == "severity":
        yield from _selectors(typed, quoted=True, everything=False)
    elif place.table == "severity":
        yield from (_value(text, typed, place.quoted) for text in _SEVERITIES)
    elif place.table == "per-file-ignores":
        yield from _selectors(typed, quoted=place.quoted)
    elif place.key in OPTIONS:
        yield from _of_option(OPTIONS[place.key], place, typed)


def _of_option(option: Option, place: _Place, typed: int) -> Iterator[Suggestion]:
    if "rules" in option.kind:
        yield from _selectors(typed, quoted=place.quoted)
    elif option.key == "severity":
        yield from _selectors(typed, quoted=True, everything=False)
        yield from (_value(text, typed, place.quoted) for text in _SEVERITIES)
    elif option.kind == "boolean":
        yield from (Suggestion(text, "", typed) for text in ("true", "false"))
    else:
        for text in _VALUES.get(option.key, ()):
            yield _value(text, typed, place.quoted)


def _value(text: str, typed: int, quoted: bool) -> Suggestion:
    return Suggestion(text if quoted else f'"{text}"', "", typed)


def _selectors(typed: int, *, quoted: bool, everything: bool = True) -> Iterator[Suggestion]:
    """The names of rules and categories, with quotes where there are none yet."""
    found = {name: _summary(name) for name in all_rules()}
    found.update({name: f"all rules of the category {name}" for name in CATEGORIES})
    if everything:
        found["ALL"] = "all rules"
    for name, detail in found.items():
        yield Suggestion(name if quoted else f'"{name}"', detail, typed)


def meaning_at(uri: str, text: str, offset: int) -> str | None:
    """What the setting or rule at an offset of a configuration file means, in Markdown."""
    line = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for word in _NAME.finditer(text, line, len(text) if end < 0 else end):
        if word.start() <= offset <= word.end():
            place = _place(uri, text, word.end())
            if place is None:
                return None
            if word[0] in all_rules():
                return _page(word[0])
            option = OPTIONS.get(word[0])
            if option is not None and place.key is None:
                return (
                    f"**{option.key}**: {option.kind}\n\n{option.meaning}\n\n"
                    f"Default: `{option.default}`\n\n```toml\n{option.key} = {option.example}\n```"
                )
    return None


def _place(uri: str, text: str, offset: int) -> _Place | None:
    """Where an offset is in the settings; `None` outside of them, and in comments."""
    before = text[:offset]
    line = before[before.rfind("\n") + 1 :]
    headers = list(_HEADER.finditer(before))
    table = headers[-1][1].replace(" ", "") if headers else ""
    if uri.endswith("/pyproject.toml"):
        if table != _TABLE and not table.startswith(f"{_TABLE}."):
            return None
        table = table[len(_TABLE) + 1 :]
    section = before[headers[-1].end() :] if headers else before
    if _is_comment(line) or line.lstrip().startswith("["):
        return None
    key = _open_key(section)
    word = _WORD.search(line)
    typed = "" if word is None else word[0]
    return _Place(table, key, line.count('"') % 2 == 1, typed)


def _open_key(section: str) -> str | None:
    """The key whose value the end of a section is in: on its line, or in a list or table that is not closed yet."""
    keys = list(_KEY.finditer(section))
    if not keys:
        return None
    last = keys[-1]
    value = re.sub(r'"[^"\n]*"?|#[^\n]*', "", section[last.end() :])
    depth = value.count("[") + value.count("{") - value.count("]") - value.count("}")
    if "\n" in value and depth <= 0:
        return None
    return last[1] or last[2]


def _is_comment(line: str) -> bool:
    return "#" in re.sub(r'"[^"]*"?', "", line)


def _summary(name: str) -> str:
    try:
        return document(name).summary
    except DocumentError:
        return ""


def _page(name: str) -> str | None:
    try:
        return document(name).markdown
    except DocumentError:
        return None
