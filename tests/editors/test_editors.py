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


SEEN = {
    "before": ["legacy-optimizer-argument", "save-before-build"],
    "after": ["save-before-build"],
    "story": ["created", "saved"],
}

COMMANDS = {
    "nvim": ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(HERE / "neovim.lua")],
    "emacs": ["emacs", "--batch", "-l", str(HERE / "emacs.el")],
}


def is_installed(editor: str) -> bool:
    """Whether an editor is here; for Emacs its client has to be, too."""
    if shutil.which(editor) is None:
        return False
    check = ["emacs", "--batch", "--eval", "(progn (require 'package) (package-initialize) (require 'eglot))"]
    return editor != "emacs" or subprocess.run(check, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("editor", COMMANDS)
def test_an_editor(editor: str, tmp_path: Path) -> None:
    if not is_installed(editor):
        assert os.environ.get("KERASAST_EDITORS") != "required", f"{editor} is not installed"
        pytest.skip(f"{editor} is not installed")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("keras==3.15\n")
    environment = {
        **os.environ,
        "KERASAST_SERVER": f"{sys.executable} -m kerasast server",
        "PYTHONPATH": str(HERE.parents[1]),
    }
    subprocess.run(COMMANDS[editor], cwd=tmp_path, env=environment, timeout=300, check=True)
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert seen.pop("explained").startswith("save-before-build: ")
    assert seen == SEEN
    text = (tmp_path / "program.py").read_text(encoding="utf-8")
    assert text == PROGRAM.replace("lr=", "learning_rate=")
