"""The environments with real Keras, one for each generation: `python tests/oracle/environments.py create`.

They are virtual environments under `.oracle/` in the repository, made from the pinned requirements next to
this file. TensorFlow 2.15 exists for Python 3.9 to 3.11 only, so the older generation needs one of these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COMMAND = "python tests/oracle/environments.py create"


class EnvironmentMissing(Exception):
    """An environment that does not exist or cannot be made; the text says what to do."""


@dataclass(frozen=True)
class Generation:
    """A generation of Keras that programs are run in; `pythons` are the Pythons that it exists for."""

    version: str
    pythons: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """The virtual environment."""
        return ROOT / ".oracle" / f"keras-{self.version}"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.folder / "bin" / "python"

    @property
    def requirements(self) -> Path:
        """What is installed in it."""
        return HERE / f"requirements-keras-{self.version}.txt"

    @property
    def ready(self) -> bool:
        """Whether it has been created, to the end."""
        return self.python.is_file() and (self.folder / "ready").is_file()


GENERATIONS = (
    Generation("2.15", ("3.11", "3.10", "3.9")),
    Generation("3.15", ("3.11", "3.12", "3.13")),
)


def missing() -> list[str]:
    """The versions of Keras that there is no environment for."""
    return [generation.version for generation in GENERATIONS if not generation.ready]


def reason_missing() -> str | None:
    """Why the oracle cannot run, if it cannot."""
    versions = missing()
    return f"no environment for Keras {' and '.join(versions)}: run `{COMMAND}`" if versions else None


def settings() -> dict[str, str]:
    """The environment variables for running Keras: no GPU, no chatter, one thread for each operation."""
    return {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def find_python(generation: Generation) -> str:
    """An interpreter that the generation's TensorFlow exists for.

    Raises:
        EnvironmentMissing: none is on the `PATH`, among pyenv's, or running this.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in generation.pythons:
        if version == running:
            return sys.executable
        versions = Path.home() / ".pyenv" / "versions"
        managed = [str(path) for path in sorted(versions.glob(f"{version}.*/bin/python"), reverse=True)]
        for candidate in (shutil.which(f"python{version}"), *managed):
            if candidate and _runs(candidate, version):
                return candidate
    wanted = ", ".join(generation.pythons)
    raise EnvironmentMissing(
        f"Keras {generation.version} needs one of Python {wanted}, and none was found: install one "
        f"(for example `pyenv install {generation.pythons[0]}`) so that `python{generation.pythons[0]}` is "
        f"on the PATH, then run `{COMMAND}`"
    )


def _runs(python: str, version: str) -> bool:
    """Whether a command is this Python: pyenv puts commands on the `PATH` that only print an error."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


def create(generation: Generation) -> None:
    """Create an environment from its pinned requirements; takes about two minutes.

    Raises:
        EnvironmentMissing: there is no fitting Python, or the installation failed.
    """
    python = find_python(generation)
    print(f"Keras {generation.version}: creating {generation.folder} with {python}", flush=True)
    steps = (
        [python, "-m", "venv", "--clear", str(generation.folder)],
        [str(generation.python), "-m", "pip", "install", "-q", "-r", str(generation.requirements)],
    )
    for step in steps:
        if subprocess.run(step, check=False).returncode:
            raise EnvironmentMissing(f"Keras {generation.version}: this command failed: {' '.join(step)}")
    (generation.folder / "ready").touch()


def main(arguments: list[str]) -> int:
    """`create` makes the environments that are missing; without it, say which there are."""
    if arguments not in ([], ["create"]):
        print(f"usage: {COMMAND}", file=sys.stderr)
        return 2
    failed = False
    for generation in GENERATIONS:
        try:
            if arguments and not generation.ready:
                create(generation)
        except EnvironmentMissing as error:
            print(error, file=sys.stderr)
            failed = True
        state = "ready" if generation.ready else "missing"
        print(f"Keras {generation.version}: {state} ({generation.folder})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
