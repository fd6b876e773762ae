"""The values of the metrics against scikit-learn's functions, and what they say where they are not defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import estimate, find_metric, metric_names
from tests.performance.made_answers import MAKE, binary, multiclass, partly_labelled, regression

BINARY: dict[str, Callable[[Any, Any, Any], float]] = {
    "accuracy": lambda y, score, said: sk.accuracy_score(y, said),
    "average_precision": lambda y, score, said: sk.average_precision_score(y, score),
    "balanced_accuracy": lambda y, score, said: sk.balanced_accuracy_score(y, said),
    "brier": lambda y, score, said: sk.brier_score_loss(y, score),
    "ece": lambda y, score, said: (
        sum(
            abs(mean_score - share)
            for share, mean_score in zip(*calibration_curve(y, score, n_bins=10, strategy="quantile"), strict=True)
        )
        / 10
    ),
    "calibration_in_the_large": lambda y, score, said: score.mean() - y.mean(),
    "f1": lambda y, score, said: sk.f1_score(y, said),
    "ks": lambda y, score, said: ks_2samp(score[y == 1], score[y == 0]).statistic,
    "log_loss": lambda y, score, said: sk.log_loss(y, score, labels=[0, 1]),
    "mcc": lambda y, score, said: sk.matthews_corrcoef(y, said),
    "positive_share": lambda y, score, said: y.mean(),
    "precision": lambda y, score, said: sk.precision_score(y, said),
    "predicted_share": lambda y, score, said: said.mean(),
    "recall": lambda y, score, said: sk.recall_score(y, said),
    "roc_auc": lambda y, score, said: sk.roc_auc_score(y, score),
    "specificity": lambda y, score, said: sk.recall_score(y, said, pos_label=0),
}
MULTICLASS: dict[str, Callable[[Any, Any, Any], float]] = {
    "accuracy": lambda y, score, said: sk.accuracy_score(y, said),
    "balanced_accuracy": lambda y, score, said: sk.balanced_accuracy_score(y, said),
    "f1_macro": lambda y, score, said: sk.f1_score(y, said, average="macro"),
    "f1_weighted": lambda y, score, said: sk.f1_score(y, said, average="weighted"),
    "precision_weighted": lambda y, score, said: sk.precision_score(y, said, average="weighted", zero_division=0),
    "recall_weighted": lambda y, score, said: sk.recall_score(y, said, average="weighted", zero_division=0),
    "log_loss": lambda y, score, said: sk.log_loss(y, score, labels=[0, 1, 2]),
    "mcc": lambda y, score, said: sk.matthews_corrcoef(y, said),
    "precision_macro": lambda y, score, said: sk.precision_score(y, said, average="macro", zero_division=0),
    "recall_macro": lambda y, score, said: sk.recall_score(y, said, average="macro", zero_division=0),
    "roc_auc_ovr": lambda y, score, said: sk.roc_auc_score(y, score, multi_class="ovr"),
}
REGRESSION: dict[str, Callable[[Any, Any], float]] = {
    "bias": lambda y, said: (said - y).mean(),
    "mae": sk.mean_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "median_absolute_error": sk.median_absolute_error,
    "mse": sk.mean_squared_error,
    "r2": sk.r2_score,
    "rmse": sk.root_mean_squared_error,
    "smape": lambda y, said: (2 * abs(said - y) / (abs(said) + abs(y))).mean(),
}
RANKING = ("map", "mrr", "ndcg")  # compared in test_queries
_QUERIES = 87  # of a hundred those with a relevant row


def test_every_metric_is_compared() -> None:
    compared = [sorted(BINARY), sorted(MULTICLASS), sorted(REGRESSION), sorted(RANKING)]
    assert [metric_names(problem) for problem in Problem] == compared


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted({*BINARY} - {"ece"}))  # its curve does not say how many rows a bin has
@settings(max_examples=60)
@given(data=st.data())
def test_binary_values_are_scikit_learns(name: str, data: st.DataObject) -> None:
    answers = data.draw(partly_labelled(most_missing=2))
    found, known = estimate(find_metric(name, Problem.BINARY), answers).value, answers.known
    if found is not None:
        assert found == pytest.approx(BINARY[name](known.y, known.score, known.predicted), abs=1e-12)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted({*MULTICLASS} - {"roc_auc_ovr"}))
@settings(max_examples=60)
@given(data=st.data())
def test_multiclass_values_are_scikit_learns(name: str, data: st.DataObject) -> None:
    answers = data.draw(partly_labelled(Problem.MULTICLASS, most_missing=2))
    found, known = estimate(find_metric(name, Problem.MULTICLASS), answers).value, answers.known
    if found is not None:
        assert found == pytest.approx(MULTICLASS[name](known.y, known.score, known.predicted), abs=1e-12)


@pytest.mark.parametrize("name", sorted(BINARY))
def test_binary_values_of_many_rows(name: str) -> None:
    made = binary(3_000, seed=4)
    found = estimate(find_metric(name, Problem.BINARY), made).value
    assert found == pytest.approx(BINARY[name](made.y, made.score, made.predicted), abs=1e-12)


@pytest.mark.parametrize("name", sorted(MULTICLASS))
def test_multiclass_values_of_many_rows(name: str) -> None:
    made = multiclass(3_000, seed=4)
    found = estimate(find_metric(name, Problem.MULTICLASS), made).value
    assert found == pytest.approx(MULTICLASS[name](made.y, made.score, made.predicted), abs=1e-12)


@pytest.mark.parametrize("name", sorted(REGRESSION))
def test_regression_values(name: str) -> None:
    made = regression(3_001, seed=4)
    found = estimate(find_metric(name, Problem.REGRESSION), made).value
    assert found == pytest.approx(REGRESSION[name](made.y, made.predicted), rel=1e-12)


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem in Problem for name in metric_names(problem)]
)
def test_an_interval_holds_the_value_and_names_its_method(problem: Problem, name: str) -> None:
    found = estimate(find_metric(name, problem), MAKE[problem](500, seed=2))
    assert found.interval is not None
    assert found.value is not None
    assert found.interval.lower < found.value < found.interval.upper
    assert found.method
    assert found.n == (_QUERIES if problem is Problem.RANKING else 500)


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem in Problem for name in metric_names(problem)]
)
def test_more_confidence_makes_a_wider_interval(problem: Problem, name: str) -> None:
    metric, made = find_metric(name, problem), MAKE[problem](500, seed=2)
    usual, sure = (estimate(metric, made, confidence=confidence).interval for confidence in (0.9, 0.99))
    assert usual is not None
    assert sure is not None
    assert sure.lower < usual.lower < usual.upper < sure.upper


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem in Problem for name in metric_names(problem)]
)
def test_order_of_rows_does_not_matter_to_value_or_interval(problem: Problem, name: str) -> None:
    metric, made = find_metric(name, problem), MAKE[problem](500, seed=2)
    one, other = estimate(metric, made), estimate(metric, made.take(np.random.default_rng(1).permutation(500)))
    assert one.interval is not None
    assert other.interval is not None
    assert [other.value, *other.interval] == pytest.approx([one.value, *one.interval], abs=1e-9)


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem in Problem for name in metric_names(problem)]
)
def test_rows_without_a_label_do_not_count(problem: Problem, name: str) -> None:
    metric, made = find_metric(name, problem), MAKE[problem](500, seed=2)
    y = made.y.copy()
    y[300:] = np.nan
    assert estimate(metric, made.with_labels(y)) == estimate(metric, made.take(np.arange(300)))


@pytest.mark.parametrize(
    ("problem", "name"), [(problem, name) for problem in Problem for name in metric_names(problem)]
)
def test_no_label_at_all_is_a_reason(problem: Problem, name: str) -> None:
    made = MAKE[problem](50)
    found = estimate(find_metric(name, problem), made.with_labels(np.full(50, np.nan)))
    said = "of no query are all labels known" if problem is Problem.RANKING else "no label is known"
    assert (found.value, found.n, found.reason) == (None, 0, said)


@pytest.mark.parametrize("truth", [0.0, 1.0])
@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy", "mcc"])
def test_one_class_only_is_a_reason(name: str, truth: float) -> None:
    found = estimate(find_metric(name, Problem.BINARY), binary(50, y=np.full(50, truth)))
    assert found.value is None
    assert "all" in found.reason


@pytest.mark.parametrize(
    ("name", "truth", "said"),
    [("precision", 1.0, 0.0), ("recall", 0.0, 1.0), ("specificity", 1.0, 1.0), ("f1", 0.0, 0.0), ("mcc", 1.0, 0.0)],
)
def test_nothing_divided_by_nothing_is_no_value(name: str, truth: float, said: float) -> None:
    answers = Answers(problem=Problem.BINARY, y=np.full(40, truth), predicted=np.full(40, said))
    found = estimate(find_metric(name, Problem.BINARY), answers)
    assert found.value is None
    assert found.reason


def test_an_area_over_classes_needs_a_label_of_each() -> None:
    made = multiclass(60)
    found = estimate(find_metric("roc_auc_ovr", Problem.MULTICLASS), made.take(made.y != 2))
    assert (found.value, found.reason) == (None, "no label is of class c")


def test_an_error_is_no_share_of_a_target_of_zero() -> None:
    made = regression(60)
    y = made.y.copy()
    y[:2] = 0
    found = estimate(find_metric("mape", Problem.REGRESSION), made.with_labels(y))
    assert found.value is None
    assert found.reason.startswith("2 targets are zero")


def test_r2_needs_targets_that_differ() -> None:
    found = estimate(find_metric("r2", Problem.REGRESSION), regression(60).with_labels(np.full(60, 7.0)))
    assert (found.value, found.reason) == (None, "all targets are equal")


def test_a_sure_and_wrong_score_costs_as_much_as_scikit_learn_says() -> None:
    answers = Answers(problem=Problem.BINARY, y=np.array([1.0, 0.0]), score=np.array([0.0, 1.0]))
    found = estimate(find_metric("log_loss", Problem.BINARY), answers)
    assert found.value == pytest.approx(-np.log(np.finfo(float).eps))


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_a_loss_on_labels_of_one_class_has_no_interval(name: str) -> None:
    """Thirty negatives and a score of 0.02 lose 0.02 each; the positives that are to come lose 4."""
    answers = Answers(problem=Problem.BINARY, y=np.zeros(30), score=np.random.default_rng(0).uniform(0.01, 0.03, 30))
    found = estimate(find_metric(name, Problem.BINARY), answers)
    assert found.value is not None
    assert (found.interval, found.reason) == (None, "all 30 labels are negative")


def test_a_loss_on_labels_of_one_of_many_classes_has_no_interval() -> None:
    found = estimate(find_metric("log_loss", Problem.MULTICLASS), multiclass(30, y=np.full(30, 1.0)))
    assert (found.interval, found.reason) == (None, "all 30 labels are of class b")


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "mape"])
def test_targets_that_are_all_met_do_not_say_how_far_the_next_may_be_missed(name: str) -> None:
    made = regression(60)
    answers = Answers(problem=Problem.REGRESSION, y=made.y, predicted=made.y)
    found = estimate(find_metric(name, Problem.REGRESSION), answers)
    assert (found.value, found.interval) == (0.0, None)
    assert found.reason


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_scores_that_are_all_right_leave_room_for_error(name: str) -> None:
    y = np.repeat([0.0, 1.0], 30)
    found = estimate(find_metric(name, Problem.BINARY), Answers(problem=Problem.BINARY, y=y, score=y))
    assert found.interval is not None
    assert found.interval.upper > 0.01


def test_without_a_positive_the_calibration_is_as_unsure_as_their_share() -> None:
    answers = Answers(problem=Problem.BINARY, y=np.zeros(100), score=np.full(100, 0.02))
    found = estimate(find_metric("calibration_in_the_large", Problem.BINARY), answers)
    assert found.value == pytest.approx(0.02)
    assert found.interval == pytest.approx((0.02 - 0.0370, 0.02), abs=1e-4)
