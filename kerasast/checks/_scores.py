"""Names of metrics that tell whether more is better."""

from __future__ import annotations

import re

_SCORE = re.compile(
    r"""(?:\w+_)?
    (?:auc|bleu|dice|f[_-]?[12]|f[_-]?beta|f[_-]?measure|f[12]?[_-]?score|fbeta[_-]?score|io_?u|jaccard
      |kappa|mcc|mean_io_u|miou|precision|psnr|r2|r_squared|recall|sensitivity|specificity|ssim)
    (?:_(?:coef|coeff|coefficient|index|keras|m|macro|metric|micro|score|weighted|\d+))*
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Names of metrics of which more is better."""

_OPPOSITE = re.compile(r"loss|err|dist|neg|inv|minus|diff", re.IGNORECASE)

_ERROR = re.compile(r"(?:\w+_)?(?:error|loss|mae|mape|mse|msle|rmse)(?:_\d+)?", re.IGNORECASE)
"""Names of metrics of which less is better."""


def is_score(monitor: str) -> bool:
    """Whether a metric is one of which more is better, judged by its name."""
    return _SCORE.fullmatch(monitor) is not None and _OPPOSITE.search(monitor) is None


def is_error(monitor: str) -> bool:
    """Whether a metric is one of which less is better, judged by its name."""
    return _ERROR.fullmatch(monitor) is not None and "neg" not in monitor.lower()
