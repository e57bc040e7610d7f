"""Links of Markdown files in the repository, as they must be where the site shows these files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection

_LINK_OR_CODE = re.compile(
    r"""^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[^\n]*$
    |`+[^`\n]+`+
    |(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<path>[^)\s#]*)(?P<anchor>\#[^)\s]*)?\)""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
"""Code comes with links, so that what looks like a link in it is passed over."""


def rewrite(
    markdown: str, source: str, target: str, pages: Collection[str], page_of: Callable[[str], str | None]
) -> str:
    """A file's text for the site: links to what is a page there lead to it, those to other files become text.

    Args:
        source: the file's path in the repository.
        target: its path in the site, `rules/a.md`.
        pages: the paths of all pages and other files of the site.
        page_of: the path in the site of a path in the repository, if it has one.
    """

    def link(match: re.Match[str]) -> str:
        text, path, anchor = match["text"], match["path"], match["anchor"] or ""
        if not path or re.match(r"[a-z]+:", path):
            return match[0]
        there = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        page = page_of(there)
        if page is None or page not in pages:
            return text
        return f"[{text}]({posixpath.relpath(page, posixpath.dirname(target) or '.')}{anchor})"

    return _LINK_OR_CODE.sub(link, markdown)
