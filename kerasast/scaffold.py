"""The two files of a new rule, `rules/<name>.md` and `kerasast/checks/<name>.py`, with what is to be filled in.

They are well-formed from the start: the document has every section, the check runs and passes for types. The document's
test fails until the check reports the example, which is the next thing to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import kerasast

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")

_DOCUMENT = """# {name}

TODO: one sentence that says what the mistake is.

## What it does

TODO: what is reported, and on what.

## Why is this bad?

TODO: what Keras does instead of what was meant, and what that costs.

## Example

TODO: a whole program that goes wrong in real Keras, with a mark at the line that is to be reported.

```python
import keras

model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(1)])
model.compile("sgd", "mean_squared_error")  # error
```

## Use instead

TODO: the same program as it should be.

```python
import keras

model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(1)])
```

## Proof

TODO: assert the damage that the example did. It must fail after the program of `## Use instead`. Where the example
raises an exception no proof is needed.

```python
assert not "written yet", "say in `## Proof` what is lost or wrong after the example"
observe("what was seen, for the table of evidence")
```

## Keras versions

TODO: what Keras 2.15 and Keras 3.15 were seen to do.

## Error messages

Keras prints nothing.

## Known limits

TODO: what is not reported although it is wrong, and why.

## References

TODO: where Keras documents it, or where people met it.
"""

_CHECK = '''"""`{name}`: TODO what is reported, and on what grounds."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ModelCall
from kerasast.registry import rule

CALLS = ("compile",)
"""TODO: the rarest methods that the mistake needs; code that leads to none of them is not walked for this rule."""


@rule(category="training", severity=Severity.WARNING, on=(ModelCall,), calls=CALLS, preview=True, since="{since}")
def {function}(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if event.method in CALLS and _is_wrong(event):
        yield ctx.report(event.node, "TODO: what is wrong", story=event.story, help="TODO: what to do")


def _is_wrong(event: ModelCall) -> bool:
    """TODO: whether it is certain; ask for `Tri.YES` and `Tri.NO` only, and leave alone what has `escaped`."""
    return False
'''

_NEXT = """Next, as CONTRIBUTING.md explains:

1. {document}: replace each TODO; ask real Keras whether it agrees:
   python tests/oracle/run_document.py {document}
2. {check}: replace each TODO; until then the first of these two fails, because the
   example is not reported:
   python -m kerasast.testing {document}
   python -m pytest tests/test_documents.py -k {name}
3. python scripts/generate_evidence.py {document}
   python scripts/update_readme.py
   and a line in CHANGELOG.md
"""


class ScaffoldError(Exception):
    """Files that cannot be written; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files of a new rule in the checkout at `root`, not yet written."""

    name: str
    root: Path

    @property
    def document(self) -> Path:
        """Where the document is."""
        return self.root / "rules" / f"{self.name}.md"

    @property
    def check(self) -> Path:
        """Where the check is."""
        return self.root / "kerasast" / "checks" / f"{self._function}.py"

    @property
    def _function(self) -> str:
        return self.name.replace("-", "_")

    def write(self) -> None:
        """Write both files.

        Raises:
            ScaffoldError: the name is not one of a rule, or one of the files exists.
        """
        if _NAME.fullmatch(self.name) is None:
            raise ScaffoldError(
                f"{self.name!r} cannot be the name of a rule: use small letters, with hyphens between words, for the "
                "mistake itself, such as `save-before-build`"
            )
        for path in (self.document, self.check):
            if path.exists():
                raise ScaffoldError(f"{path.relative_to(self.root)} exists already")
        since = ".".join(kerasast.__version__.split(".")[:2])
        self.document.write_text(_DOCUMENT.format(name=self.name), encoding="utf-8")
        check = _CHECK.format(name=self.name, function=self._function, since=since)
        self.check.write_text(check, encoding="utf-8")

    def next_steps(self) -> str:
        """What to do with the files, as text for a terminal."""
        document, check = (path.relative_to(self.root).as_posix() for path in (self.document, self.check))
        return f"Wrote {document}\nWrote {check}\n\n" + _NEXT.format(
            name=self.name, document=document, check=check
        )


def find_checkout(start: Path) -> Path:
    """The checkout of kerasast that a folder is in.

    Raises:
        ScaffoldError: it is in none.
    """
    for folder in _upwards(start.resolve()):
        if (folder / "rules").is_dir() and (folder / "kerasast" / "checks").is_dir():
            return folder
    raise ScaffoldError("a new rule is written into a checkout of kerasast: change to its folder")


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents
