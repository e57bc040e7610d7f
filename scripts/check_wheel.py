"""Build the wheel, look into it, and use it from an environment of its own: `python scripts/check_wheel.py FOLDER`."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    """Run a command, and return what it prints.

    Raises:
        SystemExit: it ends with another exit code than expected.
    """
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if result.returncode != expect:
        print(result.stdout, result.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"exit code {result.returncode} instead of {expect}: {' '.join(map(str, command))}")
    return result.stdout


def build(folder: Path) -> Path:
    """Build the wheel into `folder`."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def missing_from(wheel: Path) -> list[str]:
    """What the checkout has and the wheel lacks: modules, data, and the documents of the rules."""
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = [f"kerasast/_rules/{path.name}" for path in sorted((ROOT / "rules").glob("*.md"))]
    for path in sorted((ROOT / "kerasast").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            wanted.append(path.relative_to(ROOT).as_posix())
    return [name for name in wanted if name not in names]


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel in a new environment, and check the example with it, far from the checkout."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    kerasast = folder / "venv" / "bin" / "kerasast"
    print(run(kerasast, "version", cwd=folder).strip())
    page = run(kerasast, "rule", "save-before-build", cwd=folder)
    if "What it does" not in page:
        sys.exit("`kerasast rule save-before-build` does not show the rule's document")
    found = run(kerasast, "check", "--output-format", "concise", ROOT / "examples", cwd=folder, expect=1)
    print(found.strip().splitlines()[-1])


def main() -> None:
    """Build, look, use."""
    folder = Path(sys.argv[1]).resolve()
    wheel = build(folder)
    missing = missing_from(wheel)
    if missing:
        sys.exit("the wheel lacks " + ", ".join(missing))
    use(wheel, folder)


if __name__ == "__main__":
    main()
