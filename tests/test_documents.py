"""Every rule has one document, and every document has the form that readers and tools rely on."""

from __future__ import annotations

import pytest

from kerasast.documents import document, document_names, render, validate
from kerasast.registry import all_rules


def test_each_rule_has_one_document() -> None:
    assert document_names() == sorted(all_rules())


@pytest.mark.parametrize("name", document_names())
def test_document_is_valid(name: str) -> None:
    problems = validate(document(name), all_rules().get(name))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", document_names())
def test_page_shows_what_the_registry_knows(name: str) -> None:
    item = all_rules()[name]
    head = render(name).partition("## What it does")[0]
    assert f"| {item.category} | {item.severity.label} | {item.keras} |" in head
