"""Run every rule on every Python file under some folders, prefilter or not, and fail if kerasast fails on one.

python scripts/check_robustness.py "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kerasast.config import Settings
from kerasast.diagnostics import Diagnostic
from kerasast.engine import Analyzer
from kerasast.versions import KERAS_2, KERAS_3

BATCH = 500
"""Files analysed as one project, so that memory stays bounded."""


def batches(roots: list[str]) -> Iterator[list[Path]]:
    """The files under `roots`, in batches."""
    files = sorted(path for root in roots for path in Path(root).rglob("*.py") if path.is_file())
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def main() -> int:
    """Print a line for each failure and a summary; the exit code is 1 if there was any."""
    analyzer = Analyzer(Settings())
    counts: Counter[str] = Counter()
    failures: list[Diagnostic] = []
    started = time.monotonic()
    total = 0
    for number, batch in enumerate(batches(sys.argv[1:])):
        version = (KERAS_2, KERAS_3)[number % 2]
        total += len(batch)
        result = analyzer.analyze_files({str(path): path.read_bytes() for path in batch}, version)
        counts.update(item.rule for item in result.diagnostics)
        failures.extend(item for item in result.diagnostics if item.rule == "internal-error")
    for failure in failures:
        print(f"{failure.path}: {failure.message}")
    print(f"{total} files in {time.monotonic() - started:.0f} s: {dict(counts.most_common())}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
