"""Writes into documents what the fixes make of their examples: `python scripts/write_fixed_blocks.py rules/x.md`.

For each program of `## Example`, or of a file of cases, whose reports have fixes, the block `python fixed` behind it is
written, or written anew. Read what it says before you keep it: this is what users get.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kerasast.fix_checks import repair_files
from kerasast.registry import all_rules
from kerasast.source import source_from_bytes
from kerasast.testing import VERSIONS, Example, encode, iter_examples, without_marks

_FIXED = re.compile(r"\n```python fixed[^\n]*\n.*?^```\n", re.DOTALL | re.MULTILINE)


def blocks(example: Example) -> list[str]:
    """The blocks to stand behind a program: one for each changed file, for each version where these differ."""
    files = {file.path: encode(without_marks(file)) for file in example.files}
    found: dict[str, list[str]] = {}
    for version in VERSIONS:
        if not example.applies_to(version) or not example.marks_for(version):
            continue
        repaired, _ = repair_files(files, version, all_rules())
        changed = {
            path: source_from_bytes(path, text.encode()).text
            for path, text in repaired.items()
            if text != files[path]
        }
        limits = f' keras="{"<3" if version.major < 3 else ">=3"}"'
        titled = len(files) > 1 or example.files[0].path != "program.py"
        found[limits] = [
            f"```python fixed{f' title={chr(34)}{path}{chr(34)}' if titled else ''}{{}}\n{text}```\n"
            for path, text in changed.items()
        ]
    variants = list(found.items())
    if all(texts == variants[0][1] for _, texts in variants):
        variants = [("", texts) for _, texts in variants[:1]]
    return [text.replace("{}", limits, 1) for limits, texts in variants for text in texts]


def rewrite(path: Path) -> None:
    """Write the blocks of one document."""
    markdown = path.read_text(encoding="utf-8")
    stripped = _FIXED.sub("", markdown)
    path.write_text(stripped, encoding="utf-8")
    lines = stripped.splitlines(keepends=True)
    examples = [
        item
        for item in iter_examples(path)
        if item.broken is None and (item.section == "Example" or not item.is_document)
    ]
    for example in reversed(examples):
        end = example.files[-1].line - 1 + example.files[-1].code.count("\n") + 1
        lines[end:end] = [f"\n{text}" for text in blocks(example)]
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        rewrite(Path(argument))
