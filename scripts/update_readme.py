"""Write the generated parts of README.md: terminal output, the table of rules, the table of settings.

    python scripts/update_readme.py            # write them
    python scripts/update_readme.py --check    # exit with 1 if they are not what is written

A part stands between `<!-- begin: name -->` and `<!-- end: name -->`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kerasast.config import OPTIONS  # noqa: E402
from kerasast.documents import document  # noqa: E402
from kerasast.registry import CATEGORIES, all_rules  # noqa: E402

README = ROOT / "README.md"
EXPLAINED = "ValueError: No loss to compute. Provide a `loss` argument in `compile()`."
SHOWN = ("--select", "save-before-build,trainable-after-compile", "examples/plant_disease/train.py")

_PART = re.compile(r"(<!-- begin: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def kerasast(*arguments: str) -> str:
    """What `kerasast` prints, with the command above it, as in a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    environment.pop("FORCE_COLOR", None)
    run = subprocess.run(
        [sys.executable, "-m", "kerasast", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if run.returncode not in (0, 1):
        sys.exit(f"kerasast failed: {run.stderr}")
    return f"$ kerasast {shlex.join(arguments)}\n{run.stdout.rstrip()}\n"


def terminal(*arguments: str) -> str:
    """A fenced block with the output of a command."""
    return f"```text\n{kerasast(*arguments)}```\n"


def table_of_rules() -> str:
    """Every rule with the sentence of its document, by category."""
    lines = ["| rule | what it reports | severity | Keras |", "| --- | --- | --- | --- |"]
    for category in CATEGORIES:
        rules = [rule for rule in all_rules().values() if rule.category == category]
        if rules:
            lines.append(f"| **{category}** | | | |")
        for rule in rules:
            summary = document(rule.name).summary
            keras = "" if rule.category == "meta" else {">=2": "2, 3"}.get(str(rule.keras), str(rule.keras))
            severity = ", ".join(filter(None, (rule.severity.label, rule.restriction)))
            lines.append(f"| [{rule.name}](rules/{rule.name}.md) | {summary} | {severity} | {keras} |")
    return "\n".join(lines) + "\n"


def table_of_settings() -> str:
    """Every key of the configuration."""
    lines = ["| key | default | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{option.key}` | {option.default} | {option.meaning} |" for option in OPTIONS.values()]
    return "\n".join(lines) + "\n"


PARTS: dict[str, Callable[[], str]] = {
    "output": lambda: terminal("check", *SHOWN),
    "statistics": lambda: terminal("check", "--statistics", "examples/"),
    "explain": lambda: terminal("explain", EXPLAINED),
    "rules": table_of_rules,
    "settings": table_of_settings,
}


def updated(text: str) -> str:
    """The text with all its parts made anew.

    Raises:
        KeyError: a part is unknown.
    """
    return _PART.sub(lambda match: match[1] + PARTS[match[2]]() + match[3], text)


def main() -> None:
    """The command line."""
    text = README.read_text(encoding="utf-8")
    new = updated(text)
    if "--check" in sys.argv[1:]:
        sys.exit(new != text)
    README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
