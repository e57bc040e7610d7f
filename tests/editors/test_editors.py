"""Real editors, where they are installed, show what the server says and apply a fix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

PROGRAM = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
text = "ä😀"; optimizer = keras.optimizers.Adam(lr=0.1)
model.save_weights("m.weights.h5")
"""


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
def test_neovim(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("keras==3.15\n")
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(HERE / "neovim.lua")]
    environment = {**os.environ, "KERASAST_SERVER": f"{sys.executable} -m kerasast server"}
    subprocess.run(command, cwd=tmp_path, env=environment, timeout=120, check=True)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen == {
        "before": ["legacy-optimizer-argument", "save-before-build"],
        "after": ["save-before-build"],
    }
    text = (tmp_path / "program.py").read_text(encoding="utf-8")
    assert text == PROGRAM.replace("lr=", "learning_rate=")
