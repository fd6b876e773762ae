"""What charts are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix

from airflow_ml_monitor.performance import evaluate_model
from tests.performance.scored import asked, made, scored, told


def details(predictions: pd.DataFrame, labels: pd.DataFrame, **kwargs: Any) -> dict[str, Any]:
    report = evaluate_model(made(predictions), told(labels), **asked(**kwargs))
    return {one.check: one.detail for one in report.results if one.check in ("confusion_matrix", "calibration_curve")}


def test_they_are_scikit_learns() -> None:
    predictions, labels = scored()
    found = details(predictions, labels)
    table = confusion_matrix(labels["label"], predictions["score"] >= 0.5)
    assert found["confusion_matrix"] == {"classes": ["negative", "positive"], "table": table.tolist()}
    share, score = calibration_curve(labels["label"], predictions["score"], n_bins=10, strategy="quantile")
    assert found["calibration_curve"]["share_positive"] == pytest.approx(share.tolist(), abs=0.011)
    assert found["calibration_curve"]["mean_score"] == pytest.approx(score.tolist(), abs=0.005)
    assert found["calibration_curve"]["rows"] == [100] * 10


def test_only_labels_that_are_known_count() -> None:
    predictions, labels = scored()
    assert sum(map(sum, details(predictions, labels[:300])["confusion_matrix"]["table"])) == 300
    assert details(predictions, labels[:0]) == {}


def test_classes_are_named() -> None:
    predictions, labels = scored()
    labels["label"] = np.where(labels["label"] == 1, "late", "early")
    predictions["said"] = np.where(predictions["score"] > 0.5, "late", "early")
    found = details(predictions, labels, problem="multiclass", prediction="said", score=None)
    assert sorted(found["confusion_matrix"]["classes"]) == ["early", "late"]
    assert list(found) == ["confusion_matrix"]


@pytest.mark.parametrize("labels_known", [1000, 300])
def test_classes_that_are_numbers_are_named_alike_whether_labels_are_missing_or_not(labels_known: int) -> None:
    predictions, labels = scored()
    predictions["said"] = (predictions["score"] > 0.5).astype(int)
    found = details(predictions, labels[:labels_known], problem="multiclass", prediction="said", score=None)
    assert found["confusion_matrix"]["classes"] == ["0", "1"]


def test_a_regression_has_none() -> None:
    predictions, labels = scored()
    predictions["prediction"] = 0.5
    assert details(predictions, labels, problem="regression") == {}
