"""What is said where the code tells that it is for Keras 2, but not for which release."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasast.config import Settings
from kerasast.diagnostics import Confidence
from kerasast.engine import Analyzer

OLD = "from keras.objectives import mse\nfrom keras.optimizers import Adam\n\nAdam(lr=0.1)\n"


@pytest.mark.parametrize(
    "requirements, confidence",
    [
        (None, Confidence.MEDIUM),
        ("tensorflow==2.12\n", Confidence.HIGH),
        ("keras==2.15.0\n", Confidence.HIGH),
    ],
)
def test_an_old_import_alone_does_not_tell_the_release(
    tmp_path: Path, requirements: str | None, confidence: Confidence
) -> None:
    (tmp_path / "a.py").write_text(OLD)
    if requirements is not None:
        (tmp_path / "requirements.txt").write_text(requirements)
    settings = Settings(root=tmp_path, select=("legacy-optimizer-argument",), min_confidence=Confidence.LOW)
    result = Analyzer(settings).analyze_paths([tmp_path])
    assert [(item.rule, item.confidence) for item in result.diagnostics] == [
        ("legacy-optimizer-argument", confidence)
    ]


def test_tf_keras_is_the_last_release(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from tf_keras.optimizers import Adam\n\nAdam(lr=0.1)\n")
    result = Analyzer(Settings(root=tmp_path)).analyze_paths([tmp_path])
    assert [item.confidence for item in result.diagnostics] == [Confidence.HIGH]
