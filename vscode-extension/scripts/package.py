"""Make the `.vsix`: `python scripts/package.py [--target linux-x64] [--if-changed]`.

Bundles kerasast, compiles the extension and packs both into `build/`. Files have the time of the last commit, so that
the same checkout gives the same package. With `--if-changed` nothing is done when it would be the same as last time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bundle import EXTENSION, LIBS, PLATFORMS, ROOT, bundle, this_platform

BUILD = EXTENSION / "build"

_SOURCES = (
    ROOT / "kerasast",
    ROOT / "rules",
    ROOT / "pyproject.toml",
    ROOT / "README.md",
    EXTENSION / "bundled" / "tool",
    EXTENSION / "images",
    EXTENSION / "scripts",
    EXTENSION / "src",
    EXTENSION / ".vscodeignore",
    EXTENSION / "CHANGELOG.md",
    EXTENSION / "LICENSE",
    EXTENSION / "README.md",
    EXTENSION / "package-lock.json",
    EXTENSION / "package.json",
)


def sources() -> Iterator[Path]:
    """Every file that the package is made of."""
    for place in _SOURCES:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in inside if path.is_file() and path.suffix != ".pyc")


def digest(target: str) -> str:
    """What the package is made of, as a number."""
    result = hashlib.sha256(target.encode())
    for path in sources():
        result.update(f"\n{path.relative_to(ROOT).as_posix()}\n".encode())
        result.update(path.read_bytes())
    return result.hexdigest()


def readme() -> Path:
    """The README with its pictures where the documentation has them; without them while that has no address."""
    sys.path.insert(0, str(ROOT))
    from kerasast.address import DOCUMENTATION

    text = (EXTENSION / "README.md").read_text(encoding="utf-8")
    if DOCUMENTATION is None:
        text = re.sub(r"^ *!\[.*\n\n?", "", text, flags=re.MULTILINE)
    else:
        text = text.replace("](../docs/", f"]({DOCUMENTATION}")
    path = BUILD / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def commit_time() -> str:
    """When the last commit was made, in seconds since 1970; for all files of the package."""
    command = ("git", "log", "-1", "--format=%ct")
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return result.stdout.strip() or "315532800"


def pack(target: str, path: Path) -> None:
    """Write the package."""
    bundle(target)
    for cache in LIBS.parent.rglob("__pycache__"):
        shutil.rmtree(cache)
    platform = () if target == "universal" else ("--target", target)
    command = (
        "npx",
        "--no-install",
        "vsce",
        "package",
        "--no-dependencies",
        "--allow-missing-repository",
    )
    result = subprocess.run(
        [*command, *platform, "--readme-path", str(readme().relative_to(EXTENSION)), "--out", str(path)],
        cwd=EXTENSION,
        env={**os.environ, "SOURCE_DATE_EPOCH": commit_time(), "npm_config_loglevel": "error"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if result.returncode:
        sys.exit(f"vsce failed:\n{result.stdout}")


def main() -> None:
    """Read the arguments, and make the package unless it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", choices=list(PLATFORMS), default=this_platform())
    parser.add_argument("--if-changed", action="store_true", help="keep a package that is up to date")
    arguments = parser.parse_args()
    path = BUILD / f"kerasast-{arguments.target}.vsix"
    stamp = path.with_suffix(".digest")
    wanted = digest(arguments.target)
    known = stamp.read_text() if path.exists() and stamp.exists() else ""
    if not arguments.if_changed or known != wanted:
        BUILD.mkdir(exist_ok=True)
        pack(arguments.target, path)
        stamp.write_text(wanted)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
