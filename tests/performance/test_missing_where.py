"""Of which answers the labels are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from airflow_ml_monitor.performance import evaluate_model
from airflow_ml_monitor.results import CheckResult, Severity
from tests.performance.scored import asked, made, scored, told


def said(predictions: pd.DataFrame, labels: pd.DataFrame, **kwargs: Any) -> list[CheckResult]:
    report = evaluate_model(made(predictions), told(labels), **asked(**kwargs))
    return [one for one in report.results if one.check == "missing_labels"]


def test_labels_of_high_scores_are_missing() -> None:
    predictions, labels = scored()
    high = predictions["score"] > predictions["score"].quantile(0.9)
    (found,) = said(predictions, labels[~high | (labels.index % 4 == 0)])
    parts = found.detail["by_answer"]
    assert [part["answers"] for part in parts] == [100] * 10
    assert [part["known"] for part in parts[:9]] == [100] * 9
    assert parts[9]["known"] == (high & (labels.index % 4 == 0)).sum()
    assert found.message.startswith(f"known are {parts[9]['known']} % of the labels of answers of 0.896")
    assert found.severity is Severity.INFO


def test_labels_of_a_segment_are_missing() -> None:
    predictions, labels = scored()
    (found,) = said(predictions, labels[predictions["carrier"] == "UA"], segments=["carrier"])
    assert found.detail["by_segment"] == {
        "carrier": {"UA": {"answers": 900, "known": 900}, "B6": {"answers": 100, "known": 0}}
    }


def test_nothing_is_said_where_all_or_none_are_known() -> None:
    predictions, labels = scored()
    assert said(predictions, labels) == []
    assert said(predictions, labels[:0]) == []


def test_answers_of_few_values_are_counted_by_value() -> None:
    predictions, labels = scored()
    predictions["score"] = np.where(predictions.index % 2 == 0, 0.25, 0.75)
    (found,) = said(predictions, labels[labels.index % 2 == 0])
    assert [(part["from"], part["answers"], part["known"]) for part in found.detail["by_answer"]] == [
        (0.25, 500, 500),
        (0.75, 500, 0),
    ]


def test_regression_goes_by_the_value_answered() -> None:
    predictions, labels = scored()
    predictions["prediction"] = np.arange(1000.0)
    (found,) = said(predictions, labels[500:], problem="regression")
    assert [part["known"] for part in found.detail["by_answer"]] == [0] * 5 + [100] * 5
