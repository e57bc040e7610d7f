"""The data of `kerasast.keras_api` are what the installs of Keras say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from environments import GENERATIONS, ROOT, Generation, reason_missing, settings

DATA = ROOT / "kerasast" / "keras_api" / "data"


@pytest.mark.oracle
@pytest.mark.skipif(reason_missing() is not None, reason=str(reason_missing()))
@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda generation: generation.version)
def test_data_match_the_install(generation: Generation, tmp_path: Path) -> None:
    """Regenerating in the environment gives the files of the repository, byte by byte."""
    shutil.copy(DATA / "names-3.15.json", tmp_path)  # Where Keras 2's names are taken from.
    script = ROOT / "scripts" / "generate_keras_api.py"
    subprocess.run(
        [str(generation.python), str(script), "--out", str(tmp_path)],
        check=True,
        env=settings(),
        stderr=subprocess.DEVNULL,
    )
    for kind in ("names", "symbols"):
        name = f"{kind}-{generation.version}.json"
        assert (tmp_path / name).read_text() == (DATA / name).read_text(), f"{name}: run {script}"
