"""What README.md shows is what kerasast prints, and its commands are those that `.ci/run` runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import update_readme  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_generated_parts_are_up_to_date() -> None:
    assert update_readme.updated(README) == README, "run `python scripts/update_readme.py`"


@pytest.mark.parametrize("part", update_readme.PARTS)
def test_every_part_is_shown(part: str) -> None:
    assert f"<!-- begin: {part} -->" in README


def test_ci_runs_the_commands_of_the_readme() -> None:
    marks = re.findall(r"^readme_command ([\w-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert marks == ["try-it", "run-the-tests"]
    for mark in marks:
        assert re.search(rf"^<!-- {mark} -->\n```sh\n[^\n]*\.venv/[^\n]*\n```$", README, re.MULTILINE)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
