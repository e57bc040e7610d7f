"""`tf.random.set_seed()`, which does not seed what Keras draws."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.events import ExternalCall
from kerasast.registry import rule

_COMPLETE = (
    r"set_random_seed|(?<!np\.)(?<!numpy\.)(?<!tf\.)\brandom\.seed\s*\(|import\s+seed\b|seed_everything"
)
"""What seeds Python's own generator, from which Keras takes the seeds of layers."""

_MAKES_LAYERS = re.compile(r"\blayers\.\w+\(|\bDense\(|\bConv\w+\(|\bSequential\(")


@rule(
    category="training",
    severity=Severity.INFO,
    on=(ExternalCall,),
    names=("tensorflow.random.set_seed",),
    calls=("set_seed",),
    preview=True,
    since="0.1",
)
def incomplete_seed(ctx: Context, event: ExternalCall) -> Iterator[Diagnostic]:
    if event.name != "tensorflow.random.set_seed" or not _MAKES_LAYERS.search(ctx.source.code):
        return
    if ctx.project.mentions(_COMPLETE):
        return
    yield ctx.report(
        event.node,
        "this seeds TensorFlow alone: the layers of Keras begin with other weights in every run",
        help="call `keras.utils.set_random_seed(…)`, which seeds Python, NumPy and TensorFlow",
    )
