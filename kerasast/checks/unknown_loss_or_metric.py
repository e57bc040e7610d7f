"""A loss, metric or optimizer given to `compile()` by a name that Keras does not know."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from functools import partial

from kerasast.checks._compile_arguments import given, is_compile
from kerasast.checks._guards import is_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.fixes import safe, set_string, unsafe
from kerasast.flow.events import ModelCall
from kerasast.flow.values import Const
from kerasast.registry import FixAvailability, rule

# Which names work was asked of `get` of each module of Keras 2.15.0 and 3.15.1; private names are left out.

_SHARED = """
BinaryCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge KLDivergence MAE MAPE MSE MSLE
MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson
SparseCategoricalCrossentropy SquaredHinge binary_crossentropy categorical_crossentropy categorical_hinge
cosine_similarity hinge mae mape mean_absolute_error mean_absolute_percentage_error mean_squared_error
mean_squared_logarithmic_error mse msle poisson sparse_categorical_crossentropy squared_hinge
"""
_LOSSES = f"""{_SHARED}
BCE BinaryFocalCrossentropy CategoricalFocalCrossentropy Huber KLD LogCosh Loss bce binary_focal_crossentropy
categorical_focal_crossentropy huber kl_divergence kld log_cosh
"""
_METRICS = f"""{_SHARED}
AUC Accuracy BinaryAccuracy BinaryIoU CategoricalAccuracy F1Score FBetaScore FalseNegatives FalsePositives IoU
LogCoshError Mean MeanIoU MeanMetricWrapper MeanRelativeError OneHotIoU OneHotMeanIoU PrecisionAtRecall
RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity Precision R2Score Recall RootMeanSquaredError
SparseCategoricalAccuracy SparseTopKCategoricalAccuracy Sum TopKCategoricalAccuracy TrueNegatives TruePositives
accuracy acc ACC binary_accuracy categorical_accuracy sparse_categorical_accuracy sparse_top_k_categorical_accuracy
top_k_categorical_accuracy
"""
_OPTIMIZERS = "adadelta adagrad adam adamax ftrl nadam rmsprop sgd"

_KNOWN = {
    ("loss", 2): f"{_LOSSES} huber_loss kullback_leibler_divergence logcosh",
    ("loss", 3): f"{_LOSSES} CTC Circle Dice Tversky circle ctc dice tversky crossentropy",
    ("metrics", 2): f"""{_METRICS} MeanTensor SumOverBatchSize ce cosine_proximity crossentropy
        kullback_leibler_divergence log_cosh logcosh""",
    ("metrics", 3): f"""{_METRICS} BCE ConcordanceCorrelation Metric PearsonCorrelation auc bce binary_io_u
        concordance_correlation f1_score f_beta_score false_negatives false_positives io_u kl_divergence
        log_cosh_error mean mean_io_u mean_metric_wrapper metric one_hot_io_u one_hot_mean_io_u pearson_correlation
        precision precision_at_recall r2_score recall recall_at_precision root_mean_squared_error
        sensitivity_at_specificity specificity_at_sensitivity sum true_negatives true_positives""",
    ("optimizer", 2): _OPTIMIZERS,
    ("optimizer", 3): f"{_OPTIMIZERS} adafactor adamw lion muon schedulefreeadamw lossscaleoptimizer",
}

_RENAMED = {
    "cosine_proximity": "cosine_similarity",
    "crossentropy": "categorical_crossentropy",
    "ce": "categorical_crossentropy",
    "cce": "categorical_crossentropy",
    "f1": "F1Score",
    "f1_score": "F1Score",
    "huber_loss": "huber",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "r2": "R2Score",
    "rmse": "RootMeanSquaredError",
    "scce": "sparse_categorical_crossentropy",
}

_SAME_OBJECT = frozenset({"huber_loss", "kullback_leibler_divergence", "logcosh"})
"""Names of Keras 2 for what Keras 3 has under another one."""

_GUESSED = frozenset({"ce", "crossentropy"})
"""Names that may mean more than one."""

_REGISTERS = r"get_custom_objects|custom_object_scope|CustomObjectScope|_GLOBAL_CUSTOM_OBJECTS"


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("compile",),
    calls=("compile",),
    keras=">=2.13",
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def unknown_loss_or_metric(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    if not is_compile(event, ctx.keras):
        return
    for parameter in ("optimizer", "loss", "metrics", "weighted_metrics"):
        kind = parameter.removeprefix("weighted_")
        for node, value in given(event, parameter):
            if (
                isinstance(value, Const)
                and isinstance(value.value, str)
                and not is_known(ctx, kind, value.value)
            ):
                looks_further = kind == "optimizer" or ctx.keras.major < 3
                if (looks_further and _may_be_registered(ctx)) or is_guarded(ctx, event.node):
                    return
                yield _report(ctx, kind, node, value.value)


def is_known(ctx: Context, kind: str, name: str) -> bool:
    """Whether Keras knows a loss, metric or optimizer by this name. Keras 3 never looks among registered names."""
    if (">" in name and ctx.keras.major < 3) or "." in name or not name:
        return True
    if kind == "optimizer":
        name = name.lower()
    elif kind == "metrics" and name.lower() in ("accuracy", "acc"):
        return True
    return name in _names(kind, ctx.keras.major)


def _names(kind: str, major: int) -> list[str]:
    return _KNOWN[kind, min(max(major, 2), 3)].split()


def _report(ctx: Context, kind: str, node: ast.AST, name: str) -> Diagnostic:
    names = _names(kind, ctx.keras.major)
    what = kind.removesuffix("s") if kind == "metrics" else kind
    close = _RENAMED.get(name)
    if close not in names:
        folded = {_fold(item): item for item in reversed(names)}
        close = folded.get(_fold(name)) or next(
            iter(difflib.get_close_matches(name, names, n=1, cutoff=0.8)), None
        )
    return ctx.report(
        node,
        f'Keras {ctx.keras.major} knows no {what} called "{name}": training raises',
        help=f'did you mean "{close}"?' if close else f"pass a {what} object or function",
        fix=partial(_fix, ctx, node, name, close) if close and _is_certain(kind, name, close) else None,
    )


def _is_certain(kind: str, name: str, close: str) -> bool:
    """Whether there is hardly a doubt that `close` is meant: no name of another Keras, nor of another optimizer."""
    if _fold(name) == _fold(close) or name in _SAME_OBJECT or (name in _RENAMED and name not in _GUESSED):
        return True
    known = any(name in _names(kind, major) for major in (2, 3))
    ratio = difflib.SequenceMatcher(None, name, close).ratio()
    return kind != "optimizer" and not known and name not in _GUESSED and ratio > 0.9


def _fix(ctx: Context, node: ast.AST, name: str, close: str) -> Fix | None:
    """Write the name that is meant, unless other strings of the file speak of the one that was given."""
    if len(re.findall(rf"['\"](?:val_)?{re.escape(name)}['\"]", ctx.source.code)) > 1:
        return None
    edits = set_string(ctx.source, node, close)
    same = _fold(name) == _fold(close) or name in _SAME_OBJECT
    return safe(f'Write `"{close}"`', edits) if same else unsafe(f'Write `"{close}"`', edits)


def _fold(name: str) -> str:
    return name.replace("_", "").replace(" ", "").replace("-", "").lower()


def _may_be_registered(ctx: Context) -> bool:
    """Whether the project gives Keras names of its own somewhere."""
    return ctx.project.mentions(_REGISTERS)
