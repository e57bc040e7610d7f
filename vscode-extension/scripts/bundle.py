"""Put kerasast and what it needs into `bundled/libs`: `python scripts/bundle.py [--target linux-x64]`.

kerasast is built from this checkout. The rest is what `requirements.txt` says, checked by its hashes. Pure Python is
there once. libcst is compiled for each release of Python; the names of its compiled files tell them apart, so those of
all releases lie side by side, and each Python takes its own. A Python that none is for has no libcst, and the server
makes its fixes without it.
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[1]
ROOT = EXTENSION.parent
LIBS = EXTENSION / "bundled" / "libs"
REQUIREMENTS = EXTENSION / "scripts" / "requirements.txt"

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
COMPILED = "libcst"

PLATFORMS: dict[str, tuple[str, ...]] = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "linux-arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "alpine-x64": ("musllinux_1_2_x86_64",),
    "alpine-arm64": ("musllinux_1_2_aarch64",),
    "darwin-x64": (),
    "darwin-arm64": ("macosx_11_0_arm64",),
    "win32-x64": ("win_amd64",),
    "win32-arm64": ("win_arm64",),
    "universal": (),
}
"""The targets of `vsce package`, each with the tags of the wheels that run there; none where libcst has no wheels."""

_NOT_NEEDED = (
    "bin",
    "libcst/tests",
    "libcst/codemod",
    "libcst/*/tests",
    "libcst/*/*/tests",
    "**/__pycache__",
    "**/*.pyi",
)
"""What of the packages the server never reads."""


def this_platform() -> str:
    """The target of the machine that this runs on."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}[sys.platform]
    if system == "linux" and not platform.libc_ver()[0]:
        system = "alpine"
    return f"{system}-{'arm64' if platform.machine().lower() in ('arm64', 'aarch64') else 'x64'}"


def pip(*arguments: str | Path) -> None:
    """Run pip.

    Raises:
        SystemExit: it fails.
    """
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet", "--disable-pip-version-check"]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout.decode(errors='replace')}")


def requirements(folder: Path, *, compiled: bool) -> Path:
    """A file with the packages that are compiled, or the others. Markers are left out: they are for this Python."""
    text = REQUIREMENTS.read_text(encoding="utf-8")
    entries = re.findall(r"^(?!#)\S+==(?:.*\\\n)*.*\n", text, re.MULTILINE)
    chosen = [entry for entry in entries if entry.startswith(f"{COMPILED}==") == compiled]
    path = folder / f"{'compiled' if compiled else 'pure'}.txt"
    path.write_text("".join(re.sub(r" ; [^\\\n]*", " ", entry) for entry in chosen), encoding="utf-8")
    return path


def download(folder: Path, wanted: Path, *tags: str) -> None:
    """Wheels of pinned packages, for a Python that need not be this one."""
    fixed = ("--no-deps", "--require-hashes", "--only-binary", ":all:")
    pip("download", *fixed, *tags, "--requirement", wanted, "--dest", folder)


def collect(folder: Path, target: str) -> list[Path]:
    """All the wheels."""
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    pure = ("--python-version", PYTHONS[0], "--implementation", "py", "--abi", "none", "--platform", "any")
    download(folder, requirements(folder, compiled=False), *pure)
    if PLATFORMS[target]:
        platforms = [part for name in PLATFORMS[target] for part in ("--platform", name)]
        wanted = requirements(folder, compiled=True)
        for version in PYTHONS:
            abi = f"cp{version.replace('.', '')}"
            download(
                folder,
                wanted,
                "--implementation",
                "cp",
                "--python-version",
                version,
                "--abi",
                abi,
                *platforms,
            )
    return sorted(folder.glob("*.whl"))


def unpack(wheels: list[Path]) -> None:
    """Put the wheels into `bundled/libs`, without what is never read."""
    shutil.rmtree(LIBS, ignore_errors=True)
    LIBS.mkdir(parents=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(LIBS)
    for pattern in _NOT_NEEDED:
        for path in list(LIBS.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def bundle(target: str) -> None:
    """Fill `bundled/libs` for a target."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(collect(Path(folder), target))
    size = sum(path.stat().st_size for path in LIBS.rglob("*") if path.is_file())
    compiled = len(list((LIBS / COMPILED).glob("native*")))
    print(f"bundled/libs for {target}: {size / 1e6:.1f} MB, libcst for {compiled} releases of Python")


def main() -> None:
    """Read the arguments, and bundle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", choices=list(PLATFORMS), default=this_platform())
    bundle(parser.parse_args().target)


if __name__ == "__main__":
    main()
