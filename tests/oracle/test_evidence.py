"""What needs no Keras to be known of `docs/evidence.md`."""

from __future__ import annotations

import re
import sys

from environments import ROOT
from judge import all_examples

sys.path.insert(0, str(ROOT / "scripts"))
import generate_evidence


def test_the_programs_are_counted() -> None:
    page = generate_evidence.EVIDENCE.read_text(encoding="utf-8")
    assert generate_evidence.recounted(page, all_examples()) == page, (
        "run `python scripts/generate_evidence.py --counts`, and the changed documents in Keras"
    )


def test_other_numbers_are_noticed() -> None:
    page = generate_evidence.EVIDENCE.read_text(encoding="utf-8")
    wrong = re.sub(r"\d+ \|$", "999 |", page, flags=re.MULTILINE)
    assert wrong.count("999") > 250
    assert generate_evidence.recounted(wrong, all_examples()) == page


def test_every_rule_with_programs_has_a_row() -> None:
    page = generate_evidence.EVIDENCE.read_text(encoding="utf-8")
    missing = [
        example.document.stem
        for example in all_examples()
        if example.is_document and not example.static and f"[{example.document.stem}](" not in page
    ]
    assert not missing
