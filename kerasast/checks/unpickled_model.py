"""A Keras model, or its weights, read by a pickle, which runs whatever code is in the file."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity
from kerasast.flow.arguments import Arguments, place_of
from kerasast.flow.events import ExternalCall, ModelCall
from kerasast.flow.externals import PICKLED
from kerasast.flow.values import External, Value
from kerasast.registry import rule

_UNPICKLED = tuple(
    f"{module}.{name}()"
    for module in ("pickle", "_pickle", "cloudpickle", "dill", "joblib", "pickle5")
    for name in ("load", "loads")
)

_OF_KERAS = frozenset(
    {"get_layer", "load_weights", "predict_on_batch", "save_weights", "test_on_batch", "train_on_batch"}
)
"""Methods that Keras's models have, and nothing else that people keep in pickles."""

_KEYWORDS = {"compile": {"loss", "optimizer"}, "fit": {"epochs"}, "predict": {"batch_size", "steps"}}
"""Methods that other models have as well, and arguments that only those of Keras take."""


@rule(
    category="security",
    severity=Severity.WARNING,
    on=(ExternalCall, ModelCall),
    calls=("set_weights", *_OF_KERAS, *_KEYWORDS),
    also=("load", "loads"),
    opt_in=True,
    cwe=(502,),
    since="0.1",
)
def unpickled_model(ctx: Context, event: ExternalCall | ModelCall) -> Iterator[Diagnostic]:
    if isinstance(event, ModelCall):
        weights = event.arguments.get("weights")
        loader = _loader(weights.value) if event.method == "set_weights" and weights is not None else None
        if loader is not None and weights is not None:
            yield ctx.report(
                place_of(weights, event.node),
                f"the weights come from `{loader}`, which runs any code that is in the file",
                help="keep weights in a file of `model.save_weights()`, and read them with `model.load_weights()`",
            )
        return
    object_, _, method = event.name.rpartition(".")
    loader = _loader(External(object_))
    if loader is not None and _is_of_keras(method, event.arguments):
        yield ctx.report(
            event.node,
            f"the model comes from `{loader}`, which runs any code that is in the file",
            help="keep models in `.keras` files, and read them with `keras.models.load_model()`",
        )


def _loader(value: Value) -> str | None:
    """The function that unpickled a value, if one did."""
    if not isinstance(value, External):
        return None
    if value.name.removesuffix("[]") == PICKLED:
        return "numpy.load(…, allow_pickle=True)"
    return next((name for name in _UNPICKLED if value.name in (name, f"{name}[]")), None)


def _is_of_keras(method: str, arguments: Arguments) -> bool:
    """Whether only a model of Keras can be called in this way."""
    return method in _OF_KERAS or any(name in arguments for name in _KEYWORDS.get(method, ()))
