"""What GitHub's code scanning takes, and what is left out of a report that has more.

The numbers are from GitHub's documentation ("SARIF support for code scanning"): a file with more results than
`MOST_RESULTS` is rejected, and so is one that is larger than `MOST_BYTES` when compressed; of the results of a run only
`SHOWN_RESULTS` are shown.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence

from kerasast.diagnostics import Diagnostic

MOST_RESULTS = 25_000
SHOWN_RESULTS = 5_000
MOST_BYTES = 10 * 2**20
MOST_STEPS = 1_000
"""Of the locations of a code flow only so many are shown."""

MOST_LOCATIONS = 100
MOST_TEXT = 1024
"""In characters, of a short or full description."""

_LITTLE = MOST_BYTES
"""No text that is shorter than this is larger when compressed, so it is not tried."""

_MARGIN = 0.9


def most_severe(diagnostics: Sequence[Diagnostic], number: int) -> list[Diagnostic]:
    """At most so many diagnostics, the most severe and certain ones of more, in the order given."""
    if len(diagnostics) <= number:
        return list(diagnostics)
    kept = sorted(range(len(diagnostics)), key=lambda index: _weight(diagnostics[index]))[:number]
    return [diagnostics[index] for index in sorted(kept)]


def by_weight(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics with the most severe and certain ones first."""
    return sorted(diagnostics, key=_weight)


def _weight(item: Diagnostic) -> tuple[int, int]:
    return (-item.severity, -item.confidence)


def fit(diagnostics: Sequence[Diagnostic], render: Callable[[Sequence[Diagnostic]], str]) -> tuple[str, int]:
    """A report of as many diagnostics as the limits allow, made by `render`, which is given them; and how many."""
    chosen = most_severe(diagnostics, MOST_RESULTS)
    if len(chosen) > SHOWN_RESULTS:
        chosen = by_weight(chosen)
    while True:
        text = render(chosen)
        size = compressed(text)
        if size <= MOST_BYTES or not chosen:
            return text, len(chosen)
        chosen = by_weight(chosen)[: int(len(chosen) * _MARGIN * MOST_BYTES / size)]


def compressed(text: str) -> int:
    """How many bytes a text is when it is sent; its own length for one that cannot be too long."""
    data = text.encode("utf-8", "backslashreplace")
    return len(data) if len(data) <= _LITTLE else len(gzip.compress(data))


def describe(found: int, kept: int) -> str | None:
    """What to say of a report with `kept` of `found` diagnostics; nothing where all of them will be shown."""
    if kept < found:
        return (
            f"GitHub takes at most {MOST_RESULTS:,} results and {MOST_BYTES // 2**20} MB: "
            f"{found - kept:,} of {found:,} were left out, the least severe"
        )
    if kept > SHOWN_RESULTS:
        return f"GitHub shows {SHOWN_RESULTS:,} results of a run: of {kept:,} the most severe come first"
    return None
