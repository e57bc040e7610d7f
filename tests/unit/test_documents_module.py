"""Finding and rendering documents."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kerasast.documents import DocumentError, document, document_names, render
from kerasast.registry import all_rules


def test_unknown_rule_has_no_document() -> None:
    with pytest.raises(DocumentError, match="'no-such-rule' has no document"):
        document("no-such-rule")


def test_page_has_the_facts_between_summary_and_prose() -> None:
    name = document_names()[0]
    text = render(name)
    facts = "| Category | Severity | Keras versions | On by default | Fix | Since |"
    summary = document(name).summary.split()[-1]
    assert text.index(summary) < text.index(facts) < text.index("## What it does")
    assert f"kerasast {all_rules()[name].since} |" in text


def test_importing_documents_is_light() -> None:
    code = "import sys, kerasast.documents; print([m for m in ('libcst', 'astroid', 'sarif_om') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
