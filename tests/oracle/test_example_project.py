"""The mistakes in `examples/` are mistakes: real Keras shows the damage of each, as `example_proofs.md` says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from environments import GENERATIONS, HERE, ROOT, reason_missing
from judge import Outcome, run_programs

from kerasast.documents import read_document

EXAMPLE = ROOT / "examples" / "plant_disease"

_MISSING = reason_missing()
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(_MISSING is not None, reason=_MISSING or "")]

_MAIN = """\
import json
import pathlib


def run_notebook(path, cells=None):
    notebook = json.loads((pathlib.Path(__file__).parent / path).read_text(encoding="utf-8"))
    for cell in [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:cells]:
        exec("".join(line for line in cell["source"] if line[0] not in "!%"), globals())
"""


@dataclass(frozen=True)
class Proof:
    """A program that shows the damage of one mistake."""

    id: str
    code: str
    files: Mapping[str, str]

    def to_json(self) -> str:
        """The request for the runner: nothing but the proof happens in the program."""
        files = {**self.files, "proof_main.py": _MAIN}
        return json.dumps({"id": self.id, "files": files, "main": "proof_main.py", "proofs": [self.code]})


def proofs() -> Iterator[Proof]:
    """The programs of `example_proofs.md`, each with the whole example project."""
    files = {
        path.relative_to(EXAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in EXAMPLE.rglob("*")
        if path.suffix in (".py", ".ipynb")
    }
    for block in read_document(HERE / "example_proofs.md").blocks:
        yield Proof(f"{block.section}-line-{block.line}", block.code, files)


@cache
def outcomes() -> dict[str, Outcome]:
    """What happened to each proof in the generation of Keras that the example project asks for."""
    [generation] = [item for item in GENERATIONS if item.version.startswith("3.")]
    return run_programs(proofs(), generation)


@pytest.mark.parametrize("name", [proof.id for proof in proofs()])
def test_the_damage_is_done(name: str) -> None:
    outcome = outcomes()[name]
    assert outcome.crash is None
    assert outcome.raised is None
    assert outcome.proof is True, f"{outcome.proof}\n{outcome.output}"
    assert outcome.observations
