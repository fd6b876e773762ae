"""The reference's own performance: what it lacks is said, and never taken for certain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import compare_models, evaluate_model
from airflow_ml_monitor.performance.expectations import NoWorseThanReference
from airflow_ml_monitor.results import CheckResult, Report, Status
from tests.performance.scored import START, asked, made, scored, told

FIRST, SECOND = ((START + timedelta(hours=at), START + timedelta(hours=at + 500)) for at in (0, 500))
EXPECT = [NoWorseThanReference("log_loss", 0.05)]


def judged(predictions: Any, labels: Any, **kwargs: Any) -> Report:
    return evaluate_model(made(predictions), told(labels), **asked(**kwargs))


def relative(predictions: pd.DataFrame, labels: pd.DataFrame, **kwargs: Any) -> CheckResult:
    report = judged(predictions, labels, **({"window": SECOND, "expect": EXPECT, "reference": FIRST} | kwargs))
    (found,) = [one for one in report.results if one.check == "log_loss"]
    return found


@pytest.mark.parametrize(("rows", "reason"), [(0, "has no log_loss: no label is known"), (29, "has 29 labels")])
def test_a_reference_of_too_few_labels_decides_nothing(rows: int, reason: str) -> None:
    predictions, labels = scored()
    found = relative(predictions, labels[(labels.index < rows) | (labels.index >= 500)])
    assert (found.status, reason in found.message) == (Status.INSUFFICIENT, True)


def test_a_reference_of_one_class_is_not_taken_for_exact() -> None:
    predictions, labels = scored()
    labels.loc[:499, "label"] = 0
    found = relative(predictions, labels)
    assert found.status is Status.INSUFFICIENT
    assert "has no interval to compare with: all 500 labels are negative" in found.message


def half_labelled() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a model whose window is a little worse than the labelled half of its reference."""
    predictions, labels = scored(skill=1.0)
    return predictions, labels[(labels.index % 2 == 0) | (labels.index >= 500)]


def test_labels_that_the_reference_lacks_leave_it_open() -> None:
    predictions, labels = half_labelled()
    right = predictions["score"].round().astype(int)
    labels = labels.assign(label=np.where(labels.index < 500, right[labels.index], labels["label"]))
    found = relative(predictions, labels)
    assert found.status is Status.INSUFFICIENT
    assert "250 of 500 labels of the reference are missing" in found.message


@pytest.mark.parametrize(("least", "status"), [(0.4, Status.PASS), (0.6, Status.INSUFFICIENT)])
def test_a_share_of_labels_is_asked_of_the_reference_too(least: float, status: Status) -> None:
    predictions, labels = half_labelled()
    expect = [NoWorseThanReference("log_loss", 0.3)]
    assert relative(predictions, labels, expect=expect, min_completeness=least).status is status


def test_a_report_that_lacked_labels_is_a_reference_only_where_their_share_is_enough() -> None:
    predictions, labels = half_labelled()
    reference = judged(predictions, labels, window=FIRST)
    expect = [NoWorseThanReference("log_loss", 0.3)]
    by_extremes, by_share = (
        relative(predictions, labels, expect=expect, reference=reference, min_completeness=least).status
        for least in (None, 0.4)
    )
    assert (by_extremes, by_share) == (Status.INSUFFICIENT, Status.PASS)


def test_a_report_of_something_else_is_no_reference() -> None:
    predictions, labels = scored()
    other = compare_models(made(predictions), made(predictions), told(labels), **asked(metric="log_loss", window=FIRST))
    with pytest.raises(ConfigurationError, match="reference= is a model_comparison report"):
        relative(predictions, labels, reference=other)


def test_a_report_with_other_intervals_is_no_reference() -> None:
    predictions, labels = scored()
    with pytest.raises(ConfigurationError, match=r"confidence 0\.8, not 0\.95"):
        relative(predictions, labels, reference=judged(predictions, labels, window=FIRST, confidence=0.8))


def test_predictions_without_a_time_are_not_compared_with_themselves() -> None:
    predictions, labels = scored()
    untimed = Frame(InMemory(predictions))
    with pytest.raises(ConfigurationError, match="needs time_column= on the predictions"):
        evaluate_model(untimed, told(labels), **asked(expect=EXPECT, reference=FIRST))
