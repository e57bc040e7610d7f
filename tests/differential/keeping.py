"""Keeps what real Keras showed: it depends on the program and the harness, and not on kerasast.

One file for each program and version. Its name is a hash of both and of the code that observes, so that nothing
stale is ever read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from environments import HERE, Generation

from differential.harness import Case, Harm, Observation, observe_each

_OBSERVERS = ("artefacts.py", "watch.py")


def observe_once(
    wanted: Mapping[Generation, list[Case]], folder: Path, batch: int = 100
) -> dict[str, dict[str, Observation]]:
    """What `observe_each` gives, read from the folder where it is known, and written there in batches."""
    folder.mkdir(parents=True, exist_ok=True)
    unknown = {
        generation: [case for case in cases if not _file(folder, case, generation).is_file()]
        for generation, cases in wanted.items()
    }
    for start in range(0, max(map(len, unknown.values()), default=0), batch):
        part = {generation: cases[start : start + batch] for generation, cases in unknown.items()}
        found = observe_each(part)
        for generation, cases in part.items():
            for case in cases:
                _write(_file(folder, case, generation), found[generation.version][case.id])
    return {
        generation.version: {case.id: _read(_file(folder, case, generation)) for case in cases}
        for generation, cases in wanted.items()
    }


@cache
def _observer() -> bytes:
    names = [HERE / name for name in _OBSERVERS]
    return b"".join(path.read_bytes() for path in names)


def _file(folder: Path, case: Case, generation: Generation) -> Path:
    digest = hashlib.sha256(_observer() + case.source.encode()).hexdigest()
    return folder / f"{digest[:24]}-{generation.version}.json"


def _write(path: Path, observation: Observation) -> None:
    runs = [[[harm.kind, harm.text, harm.places] for harm in run] for run in observation.runs]
    path.write_text(json.dumps(runs), encoding="utf-8")


def _read(path: Path) -> Observation:
    runs = json.loads(path.read_text(encoding="utf-8"))
    return Observation(
        tuple(
            tuple(
                Harm(kind, text, tuple((file, line) for file, line in places)) for kind, text, places in run
            )
            for run in runs
        )
    )
