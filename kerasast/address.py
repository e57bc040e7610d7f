"""Where the project lives on the web. Nothing that kerasast writes holds an address of its own but these."""

from __future__ import annotations

HOMEPAGE: str | None = None
"""The page of the project, such as `https://…/`; `None` while it has no public address."""

DOCUMENTATION: str | None = None
"""The start of the documentation site, with a slash at its end; `None` while it has no public address."""


def rule_page(name: str) -> str | None:
    """The page of a rule, if the documentation has a public address."""
    return None if DOCUMENTATION is None else f"{DOCUMENTATION}rules/{name}.html"
