"""Whether Keras runs the code of a project as Python in each step."""

from __future__ import annotations

from kerasast.context import Context

_EAGER = ("run_eagerly", "run_functions_eagerly", "disable_eager", "disable_v2_behavior")


def runs_eagerly(ctx: Context) -> bool:
    """Whether some module of the project asks for code not to be traced."""
    return any(map(ctx.project.mentions, _EAGER))
