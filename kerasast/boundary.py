"""The boundary of errors: a mistake of kerasast's own costs what it was doing just then, and no more."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

DEEP_RECURSION = 30_000
DEEP_STACK = 512 * 2**20
"""In bytes, of address space: memory is only taken for the part that is used."""

_here = threading.local()


def attempt(action: Callable[[], object]) -> Exception | None:
    """Run `action`, and return what it raised, if anything.

    An action that runs out of stack is run a second time with a larger one, so that code which is nested unusually
    deeply can be analysed without making every analysis pay for it.
    """
    error = _catch(action)
    if isinstance(error, RecursionError) and not getattr(_here, "is_deep", False):
        return _attempt_deeply(action, error)
    return error


def _catch(action: Callable[[], object]) -> Exception | None:
    """This is the only place where an exception of any kind is caught. Whoever calls it must tell the user."""
    try:
        action()
    except Exception as error:
        return error
    return None


def _attempt_deeply(action: Callable[[], object], first: RecursionError) -> Exception | None:
    """Run `action` in a thread with a larger stack; where there can be none, that is the end of it."""
    result: list[Exception | None] = []

    def run() -> None:
        _here.is_deep = True
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, DEEP_RECURSION))
        result.append(_catch(action))
        sys.setrecursionlimit(limit)

    size = threading.stack_size(DEEP_STACK)
    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
    except RuntimeError:  # no memory for the stack
        return first
    finally:
        threading.stack_size(size)
    thread.join()
    return result[0]


def explain(error: Exception) -> str:
    """One line: what went wrong, and where in kerasast."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    if not frames:
        return text
    name = frames[-1].filename.replace("\\", "/").rpartition("/kerasast/")[2]
    return f"{text} ({name}:{frames[-1].lineno})"
