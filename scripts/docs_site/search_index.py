"""The index of the site's search, changed so that an error message of Keras finds its rule.

The search weighs the words of a query one by one. A whole message has many words that stand everywhere, so each message
that a rule's document lists becomes an entry of its own, with the message as its title: it is the only entry
that has nearly all of the words.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from docs_site.rule_pages import MESSAGES, message_id
from kerasast.documents import document
from kerasast.registry import all_rules

Entry = dict[str, Any]

MESSAGE_BOOST = 1.5
"""How much more a message weighs than prose: enough for whole messages, but words must find more than messages."""
_LEFT_OUT = ("#proof", "#references", f"#{MESSAGES}")
"""Sections of a rule's page that nobody looks for, or that are found by entries of their own."""


def improved(entries: list[Entry]) -> list[Entry]:
    """The entries of the index with one for each message of a rule."""
    kept = [
        entry
        for entry in entries
        if not (entry["location"].startswith("rules/") and entry["location"].endswith(_LEFT_OUT))
    ]
    return [*kept, *(entry for name in all_rules() for entry in _messages(name))]


def _messages(name: str) -> Iterator[Entry]:
    for number, message in enumerate(document(name).error_messages, start=1):
        yield {
            "location": f"rules/{name}.html#{message_id(number)}",
            "title": html.escape(message, quote=False),
            "text": "",
            "boost": MESSAGE_BOOST,
        }
