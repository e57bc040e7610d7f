"""What the server tells an editor beyond the protocol, and the options that it is started with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from server_wire import SERVER, serving

from kerasast.fixes import cst
from kerasast.source import SourceFile

PROGRAM = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(lr=0.1)
model.save_weights("m.weights.h5")
"""


def _conversation(folder: Path, requests: list[tuple[str, dict[str, Any]]], *arguments: str) -> list[Any]:
    """What a server that is started with `arguments` answers to each request about `program.py` in `folder`."""
    with serving((*SERVER, *arguments)) as wire:
        wire.initialize(folder)
        wire.open(folder / "program.py", PROGRAM)
        return [wire.ask(method, params).get("result") for method, params in requests]


def _status(folder: Path, *arguments: str) -> dict[str, Any]:
    uri = (folder / "program.py").as_uri()
    [status] = _conversation(folder, [("kerasast/status", {"textDocument": {"uri": uri}})], *arguments)
    assert isinstance(status, dict)
    return status


def test_status_tells_the_version_and_why(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("keras==2.12\n")
    status = _status(tmp_path)
    assert status["kerasVersion"] == "2.12"
    assert "requirements.txt" in status["reason"]
    assert (status["files"], status["problems"], status["fixes"]) == (1, 2, True)


def test_status_of_a_document_without_keras(tmp_path: Path) -> None:
    other = {"textDocument": {"uri": (tmp_path / "other.py").as_uri()}}
    [status] = _conversation(tmp_path, [("kerasast/status", other)])
    assert status["kerasVersion"] is None
    assert status["reason"] is None


def test_options_go_before_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "kerasast.toml").write_text('keras-version = "3.15"\nselect = ["saving"]\n')
    assert _status(tmp_path)["problems"] == 1
    status = _status(tmp_path, "--keras-version", "2.15", "--select", "ALL", "--ignore", "save-before-build")
    assert status["kerasVersion"] == "2.15"
    assert status["problems"] >= 1
    assert _status(tmp_path, "--ignore", "ALL")["problems"] == 0


def test_a_configuration_that_the_options_forbid_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "kerasast.toml").write_text('select = ["saving"]\n')
    assert _status(tmp_path, "--isolated")["problems"] == 2


def test_rules_and_their_documents(tmp_path: Path) -> None:
    requests: list[tuple[str, dict[str, Any]]] = [
        ("kerasast/rules", {}),
        ("kerasast/rule", {"name": "save-before-build"}),
        ("kerasast/rule", {"name": "no-such-rule"}),
    ]
    every, one, none = _conversation(tmp_path, requests)
    listed = {item["name"]: item for item in every}
    assert len(listed) == len(every) > 50
    assert listed["save-before-build"]["severity"] == "error"
    assert listed["save-before-build"]["summary"]
    assert one["markdown"].startswith("# save-before-build")
    assert "## What it does" in one["markdown"]
    assert none is None


def test_an_option_that_does_not_exist_ends_the_server() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "kerasast", "server", "--keras-version", "banana"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "banana" in result.stderr


@pytest.mark.parametrize("options", [("--baseline", "b.json", "--no-baseline")])
def test_options_that_exclude_each_other(options: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "kerasast", "server", *options]
    assert subprocess.run(command, capture_output=True).returncode == 2


def test_fixes_without_libcst(monkeypatch: pytest.MonkeyPatch) -> None:
    cst.is_available.cache_clear()
    monkeypatch.setitem(sys.modules, "libcst", None)
    try:
        assert not cst.is_available()
        source = SourceFile("program.py", "x = f(1)\n")
        assert cst.change_statement(source, source.parse().body[0], lambda node: ()) is None
        assert not cst.is_installed()
    finally:
        cst.is_available.cache_clear()


def test_libcst_is_found_without_importing_it() -> None:
    code = "import sys; from kerasast.fixes.cst import is_installed; print(is_installed(), 'libcst' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True False\n"
    )
