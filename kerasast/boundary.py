"""The boundary of errors: a mistake of kerasast's own costs what it was doing just then, and no more."""

from __future__ import annotations

import traceback
from collections.abc import Callable


def attempt(action: Callable[[], object]) -> Exception | None:
    """Run `action`, and return what it raised, if anything.

    This is the only place where an exception of any kind is caught. Whoever calls it must tell the user.
    """
    try:
        action()
    except Exception as error:
        return error
    return None


def explain(error: Exception) -> str:
    """One line: what went wrong, and where in kerasast."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    if not frames:
        return text
    name = frames[-1].filename.replace("\\", "/").rpartition("/kerasast/")[2]
    return f"{text} ({name}:{frames[-1].lineno})"
