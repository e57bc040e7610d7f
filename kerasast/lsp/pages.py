"""The names of rules in comments: what they mean, and which there are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.documents import DocumentError, document
from kerasast.registry import all_rules

_COMMENT = re.compile(r"#\s*kerasast:\s*(?:file-)?ignore\[([^\]\n]*)")
_NAME = re.compile(r"[\w-]+")


def rule_at(text: str, offset: int) -> str | None:
    """The document of the rule that a suppression comment names at an offset, in Markdown."""
    for comment in _COMMENT.finditer(text):
        if comment.start(1) <= offset <= comment.end(1):
            for name in _NAME.finditer(text, comment.start(1), comment.end(1)):
                if name.start() <= offset <= name.end() and name[0] in all_rules():
                    return _page(name[0])
    return None


def names_at(text: str, offset: int) -> Iterator[tuple[str, str]]:
    """The rules that a suppression comment could name at an offset, each with its sentence."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    comment = _COMMENT.search(line)
    if comment is None or comment.end(1) != len(line):
        return
    for name in all_rules():
        yield name, _summary(name)


def _page(name: str) -> str | None:
    try:
        return document(name).markdown
    except DocumentError:
        return None


def _summary(name: str) -> str:
    try:
        return document(name).summary
    except DocumentError:
        return ""
