"""Conditions under which code runs that is meant for one generation of Keras only."""

from __future__ import annotations

import ast
import re

from kerasast.flow.methods import Guards

_ASKS = re.compile(r"version|hasattr|signature|keras_?[23]\b|is_keras|legacy|backend", re.IGNORECASE)


def is_for_one_version(guards: Guards) -> bool:
    """Whether code is in a `try`, or under a test that seems to ask for a version of Keras."""
    return guards.tried or any(_ASKS.search(ast.unparse(test)) for test in guards.tests)
