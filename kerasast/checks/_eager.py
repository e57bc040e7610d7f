"""Whether Keras runs the code of a project as Python in each step."""

from __future__ import annotations

from kerasast.context import Context

_WORDS = ("run_eagerly", "run_functions_eagerly", "disable_v2_behavior")


def runs_eagerly(ctx: Context) -> bool:
    """Whether some module of the project asks for code not to be traced."""
    return any(
        word in source.code
        for key in ctx.project.modules
        if (source := ctx.project.source(key)) is not None
        for word in _WORDS
    )
