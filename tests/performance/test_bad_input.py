"""Bad input to an evaluation: what cannot be judged is told, with the reason, and never judged by a guess."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost
from airflow_ml_monitor.performance.segments import Segment
from airflow_ml_monitor.results import Status
from tests.checks import check_of
from tests.performance.scored import judged, scored


def as_text(labels: pd.Series[Any]) -> pd.Series[Any]:
    return labels.map({1: "late", 0: "on time"})


@pytest.mark.parametrize("given", [{"score": ["score"]}, {"problem": "multiclass", "scores": ["score"]}])
def test_columns_that_are_no_names_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="name of a column|which class has which column"):
        judged(*scored(10), **given)


@pytest.mark.parametrize("positive", ["Late", 1])
def test_a_positive_class_that_no_label_is_of_does_not_make_another_negative(positive: Any) -> None:
    predictions, labels = scored()
    report = judged(
        predictions,
        labels.assign(label=as_text(labels["label"])),
        positive=positive,
        expect=[AtLeast("accuracy", 0.9), AtMost("log_loss", 0.1)],
    )
    assert report.status is Status.INSUFFICIENT
    assert f"(none is {positive!r}, the positive class)" in report.summary()


def test_texts_that_answer_for_numbers_are_refused() -> None:
    predictions, labels = scored()
    predictions["said"] = predictions["id"] % 3
    labels["label"] = (labels["label"]).astype(str)
    with pytest.raises(DataError, match="'label' holds '.' and 'said' holds 0: no label can equal an answer"):
        judged(predictions, labels, problem="multiclass", prediction="said")


def test_levels_that_are_whole_numbers_are_named_so_where_some_are_missing() -> None:
    predictions, labels = scored()
    predictions["lane"] = np.where(predictions["id"] < 10, np.nan, predictions["id"] % 2)
    report = judged(predictions, labels, expect=AtLeast("accuracy", 0.5), segments=Segment("lane", levels=[0, 1]))
    assert check_of(report, "accuracy", "lane=1").status is Status.PASS


def test_numbers_too_large_to_square_are_said_to_be() -> None:
    predictions, labels = scored()
    predictions["prediction"] = np.where(predictions["id"] == 0, 1e200, 0.0)
    report = judged(predictions, labels, problem="regression", expect=[AtMost("rmse", 1.0), AtMost("mae", 1.0)])
    assert "too large" in check_of(report, "rmse").message


def test_metrics_without_an_expectation_are_no_verdict() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels)
    assert [one.check for one in report.reasons] == ["expectations"]


def test_an_undecided_report_tells_why_and_not_what_nobody_asked_for() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels[:0], expect=[AtLeast("roc_auc", 0.7)])
    assert [one.check for one in report.reasons] == ["roc_auc"]


def test_a_window_of_void_predictions_says_so() -> None:
    predictions, labels = scored()
    report = judged(predictions.assign(gone=True), labels, void="gone", expect=[AtLeast("roc_auc", 0.7)])
    assert "all 1,000 predictions are void" in report.summary()
