"""``evaluate_model`` on predictions of which some belong together, or weigh more than others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, BetterThanDummy
from airflow_ml_monitor.results import Status
from tests.checks import check_of
from tests.performance.scored import judged, scored


def fourfold(values: Any = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return 800 predictions, of which each four say the same."""
    predictions, labels = scored(800, skill=0.7)
    repeated = np.repeat(np.arange(200), 4)
    predictions = predictions.assign(score=predictions["score"].to_numpy()[repeated])
    predictions["customer"] = repeated if values is None else values
    return predictions, labels.assign(label=labels["label"].to_numpy()[repeated])


def test_rows_of_one_customer_widen_the_interval_that_is_judged() -> None:
    predictions, labels = fourfold()
    expect = [AtLeast("accuracy", 0.75)]
    alone, together = (
        check_of(judged(predictions, labels, expect=expect, cluster=cluster), "accuracy")
        for cluster in (None, "customer")
    )
    assert alone.value == together.value
    assert alone.interval is not None
    assert together.interval is not None
    ratio = (together.interval.upper - together.interval.lower) / (alone.interval.upper - alone.interval.lower)
    assert ratio == pytest.approx(2, rel=0.1)
    assert together.detail["interval_method"] == "Wilson; stretched for 200 clusters"


def test_rows_without_a_customer_stand_alone() -> None:
    predictions, labels = fourfold(values=[None] * 800)
    alone, together = (
        check_of(judged(predictions, labels, cluster=cluster), "roc_auc") for cluster in (None, "customer")
    )
    assert together.interval == pytest.approx(alone.interval, abs=1e-6)


def test_missing_labels_at_their_extremes_count_clusters_too() -> None:
    predictions, labels = fourfold()
    found = check_of(
        judged(predictions, labels[:790], expect=[AtLeast("accuracy", 0.5)], cluster="customer"), "accuracy"
    )
    assert found.status is Status.PASS
    lower, upper = found.detail["lowest"]["interval"]
    plain = check_of(judged(predictions, labels[:790], expect=[AtLeast("accuracy", 0.5)]), "accuracy")
    assert upper - lower > 1.8 * np.subtract(*plain.detail["lowest"]["interval"][::-1])


def test_a_dummy_is_compared_by_clusters() -> None:
    predictions, labels = fourfold()
    found = check_of(judged(predictions, labels, expect=[BetterThanDummy("brier")], cluster="customer"), "brier")
    assert found.status is Status.PASS
    assert found.detail["interval_method"] == "paired t, delta method; stretched for 200 clusters"


def test_weighted_values_are_those_of_scikit_learn() -> None:
    predictions, labels = scored()
    weight = np.random.default_rng(0).random(len(predictions))
    report = judged(predictions.assign(importance=weight), labels, weight="importance")
    y, score = labels["label"], predictions["score"]
    theirs = {
        "roc_auc": metrics.roc_auc_score(y, score, sample_weight=weight),
        "average_precision": metrics.average_precision_score(y, score, sample_weight=weight),
        "log_loss": metrics.log_loss(y, score, sample_weight=weight),
        "f1": metrics.f1_score(y, score >= 0.5, sample_weight=weight),
        "mcc": metrics.matthews_corrcoef(y, score >= 0.5, sample_weight=weight),
    }
    assert {name: check_of(report, name).value for name in theirs} == pytest.approx(theirs)
    assert "effective sample size 7" in check_of(report, "roc_auc").detail["interval_method"]


def test_rows_whose_weight_cannot_be_used_are_left_out_and_counted() -> None:
    predictions, labels = scored(100)
    weight = pd.Series(np.ones(100)).where(predictions["id"] > 2, [-1.0, np.nan, np.inf] + [0.0] * 97)
    report = judged(predictions.assign(importance=weight), labels, weight="importance")
    found = check_of(report, "invalid_predictions")
    assert found.detail["reasons"] == {"importance missing, infinite or below zero": 3}
    assert check_of(report, "accuracy").n_current == 97


@pytest.mark.parametrize("cluster", [None, "id"])
def test_beside_a_dummy_rows_without_any_weight_decide_nothing(cluster: str | None) -> None:
    predictions, labels = scored(100)
    predictions["importance"] = 0.0
    report = judged(predictions, labels, weight="importance", cluster=cluster, expect=BetterThanDummy("brier"))
    assert check_of(report, "brier").status is Status.INSUFFICIENT
    assert "the weights of all rows are zero" in check_of(report, "brier").message


def test_weights_whose_sum_no_number_holds_decide_nothing() -> None:
    predictions, labels = scored(100)
    predictions = predictions.assign(prediction=predictions["score"], importance=1e308)
    expect = AtMost("median_absolute_error", 1.0)
    report = judged(predictions, labels, problem="regression", weight="importance", expect=expect)
    assert check_of(report, "median_absolute_error").status is Status.INSUFFICIENT


def test_columns_that_hold_them_are_named() -> None:
    with pytest.raises(ConfigurationError, match="weight, cluster or query is no name of a column"):
        judged(*scored(10), cluster=7)


def test_the_report_says_by_what_it_counted() -> None:
    predictions, labels = fourfold()
    config = judged(predictions, labels, cluster="customer").config
    assert (config["cluster"], config["weight"]) == ("customer", None)
