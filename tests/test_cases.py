"""kerasast reports what the marks of every document and every file of cases say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasast.documents import documents_folder
from kerasast.testing import Example, Spelling, check_example, iter_examples
from kerasast.versions import KerasVersion

CASES = Path(__file__).parent / "cases"
FOLKLORE = Path(__file__).parents[1] / "docs" / "folklore.md"


def _runs() -> list[object]:
    paths = [*sorted(documents_folder().glob("*.md")), *sorted(CASES.glob("*.md")), FOLKLORE]
    return [
        pytest.param(example, version, spelling, id=f"{example.id}-keras-{version}-{spelling.value}")
        for path in paths
        for example in iter_examples(path)
        for version, spelling in example.runs()
    ]


@pytest.mark.parametrize("example, version, spelling", _runs())
def test_reports_are_those_marked(example: Example, version: KerasVersion, spelling: Spelling) -> None:
    check_example(example, version, spelling)
