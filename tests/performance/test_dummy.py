"""A model beside a dummy: on the same rows, in pairs, and never taken for better than it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import BetterThanDummy, evaluate_model
from airflow_ml_monitor.results import CheckResult, Status
from tests.performance.scored import START, asked, made, scored, told


def beside(predictions: pd.DataFrame, labels: pd.DataFrame, expectation: BetterThanDummy, **kwargs: Any) -> CheckResult:
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[expectation], **kwargs))
    (found,) = [one for one in report.results if one.check == expectation.metric and one.segment is None]
    return found


def test_a_model_that_knows_something_is_better() -> None:
    found = beside(*scored(), BetterThanDummy("log_loss"))
    labels = scored()[1]["label"]
    share = DummyClassifier(strategy="prior").fit(labels.to_frame(), labels).predict_proba(labels.to_frame())
    assert found.status is Status.PASS
    assert found.limits.upper == pytest.approx(log_loss(labels, share))
    assert found.detail["dummy"] == pytest.approx(log_loss(labels, share))
    assert "better than a dummy: model less dummy is -0." in found.message


@pytest.mark.parametrize(("margin", "status"), [(0.1, Status.PASS), (0.9, Status.FAIL)])
def test_it_must_be_better_by_the_margin(margin: float, status: Status) -> None:
    assert beside(*scored(), BetterThanDummy("roc_auc", margin)).status is status


def test_the_dummy_of_a_ranking_is_one_half() -> None:
    found = beside(*scored(), BetterThanDummy("roc_auc", 0.1))
    assert (found.detail["dummy"], found.limits.lower) == (0.5, 0.6)


def test_scores_that_know_nothing_are_not_better() -> None:
    predictions, labels = scored()
    predictions["score"] = np.random.default_rng(1).random(len(predictions))
    assert beside(predictions, labels, BetterThanDummy("log_loss")).status is Status.FAIL


def test_pairs_decide_where_the_models_own_interval_holds_the_limit() -> None:
    predictions, labels = scored(skill=0.15)
    share = labels["label"].mean()
    predictions["score"] = share + 0.15 * (predictions["score"] - predictions["score"].mean())
    found = beside(predictions, labels, BetterThanDummy("brier"))
    assert found.status is Status.PASS
    unpaired = evaluate_model(made(predictions), told(labels), **asked())
    (alone,) = [one for one in unpaired.results if one.check == "brier"]
    assert alone.interval is not None
    assert alone.interval.upper > found.limits.upper


@pytest.mark.parametrize(
    ("metric", "strategy", "score"), [("mae", "median", mean_absolute_error), ("mse", "mean", mean_squared_error)]
)
def test_values_answered_are_those_of_scikit_learn(metric: str, strategy: str, score: Any) -> None:
    predictions, labels = scored()
    labels["label"] = np.random.default_rng(2).exponential(size=len(labels))
    predictions["prediction"] = labels["label"] + 0.1
    found = beside(predictions, labels, BetterThanDummy(metric), problem="regression")
    constant = DummyRegressor(strategy=strategy).fit(labels, labels["label"]).predict(labels)
    assert found.status is Status.PASS
    assert found.detail["dummy"] == pytest.approx(score(labels["label"], constant))


def test_the_dummy_has_seen_the_labels_of_the_reference() -> None:
    predictions, labels = scored()
    labels.loc[:499, "label"] = (np.arange(500) < 50).astype(int)
    windows = [(START + timedelta(hours=at), START + timedelta(hours=at + 500)) for at in (0, 500)]
    found = beside(predictions, labels, BetterThanDummy("log_loss"), reference=windows[0], window=windows[1])
    judged = labels["label"][500:]
    assert found.detail["dummy"] == pytest.approx(log_loss(judged, np.full(500, 0.1)))


@pytest.mark.parametrize(("kept", "status"), [(990, Status.PASS), (500, Status.INSUFFICIENT)])
def test_missing_labels_are_taken_at_their_worst(kept: int, status: Status) -> None:
    predictions, labels = scored()
    found = beside(predictions, labels.sample(kept, random_state=0), BetterThanDummy("brier"))
    assert found.status is status
    assert f"{1000 - kept:,} of 1,000 labels are missing" in found.message


def test_a_share_of_the_labels_may_decide() -> None:
    predictions, labels = scored()
    found = beside(predictions, labels.sample(500, random_state=0), BetterThanDummy("brier"), min_completeness=0.5)
    assert found.status is Status.PASS


@pytest.mark.parametrize("kept", [0, 29])
def test_few_labels_decide_nothing(kept: int) -> None:
    predictions, labels = scored()
    assert beside(predictions, labels[:kept], BetterThanDummy("log_loss")).status is Status.INSUFFICIENT


def test_segments_are_beside_the_same_dummy() -> None:
    predictions, labels = scored()
    report = evaluate_model(
        made(predictions), told(labels), **asked(expect=[BetterThanDummy("log_loss")], segments=["carrier"])
    )
    found = {one.segment: one.status for one in report.results if one.check == "log_loss" and one.segment}
    assert found == {"carrier=UA": Status.PASS, "carrier=B6": Status.PASS}


def test_a_metric_without_a_better_side_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has no better side"):
        beside(*scored(), BetterThanDummy("positive_share"))


def test_a_margin_below_zero_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="how much better the metric must be"):
        BetterThanDummy("log_loss", -0.1)
