"""The generated evidence says what happened, where it belongs, and the same in every run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from environments import ROOT
from judge import Failure, Outcome

from kerasast.testing import Example, iter_examples

sys.path.insert(0, str(ROOT / "scripts"))
from generate_evidence import insert_observations, insert_table, merged, render_evidence, render_table, stable

DONE = Outcome(None, None, (), (), (), "", None, 0.1)
DOCUMENT = """# save-before-build

It.

## What it does

It.

## Example

```python
import keras
keras.Sequential().save("model.keras")  # error
```

```python keras=">=3"
keras.Sequential().save("model.h5")  # error
```

## Use instead

```python
good()
```

## Keras versions

Both.

## Error messages

```text
ValueError: empty
```
"""


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    path = tmp_path / "save-before-build.md"
    path.write_text(DOCUMENT)
    return list(iter_examples(path))


def outcomes(examples: list[Example]) -> dict[str, dict[str, Outcome]]:
    first, second, good = (example.id for example in examples)
    shown = Outcome(None, True, ("0 arrays | all of `a`",), (), (), "", None, 0.1)
    raised = Outcome(Failure("ValueError", "empty", None, None), None, (), (), (), "", None, 0.1)
    return {"2.15": {first: shown, good: DONE}, "3.15": {first: raised, second: shown, good: DONE}}


def test_table_of_a_document(examples: list[Example]) -> None:
    assert render_table(examples, outcomes(examples)) == (
        "| Program | Keras 2.15 | Keras 3.15 |\n"
        "| --- | --- | --- |\n"
        '| `keras.Sequential().save("model.keras")` | 0 arrays \\| all of `a` | `ValueError: empty` |\n'
        '| `keras.Sequential().save("model.h5")` | — | 0 arrays \\| all of `a` |\n'
        "| Use instead | runs | runs |"
    )


def test_evidence_has_a_row_for_each_rule_and_version(examples: list[Example]) -> None:
    text = render_evidence(examples, outcomes(examples))
    link = "[save-before-build](../rules/save-before-build.md)"
    assert f"| {link} | 2.15 | 0 arrays \\| all of `a` | 1 | 1 |\n" in text
    assert f"| {link} | 3.15 | `ValueError: empty`<br>0 arrays \\| all of `a` | 2 | 1 |\n" in text


def test_disagreement_is_not_evidence(examples: list[Example]) -> None:
    seen = outcomes(examples)
    seen["2.15"][examples[0].id] = DONE
    assert "| **not as marked** | `ValueError: empty` |" in render_table(examples, seen)


def test_table_stands_at_the_end_of_its_section_and_is_replaced_there() -> None:
    once = insert_table(DOCUMENT, "| first |")
    assert "Both.\n\n<!-- evidence -->\n| first |\n<!-- /evidence -->\n\n## Error messages\n" in once
    assert insert_table(once, "| second |") == once.replace("first", "second")


def test_cells_do_not_depend_on_the_run() -> None:
    assert (
        stable("at 0x7f12ab34cd in '/tmp/kerasast-oracle-x1/work/model.keras'\n") == "at 0x… in 'model.keras'"
    )
    assert stable("a" * 500) == "a" * 300 + " …"


def test_rows_of_some_documents_replace_theirs() -> None:
    known = """# Evidence

| Rule | Keras |
| --- | --- |
| [a](../rules/a.md) | 2.15 | old |
| [a](../rules/a.md) | 3.15 | old |
| [c](../rules/c.md) | 2.15 | kept |

| Cases | Keras |
| --- | --- |
| [b](../tests/cases/b.md) | 2.15 | kept |
"""
    fresh = "| [a](../rules/a.md) | 3.15 | new |\n| [b](../rules/b.md) | 2.15 | new |\n"
    assert merged(known, fresh).splitlines()[4:] == [
        "| [a](../rules/a.md) | 3.15 | new |",
        "| [b](../rules/b.md) | 2.15 | new |",
        "| [c](../rules/c.md) | 2.15 | kept |",
        "",
        "| Cases | Keras |",
        "| --- | --- |",
        "| [b](../tests/cases/b.md) | 2.15 | kept |",
    ]


CLAIMS = """# Claims

## "It is `empty`"

```python
first()
```

```python proof
observe("empty")
```

## Nothing to run

Prose.
"""


def test_observations_stand_at_the_end_of_their_claim(tmp_path: Path) -> None:
    path = tmp_path / "claims.md"
    path.write_text(CLAIMS)
    (example,) = iter_examples(path)
    shown = Outcome(None, True, ("0 arrays",), (), (), "", None, 0.1)
    seen = {version: {example.id: DONE, f"{example.id}+shown": shown} for version in ("2.15", "3.15")}
    table = "| Keras 2.15 | Keras 3.15 |\n| --- | --- |\n| 0 arrays | 0 arrays |\n"
    page = insert_observations(CLAIMS, [example], seen)
    assert f"```\n\n<!-- evidence -->\n{table}<!-- /evidence -->\n\n## Nothing to run\n\nProse.\n" in page
    assert insert_observations(page, [example], seen) == page
